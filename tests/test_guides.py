"""The pages for those who check, extend and use: what they tell to run, run as it stands."""

import os
import re

import pandas as pd
import pytest

from project import ROOT
from quadlaw.base.documents import from_yaml
from quadlaw.cli import main
from quadlaw.fit.estimates import table
from quadlaw.ledger.claims import evaluate
from quadlaw.ledger.config import read
from quadlaw.studies import names

CHECK, EXTEND, USE = (
    (ROOT / f"docs/{name}.md").read_text() for name in ("check", "extending", "own_data")
)
FRONT = next(
    one for one in from_yaml((ROOT / "config/claims.yaml").read_text()) if one["id"] == "front"
)


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.M | re.S)


@pytest.mark.slow
def test_the_theory_says_what_the_page_shows(capsys):
    (block,) = blocks(CHECK, "console")
    *_, line = re.findall(r"^\$ quadlaw (.*)$", block, re.M)
    main(line.split())
    assert capsys.readouterr().out.rstrip() == block.split(line)[1].strip("\n").rstrip()


@pytest.mark.parametrize(
    ("error", "verdict"), [(0.0, "reproduced"), (0.5, "not reproduced")], ids=["right", "wrong"]
)
def test_a_figure_is_judged_by_the_lines_of_the_page(tmp_path, monkeypatch, capsys, error, verdict):
    (block,) = blocks(CHECK, "python")
    row = {"model": "quadratic", "alpha": 2.5, "beta": 1.0, "sigma": 0.5}
    row |= {"quantity": FRONT["quantity"], "against": FRONT["rows"]["against"]}
    found = evaluate(FRONT["prediction"], row) + error
    row |= {"estimate": found, "ci_low": found - 0.01, "ci_high": found + 0.01}
    (tmp_path / "config").symlink_to(ROOT / "config")
    (tmp_path / "results/phase_transition").mkdir(parents=True)
    table([row]).to_csv(tmp_path / "results/phase_transition/estimates.csv", index=False)
    monkeypatch.chdir(tmp_path)
    with pd.option_context("display.width", 200, "display.max_columns", None):
        exec(block, {})
    assert re.search(rf" front .* {verdict}\n", capsys.readouterr().out)


def test_the_grid_of_the_page_is_accepted_and_its_mistake_refused(tmp_path):
    mine = tmp_path / "mine.yaml"
    (text,) = (block for block in blocks(EXTEND, "yaml") if "output:" in block)
    mine.write_text(text)
    study = read([mine])["studies"]["sample_scaling"]
    assert [(one["alpha"], one["beta"]) for one in study["problems"]] == [(3.5, 2.0)]
    mine.write_text(text.replace("alpha: 3.5", "alpha: 0.5"))
    with pytest.raises(ValueError) as refused:
        read([mine])
    assert f"configuration: {refused.value}" in EXTEND.splitlines()


@pytest.mark.slow
def test_the_exponents_of_the_page_are_found_and_planned_with(capsys):
    known = {}
    for block in blocks(USE, "python"):
        exec(block, known)
    alpha, beta = known["found"].alpha, known["found"].beta
    assert alpha.ci_low < 2.5 < alpha.ci_high and beta.ci_low < 1.5 < beta.ci_high
    assert not beta.ci_low < 2.5 < beta.ci_high  # the control
    assert {"quadratic", "linear"} <= set(re.findall(r"\w+", capsys.readouterr().out))


def test_targets_and_figures_that_pages_name_exist():
    """``make X`` in code, and ``figures/X.pdf``."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
    text = os.linesep.join(path.read_text() for path in pages)
    named = set(re.findall(r"(?:^|`|\$ )make ([a-z-]+)", text, re.M))
    assert len(named) > 10 and named <= targets
    drawn = set(re.findall(r"figures/(\w+)\.pdf", text)) - {"NAME"}
    assert drawn - set(names()) == {"plateau"}  # which the page on extending adds
