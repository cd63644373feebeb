"""What stands in two places must agree."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest
import yaml
from docutils.nodes import make_id

from gallery import gallery
from pages import typeset
from quadlaw.base.documents import from_yaml
from quadlaw.ledger.claims import OPEN, is_own, why_undecidable
from readme_table import first_page, relinked

ROOT = Path(__file__).parents[1]


def rows_of(table):
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


CONFIG = from_yaml((ROOT / "config/config.yaml").read_text())
FIGURES = list(CONFIG["studies"])


def shown(document, name):
    """The table that stands between the markers of a document."""
    text = (ROOT / document).read_text()
    return rows_of(text.split(f"<!-- {name}: begin -->\n")[1].split(f"<!-- {name}: end -->")[0])


def test_documents_show_the_statements_of_the_last_full_run():
    """The first page those of the paper alone, without links."""
    table = (ROOT / "figures" / "statements.md").read_text()
    last, first = relinked(table, "docs/ledger.md"), first_page(table)
    assert shown("docs/ledger.md", "statements") == rows_of(last)
    assert shown("README.md", "statements") == rows_of(first)
    for one in from_yaml((ROOT / "config/statements.yaml").read_text()):
        assert f"[{one['statement']}](" in last, one["id"]
        own = one["paper"].startswith("own")
        assert (f"| {one['statement']} " in first) != own, one["id"]


def test_docs_show_the_ledger_of_the_last_full_run():
    table = (ROOT / "figures" / "claims_summary.md").read_text()
    last = rows_of(relinked(table, "docs/ledger.md"))
    assert shown("docs/ledger.md", "claims_summary") == last
    claims = from_yaml((ROOT / "config/claims.yaml").read_text())
    text = (ROOT / "figures" / "claims.md").read_text()
    for claim in claims:
        assert any(f"[{claim['id']}]" in "|".join(row) for row in last), claim["id"]
        assert f"\n## {claim['id']}\n" in text


def test_the_known_verdicts_are_those_of_the_ledger_shown():
    known = pd.read_csv(ROOT / "config/verdicts.csv")
    text = (ROOT / "figures" / "claims.md").read_text()
    for verdict, count in known["verdict"].value_counts().items():
        assert len(re.findall(rf"\| {verdict} +\|\n", text)) == count


def test_the_docs_say_how_many_claims_knew_numbers():
    claims = from_yaml((ROOT / "config/claims.yaml").read_text())
    marked = [one["id"] for one in claims if one.get("known")]
    rows = pd.read_csv(ROOT / "config/verdicts.csv")["claim"]
    said = f"{len(marked)} of {len(claims)}, with {rows.isin(marked).sum()} of {len(rows)} settings"
    assert said in (ROOT / "docs/results.md").read_text()


def test_every_open_row_of_the_paper_says_why_no_size_could_decide_it():
    claims = {one["id"]: one for one in from_yaml((ROOT / "config/claims.yaml").read_text())}
    known = pd.read_csv(ROOT / "config/verdicts.csv")
    for row in known[known["verdict"] == OPEN].to_dict("records"):
        claim = claims[row["claim"]]
        assert is_own(claim) or why_undecidable(claim, row), row


def test_the_gallery_shows_every_figure_with_its_question_claims_and_notebook():
    """Made of studies, claims and known verdicts; renewed by `make readme`."""
    assert shown("docs/figures.md", "gallery") == rows_of(gallery())
    text = gallery()
    for name in FIGURES:
        assert f"](../figures/{name}.png)" in text
        assert (ROOT / "figures" / f"{name}.png").stat().st_size > 20_000
        assert (ROOT / "notebooks" / f"{name}.ipynb").exists()
        assert f"](../notebooks/{name}.ipynb)" in text
    known = pd.read_csv(ROOT / "config/verdicts.csv").groupby("claim")["verdict"]
    for claim, verdicts in known:
        (line,) = re.findall(rf"claims\.md#{claim}\) (.*)\.\n", text)
        assert sum(map(int, re.findall(r"\d+", line))) == len(verdicts), claim
    every = from_yaml((ROOT / "config/claims.yaml").read_text())
    assert text.count("Not judged yet.") == len(every) - len(known)


def entries():
    """The glossary: the names of each entry, and its text."""
    text = (ROOT / "docs/glossary.md").read_text()
    for part in re.findall(r"^:::\{glossary\}\n(.*?)^:::$", text, re.M | re.S):
        for entry in part.strip("\n").split("\n\n"):
            lines = entry.splitlines()
            yield [line for line in lines if line[0] != " "], entry


def test_every_word_of_the_glossary_is_used_and_defined_in_the_code():
    pages = [path for path in (ROOT / "docs").glob("*.md") if path.stem != "glossary"]
    text = "".join(path.read_text() for path in [ROOT / "README.md", *pages])
    assert len(list(entries())) > 40
    for terms, entry in entries():
        assert terms[0] in text or f"glossary.md#{make_id(f'term-{terms[0]}')})" in text, terms
        places = re.findall(r"Code: `(\w+)` in \[[^]]*\]\(([^)]*)\)", entry)
        assert len(places) == 1, terms
        for name, path in places:
            assert re.search(rf"\b{name}\b", (ROOT / "docs" / path).read_text()), (terms, name)


def test_links_to_the_glossary_lead_to_a_word():
    ids = {make_id(f"term-{term}") for terms, _ in entries() for term in terms}
    text = "".join(path.read_text() for path in (ROOT / "docs").glob("*.md"))
    linked = set(re.findall(r"\(glossary\.md#([^)]*)\)", text))
    assert linked <= ids and len(linked) > len(list(entries())) / 2
    assert make_id("term-no such word") not in ids  # the control


def test_a_tag_publishes_pages_and_package_once_they_are_built():
    """With the rights that each job needs, and no others."""
    path = ROOT / ".github/workflows/publish.yml"
    workflow = yaml.load(path.read_text(), Loader=yaml.BaseLoader)
    assert workflow["on"] == {"push": {"tags": ["v*"]}}
    build, *others = workflow["jobs"].values()
    assert all(job["needs"] == "build" for job in others)
    (made,) = (step["run"] for step in build["steps"] if step.get("run", "").startswith("make"))
    assert {"docs", "dist", "test-package"} <= set(made.split())
    rights = {name: job.get("permissions") for name, job in workflow["jobs"].items()}
    assert rights == {
        "build": None,
        "pages": {"pages": "write", "id-token": "write"},
        "pypi": {"id-token": "write"},
        "release": {"contents": "write"},
    }


def test_the_first_page_is_short_and_shows_a_figure():
    text = (ROOT / "README.md").read_bytes()
    assert len(text) <= 8192
    assert b"](figures/" in text


def test_every_page_is_in_the_table_of_contents():
    contents = (ROOT / "docs/index.md").read_text().split()
    for page in (ROOT / "docs").glob("*.md"):
        assert page.stem in {*contents, "index"}


def test_docs_show_the_mean_field_of_the_last_full_run():
    last = rows_of((ROOT / "figures" / "mean_field.md").read_text())
    assert len(last) == 2 + len(CONFIG["studies"]["theory_vs_sgd"]["settings"])
    assert [row[:2] for row in shown("docs/theory.md", "mean_field")] == [row[:2] for row in last]


@pytest.mark.parametrize(
    "document",
    ["README.md", "CONTRIBUTING.md", *sorted(p.name for p in (ROOT / "docs").glob("*.md"))],
)
def test_links_within_the_project_lead_somewhere(document):
    path = next(p for p in (ROOT / document, ROOT / "docs" / document) if p.exists())
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
        assert target.startswith("https://") or (path.parent / target).exists(), target


def test_conda_environment_has_the_versions_of_the_lock():
    lock = (ROOT / "envs/requirements.txt").read_text()
    entries = from_yaml((ROOT / "envs/environment.yaml").read_text())["dependencies"]
    (pip,) = (entry["pip"] for entry in entries if isinstance(entry, dict))
    named = [entry for entry in entries if "=" in entry and not entry.startswith("python=")]
    pins = dict(re.split("=+", entry) for entry in [*named, *pip])
    assert len(pins) > 10
    for name, version in pins.items():
        assert f"{name}=={version}" in lock, name


def test_notebooks_name_their_kernel_and_hold_no_outputs():
    notebooks = list((ROOT / "notebooks").glob("*.ipynb"))
    assert len(notebooks) >= 4
    for path in notebooks:
        notebook = json.loads(path.read_text())
        assert notebook["metadata"]["kernelspec"]["name"] == "python3"
        for cell in notebook["cells"]:
            assert not cell.get("outputs") and not cell.get("execution_count")


def test_formulas_of_claims_and_statements_can_be_typeset_everywhere():
    """Between dollar signs, without what Markdown on the forge would take for its own."""
    for name in ("claims", "statements"):
        for one in from_yaml((ROOT / f"config/{name}.yaml").read_text()):
            text = f"{one['statement']} {one.get('caveat', '')}"
            assert text.count("$") % 2 == 0, one["id"]
            assert not re.search(r"\w\^|\b(alpha|beta|sigma)\b", re.sub(r"\$.*?\$", "", text)), text
            for formula in re.findall(r"\$(.*?)\$", text):
                assert formula == formula.strip() and not re.search(r"\\[^a-z]|[|*]", formula)
            assert "<math" in typeset(text) or "$" not in text
    with pytest.raises(ValueError):  # the control
        typeset(r"$\nosuch$")


PROSE = ["README.md", "CONTRIBUTING.md", *sorted(f"docs/{p.name}" for p in ROOT.glob("docs/*.md"))]


def prose(text):
    """Text without code, formulas, pictures and what a program writes between markers."""
    for kind in (
        r"<!-- (\w+): begin -->.*?<!-- \1: end -->",
        r"^```.*?^```$",
        r"^    .*?$",
        r"!\[.*?\]|\]\([^)]*\)",
        r"`[^`\n]+`",
        r"\$\$.*?\$\$",
        r"\$[^$]*\$",
    ):
        text = re.sub(kind, "", text, flags=re.S | re.M)
    return text


@pytest.mark.parametrize("document", PROSE)
def test_formulas_in_prose_are_typeset(document):
    plain = r"\w\^|\b(alpha|sigma)\b"
    text = (ROOT / document).read_text()
    glossary = document == "docs/glossary.md"  # whose words are these
    assert glossary or not re.search(plain, prose(text)), re.search(plain, prose(text))
    assert re.search(plain, prose(text + "\n\nT^-p\n"))  # the control
