"""How Sphinx builds the documentation: `make docs`."""

import json

from docutils.nodes import SkipNode, term
from docutils.utils.math.latex2mathml import tex2mathml

from quadlaw.ledger.config import Configuration
from quadlaw.ledger.entries import Claim, Statement
from quadlaw.studies import names, study

project = "quadlaw"
author = "the authors of quadlaw"
html_title = "quadlaw"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_show_copyright = False
html_static_path = ["_static"]
html_css_files = ["tables.css"]

# Headings can be linked to; links to files of the project become copies that can be opened.
myst_heading_anchors = 3
myst_enable_extensions = ["dollarmath", "colon_fence"]
html_math_renderer = "mathml"
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say them in words
napoleon_numpy_docstring = True
napoleon_google_docstring = False
# Every reference of a docstring to a module or a function must lead somewhere; types are words
# and other packages are elsewhere.
nitpicky = True
nitpick_ignore_regex = [("py:class", ".*"), ("py:.*", r"pydantic\..*")]


# --- the page of the configuration ----------------------------------------------------------------

TYPES = {
    "integer": "whole number", "number": "number", "string": "text", "object": "mapping",
    "boolean": "true or false",
}  # fmt: skip
ENDS = {
    "exclusiveMinimum": "above", "minimum": "at least",
    "exclusiveMaximum": "below", "maximum": "at most",
}  # fmt: skip
ROUND = {10**power: f"10^{power}" for power in range(5, 16)} | {2**63: "2^63"}


def settings_page():
    """Tables of all keys: those that studies share, those of each study, those of a claim and of a
    statement.
    """
    parts = ["## For all studies", table(Configuration, without=("studies",))]
    parts += ["## Studies", "Under `studies:`, by name."]
    for name in names():
        module = f"[{name}.py](../workflow/quadlaw/studies/{name}.py)"
        parts += [f"### {name}", f"{study(name).report[1]} {module}", table(kind_of(name))]
    parts += ["## Claims", "An entry of `config/claims.yaml`.", table(Claim)]
    parts += ["## Statements", "An entry of `config/statements.yaml`.", table(Statement)]
    return "\n\n".join(parts) + "\n"


def kind_of(name):
    """The class of a study's settings."""
    return study(name).module.Settings


def table(kind, without=()):
    """The keys of a class of settings, one row each."""
    schema = kind.model_json_schema()
    head = ["| key | what it is | default | bounds |", "|---|---|---|---|"]
    return "\n".join([*head, *rows(schema, schema.get("$defs", {}), "", without)])


def rows(node, known, prefix, without=()):
    """Rows of a mapping and of what lies in it."""
    for key, value in node["properties"].items():
        if key in without:
            continue
        found, optional = resolved(value, known)
        place = f"{prefix}{key}"
        required = key in node.get("required", ())
        default = f"`{json.dumps(value.get('default'))}`" if not required else "required"
        if "properties" in found and default.startswith("`{"):
            default = "as below"  # of its keys
        optional |= not required and value.get("default") is None
        bounds = plain("null, or " * optional + limits(found, known))
        words = plain(value.get("description", described(found)))
        yield f"| `{place}` | {words} | {default} | {bounds} |"
        item, _ = resolved(found.get("items", {}), known)
        if "properties" in found:
            yield from rows(found, known, f"{place}.")
        elif "properties" in item:
            yield from rows(item, known, f"{place}[].")


def resolved(node, known):
    """What a value is if it is not null, and whether it may be that."""
    kinds = node.get("anyOf", [node])
    optional = {"type": "null"} in kinds
    kinds = [one for one in kinds if one != {"type": "null"}]
    found = kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    if "$ref" in found:
        found = known[found["$ref"].rsplit("/", 1)[1]]
    return found, optional


def described(node):
    """A value's description; of several kinds, that of the first."""
    return node.get("description", "") if "anyOf" not in node else described(node["anyOf"][0])


def limits(node, known):
    """Type and bounds of a value, in words."""
    if "anyOf" in node:
        return " or ".join(dict.fromkeys(limits(one, known) for one in node["anyOf"]))
    if "enum" in node:
        return "one of " + ", ".join(json.dumps(value) for value in node["enum"])
    if node.get("type") == "array":
        least, most = node.get("minItems", 0), node.get("maxItems")
        number = f" {least}" if least == most else f" {least} or more" if least else ""
        item, _ = resolved(node["items"], known)
        return f"list of{number}: {limits(item, known)}"
    ends = [
        f"{word} {ROUND.get(node[end], node[end])}" for end, word in ENDS.items() if end in node
    ]
    return ", ".join([TYPES.get(node.get("type"), "value"), *ends])


def plain(text):
    """Text that Markdown leaves as it is, in a cell of a table."""
    text = " ".join(text.split())
    return "".join(f"\\{letter}" if letter in "\\*_|<>[]`" else letter for letter in text)


# --- what is changed in sources -------------------------------------------------------------------


def on_reading(_, name, source):
    """Links and tables that stand for something else in the sources.

    The ledger's page holds figures/claims.md, so that links to a claim lead there. The
    configuration's page gets its tables.
    """
    page = "" if name == "ledger" else "ledger.md"
    source[0] = source[0].replace("(../figures/claims.md#", f"({page}#")
    if name == "configuration":
        source[0] = source[0].replace("<!-- settings -->\n", settings_page())


def on_read(app, page):
    """A term of the glossary can be linked to as a heading: `glossary.md#term-claim`."""
    ids = {key: (0, key, one.astext()) for one in page.findall(term) for key in one["ids"]}
    app.env.metadata[app.env.docname].setdefault("myst_slugs", {}).update(ids)


def formula(writer, node):
    """A formula as MathML, which browsers typeset without a script and without a network."""
    block = node.tagname == "math_block"
    text = tex2mathml(node.astext(), as_block=block)
    writer.body.append(f'<div class="math">{text}</div>' if block else text)
    raise SkipNode


def setup(app):
    """Formulas as MathML; sources that change when they are read, the configuration's always."""
    app.add_html_math_renderer("mathml", (formula, None), (formula, None))
    app.connect("source-read", on_reading)
    app.connect("doctree-read", on_read)
    app.connect("env-get-outdated", lambda *_: ["configuration"])
