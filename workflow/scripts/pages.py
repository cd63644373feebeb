"""Parts of the report's pages as HTML: tables, formulas, figures with words in their place."""

import base64
import html
import re
from importlib.resources import files
from pathlib import Path
from string import Template

import pandas as pd
from docutils.utils.math.latex2mathml import tex2mathml

from claims import number, span, verdicts_of
from quadlaw.ledger.claims import FAILED, OPEN, REPRODUCED
from quadlaw.ledger.statements import CAVEAT, HELD, NOT_HELD, PART, UNDECIDED

INTERVAL = "interval or range"
CLASSES = {
    REPRODUCED: "reproduced", HELD: "reproduced", CAVEAT: "reproduced", OPEN: "inconclusive",
    PART: "inconclusive", UNDECIDED: "inconclusive", FAILED: "not-reproduced",
    NOT_HELD: "not-reproduced",
}  # fmt: skip
PROBLEM = "(alpha, beta)"
# Wide columns, and those for which a narrow screen has no room.
WORDS = ["statement", "claim"]
REST = ["no.", "model", "problem", "settings reproduced", "setting", "prediction", INTERVAL]


def page(template, title, *parts, script="", style=""):
    """A page that needs nothing else."""
    text = Template(Path(template).read_text()).substitute(
        title=html.escape(title), body="\n".join(parts), script=script, library_style=style
    )
    return text.encode()


def data_uri(content, kind):
    """Bytes as an address."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def with_library(script):
    """A script and a style of tables that can be searched: DataTables, as itables bundles it."""
    bundle = files("itables") / "html"
    library = data_uri((bundle / "dt_bundle.js").read_bytes(), "text/javascript")
    script = (
        f'<script>const library = "{library}";</script>\n<script type="module">{script}</script>'
    )
    return {"script": script, "style": (bundle / "dt_bundle.css").read_text()}


def typeset(text):
    """HTML of a text with formulas between dollar signs, as MathML, and code between backticks."""
    parts = re.split(r"\$(.+?)\$", str(text))
    parts[::2] = [re.sub(r"`(.+?)`", r"<code>\1</code>", html.escape(one)) for one in parts[::2]]
    parts[1::2] = [re.sub(r"\n *", "", tex2mathml(one)) for one in parts[1::2]]
    return "".join(parts)


def as_html(table, caption, rows=0):
    """A table of HTML cells; its verdicts are marked by a class. ``rows`` at a time, or all."""
    narrow = dict.fromkeys(REST, ' class="rest"') | dict.fromkeys(WORDS, ' class="words"')
    heads = "".join(f'<th scope="col"{narrow.get(name, "")}>{name}</th>' for name in table)
    lines = [
        "".join(
            f'<td class="{CLASSES[cell]}">{cell}</td>'
            if cell in CLASSES
            else f"<td{narrow.get(name, '')}>{cell}</td>"
            for name, cell in row.items()
        )
        for row in table.astype(str).to_dict("records")
    ]
    body = "".join(f"<tr>{line}</tr>\n" for line in lines)
    return (
        f'<div class="scroll"><table data-rows="{rows}"><caption>{caption}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>\n{body}</tbody></table></div>"
    )


def settings(rows):
    """Rows of the ledger as they are read: one a setting at which a claim was tested."""
    numbers = rows[["alpha", "beta", "predicted", "estimate"]].map(number)
    interval = [span(*ends) for ends in zip(rows["ci_low"], rows["ci_high"], strict=True)]
    return pd.DataFrame(
        {
            "model": rows["model"].fillna("-"),
            PROBLEM: numbers["alpha"] + ", " + numbers["beta"],
            "setting": rows["setting"].replace("", "-").map(html.escape),
            "predicted": numbers["predicted"],
            "estimate": numbers["estimate"],
            INTERVAL: interval,
            "verdict": rows["verdict"],
        }
    ).replace("-, -", "-")


def between(values):
    """The numbers of several settings: the only one, or the least and the largest."""
    return " to ".join(dict.fromkeys([number(values.min()), number(values.max())]))


def spoken(question, rows):
    """What stands in place of a figure: its question, and the numbers of each claim."""
    claims = [
        f"{claim}: predicted {between(some['predicted'])}, measured {between(some['estimate'])}; "
        f"settings: {verdicts_of(some)}."
        for claim, some in rows.groupby("claim", sort=False)
    ]
    return " ".join([question, *claims])


def image(path, words):
    """A picture, embedded, with the words that stand in for it."""
    return (
        f'<img src="{data_uri(Path(path).read_bytes(), "image/png")}" alt="{html.escape(words)}">'
    )


def drawing(path, words):
    """A drawing within the page, which keeps sharp however large, and the words that stand in."""
    said = f'<svg role="img" aria-label="{html.escape(words)}" '
    return said + Path(path).read_text().split("<svg ", 1)[1]
