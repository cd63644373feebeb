"""What stands in two places must agree."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

from readme_table import first_page, relinked

ROOT = Path(__file__).parents[1]


def rows_of(table):
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


CONFIG = yaml.safe_load((ROOT / "config/config.yaml").read_text())
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
    for one in yaml.safe_load((ROOT / "config/statements.yaml").read_text()):
        assert f"[{one['statement']}](" in last, one["id"]
        own = one["paper"].startswith("own")
        assert (f"| {one['statement']} " in first) != own, one["id"]


def test_docs_show_the_ledger_of_the_last_full_run():
    table = (ROOT / "figures" / "claims_summary.md").read_text()
    last = rows_of(relinked(table, "docs/ledger.md"))
    assert shown("docs/ledger.md", "claims_summary") == last
    claims = yaml.safe_load((ROOT / "config/claims.yaml").read_text())
    text = (ROOT / "figures" / "claims.md").read_text()
    for claim in claims:
        assert any(f"[{claim['id']}]" in "|".join(row) for row in last), claim["id"]
        assert f"\n## {claim['id']}\n" in text


def test_the_known_verdicts_are_those_of_the_ledger_shown():
    known = pd.read_csv(ROOT / "config/verdicts.csv")
    text = (ROOT / "figures" / "claims.md").read_text()
    for verdict, count in known["verdict"].value_counts().items():
        assert len(re.findall(rf"\| {verdict} +\|\n", text)) == count


def test_every_figure_is_shown_and_has_its_notebook():
    text = (ROOT / "docs/figures.md").read_text()
    for name in FIGURES:
        assert f"](../figures/{name}.png)" in text
        assert (ROOT / "figures" / f"{name}.png").stat().st_size > 20_000
        assert (ROOT / "notebooks" / f"{name}.ipynb").exists()


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
    entries = yaml.safe_load((ROOT / "envs/environment.yaml").read_text())["dependencies"]
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
