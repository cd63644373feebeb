"""The report of the smoke run, opened in a real browser, and what it says the run was made with."""

import json
import re
import shutil
import subprocess
from importlib.metadata import version

import pandas as pd
import pytest
import yaml
from docutils.core import publish_parts
from playwright.sync_api import sync_playwright

from claims import read
from project import OUTPUT, ROOT, snakemake
from provenance import UNKNOWN, source
from quadlaw.studies import names, study
from report_pages import caption

FIGURES = yaml.safe_load((ROOT / "config/config.yaml").read_text())["studies"]
TEXTS = {}  # by category, the question of each figure
for figure in FIGURES:
    category, question = study(figure).report
    TEXTS.setdefault(category, {})[figure] = question
CHROMIUM = shutil.which("chromium")
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no browser: it is the package chromium of Debian"
)


@pytest.fixture(scope="module")
def report(finished):
    """The report's file. It is no result, and stays beside the results."""
    path = OUTPUT / "report.html"
    snakemake(finished, "--report", str(path))
    return finished / path


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture
def opened(browser):
    """A function that opens a file: its page, what it asked for, what it complained of."""

    def open_file(path):
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        asked, faults = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.on("console", lambda line: line.type == "error" and faults.append(line.text))
        page.goto(path.as_uri())
        return page, asked, faults

    return open_file


def row(page, category, name):
    """The line of a page or a figure under its category; the menu comes first."""
    page.evaluate("app.setView({navbarMode: 'menu'})")
    page.locator("nav li a", has_text=category).click()
    return page.locator("nav tbody tr", has_text=name)


@pytest.mark.workflow
@needs_chromium
def test_the_report_opens_offline_and_shows_the_ledger_and_every_figure(finished, report, opened):
    ledger = read(finished / OUTPUT / "results/claims.csv")
    page, asked, faults = opened(report)
    assert page.locator("#app").get_by_text(f"at {len(ledger)} settings").is_visible()

    row(page, "1. Ledger", "Claims and verdicts").locator("a").first.click()
    tables = page.frame_locator("iframe").locator("table")
    assert tables.locator("tbody").nth(2).locator("tr").count() == len(ledger)
    tables.nth(2).locator("th", has_text="verdict").click()
    verdicts = tables.nth(2).locator("tbody tr td:last-child").all_text_contents()
    assert verdicts == sorted(ledger["verdict"])

    for category, figures in TEXTS.items():
        for name, sentence in figures.items():
            eye, words = row(page, category, name).locator("a").all()
            eye.click()
            image = page.locator("#app img").last
            box = image.bounding_box()
            assert image.evaluate("image => image.naturalWidth") > 300, name
            assert box["width"] > 300 and box["y"] >= 0, name  # no figure is cut off at its top
            words.click()
            said = page.locator("nav").first.inner_text()
            assert sentence in said
            estimates = ledger[ledger["figure"] == name]["estimate"].dropna()
            assert len(estimates) and all(f"{value:.4g}" in said for value in estimates), name
    assert asked == [report.as_uri()]
    assert faults == []


@needs_chromium
def test_a_page_that_needs_the_network_or_fails_is_noticed(tmp_path, opened):
    """The control."""
    path = tmp_path / "page.html"
    path.write_text("<img src='http://127.0.0.1:9/x.png'><script>nothing()</script>")
    page, asked, faults = opened(path)
    page.wait_for_load_state("networkidle")
    assert asked == [path.as_uri(), "http://127.0.0.1:9/x.png"]
    assert any("nothing" in fault for fault in faults) and len(faults) == 2


@pytest.mark.workflow
def test_provenance_says_what_the_run_was_made_with(undisturbed):
    facts = json.loads((undisturbed / OUTPUT / "results/provenance.json").read_text())
    assert facts["packages"]["numpy"] == version("numpy")
    assert facts["seed"] == facts["configuration"]["seed"] == 2502
    assert facts["configuration"]["studies"]["sample_scaling"]["samples"] == [1024, 8192, 65536]
    assert facts["configuration"]["sigma"] == 0.5  # that of config.yaml, as smoke.yaml has none
    assert facts["commit"] == UNKNOWN  # the copy is no repository
    assert facts["cpu"]["count"] >= 1 and facts["cpu"]["model"]


def test_the_commit_and_changes_to_it_are_found(tmp_path):
    def git(*arguments):
        identity = ["-c", "user.name=x", "-c", "user.email=x"]
        command = ["git", *identity, *arguments]
        done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    git("init")
    (tmp_path / "code.py").write_text("")
    git("add", ".")
    git("commit", "-m", "x")
    commit = git("rev-parse", "HEAD")
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures/drawn.png").write_text("")
    assert source(tmp_path) == {"commit": commit, "uncommitted_changes": False}
    (tmp_path / "code.py").write_text("1")
    assert source(tmp_path) == {"commit": commit, "uncommitted_changes": True}
    # A copy without a repository of its own is not taken for a part of the one around it.
    (tmp_path / "copy").mkdir()
    assert source(tmp_path / "copy") == {"commit": UNKNOWN, "uncommitted_changes": UNKNOWN}


def test_every_figure_stands_once_in_the_report():
    listed = [name for names in TEXTS.values() for name in names]
    notebooks = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert sorted(listed) == sorted(notebooks - {"plan"})  # which is for one's own data
    assert sorted(listed) == names()
    for category, figures in TEXTS.items():
        assert re.fullmatch(r"[2-8]\. [A-Z][\w ,-]+", category), category
        assert all(question.endswith("?") for question in figures.values()), category


def test_a_caption_takes_statements_and_missing_numbers_literally():
    rows = pd.DataFrame(
        {
            "claim": ["one"], "statement": ["w*_i and |v_| are `so`_"], "model": [None],
            "alpha": [None], "beta": [None], "setting": [""], "predicted": [0.5], "rival": [None],
            "estimate": [-0.25], "ci_low": [-1.0], "ci_high": [None], "kind": ["simulation"],
            "verdict": ["inconclusive"],
        }
    ).astype({"alpha": float, "beta": float, "rival": float, "ci_high": float})  # fmt: skip
    text = caption("Is it?", rows).decode()
    shown = publish_parts(text, writer="html")["body"]
    assert "w*_i and |v_| are `so`_" in shown and "-0.25" in shown
    assert "system-message" not in shown and "<ul" not in shown
    assert "system-message" in publish_parts("|v_| `so`_", writer="html")["body"]  # control
