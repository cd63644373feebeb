"""The report of the smoke run, opened in a real browser, and what it says the run was made with."""

import json
import re
import subprocess
import time
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import expect

from browser import PATIENCE, chromium, needs_chromium, page_of
from claims import read
from project import OUTPUT, ROOT, snakemake
from provenance import ELSEWHERE, UNKNOWN, source
from quadlaw.base.documents import from_yaml
from quadlaw.studies import names, study
from report_pages import figure_page

FIGURES = from_yaml((ROOT / "config/config.yaml").read_text())["studies"]
TEXTS = {}  # by category, the question of each figure
for figure in FIGURES:
    category, question = study(figure).report
    TEXTS.setdefault(category, {})[figure] = question


@pytest.fixture(scope="module")
def report(finished):
    """The report's file. It is no result, and stays beside the results."""
    path = OUTPUT / "report.html"
    snakemake(finished, "--report", str(path))
    return finished / path


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def opened(browser):
    """A function that opens a file: its page, what it asked for, what it complained of."""

    def open_file(path, width=1280):
        page = page_of(browser, viewport={"width": width, "height": 900})
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
@pytest.mark.parametrize("width", [1280, 400])
def test_the_first_page_is_searched_filtered_and_sorted_offline(finished, report, opened, width):
    table = read(finished / OUTPUT / "results/claims.csv")
    statements = pd.read_csv(finished / OUTPUT / "results/statements.csv")
    page, asked, faults = opened(report, width)
    first = page.frame_locator("iframe")
    tables = first.locator(".dt-container")
    expect(tables).to_have_count(2)
    stated, ledger = tables.all()
    expect(stated.locator("tbody tr")).to_have_count(len(statements))
    formulas = statements["statement"].str.count(r"\$").sum() // 2
    assert first.locator("math").count() >= formulas > 10  # which are typeset
    expect(first.locator("figure img")).to_have_count(3)
    expect(page.locator("#app #rulegraph")).not_to_be_visible()
    for part in (stated, ledger):
        box = part.locator("table").bounding_box()
        assert box["x"] + box["width"] <= width + 1  # none is cut off

    ledger.get_by_label("entries per page").select_option("All")
    expect(ledger.locator("tbody tr")).to_have_count(len(table))
    for verdict, count in table["verdict"].value_counts().items():
        ledger.locator("select").first.select_option(verdict)
        expect(ledger.locator("tbody tr")).to_have_count(count)
    ledger.locator("select").first.select_option("all")
    for heading, order in {"ascending": 1, "descending": -1}.items():
        ledger.get_by_role("columnheader", name="verdict").locator("[role=button]").press("Enter")
        verdicts = ledger.locator("tbody tr td:last-child")
        expect(verdicts, heading).to_have_text(sorted(table["verdict"])[::order])
    claim = table["claim"].iloc[0]
    ledger.get_by_label("Search").fill(claim)
    expect(ledger.locator("summary")).to_have_text([claim] * sum(table["claim"] == claim))
    assert asked == [report.as_uri()] and faults == []


@pytest.mark.workflow
@needs_chromium
def test_each_row_leads_to_its_figure_and_each_figure_says_its_numbers(finished, report, opened):
    table = read(finished / OUTPUT / "results/claims.csv")
    page, asked, faults = opened(report)
    ledger = page.frame_locator("iframe").locator(".dt-container").nth(1)
    ledger.get_by_label("entries per page").select_option("All")
    links = ledger.locator("a[data-page]")
    expect(links).to_have_count(len(table))
    pages = links.evaluate_all("all => all.map(one => one.dataset.page)")
    assert [Path(path).stem for path in pages] == list(table["figure"])
    links.first.press("Enter")
    shown = page.frame_locator("iframe")
    expect(shown.locator("h1")).to_have_text(study(table["figure"].iloc[0]).report[1])
    expect(shown.locator("h1:focus")).to_have_count(1)  # where a reader of the screen goes on

    for category, figures in TEXTS.items():
        for name, question in figures.items():
            row(page, category, name).locator("a").first.click()
            image = shown.get_by_role("img", name=question)
            expect(shown.locator("h1:focus")).to_have_text(question)  # its script has run
            narrow = image.bounding_box()["width"]
            button = shown.get_by_role("button", name="Enlarge")
            button.press("Enter")
            expect(button).to_have_attribute("aria-pressed", "true")
            assert image.bounding_box()["width"] >= 1.5 * narrow > 450, name
            said, words = image.get_attribute("aria-label"), shown.locator("main").inner_text()
            rows = table[table["figure"] == name]
            assert all(f"{claim}: predicted" in said for claim in rows["claim"]), name
            estimates = rows["estimate"].dropna()
            assert len(estimates) and all(f"{value:.4g}" in words for value in estimates), name
            assert f"{estimates.iloc[0]:.4g}" in said or len(rows) > 2, name
    assert asked == [report.as_uri()] and faults == []


@needs_chromium
def test_a_page_that_needs_the_network_or_fails_is_noticed(tmp_path, opened):
    """The control."""
    path = tmp_path / "page.html"
    path.write_text("<img src='http://127.0.0.1:9/x.png'><script>nothing()</script>")
    page, asked, faults = opened(path)
    deadline = time.monotonic() + PATIENCE / 1000
    while len(faults) < 2 and time.monotonic() < deadline:
        page.wait_for_timeout(50)  # in which faults are heard of
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


def test_the_commit_and_changes_to_it_are_found(tmp_path, monkeypatch):
    for name in ELSEWHERE:
        monkeypatch.delenv(name, raising=False)

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
    # Nor is another repository, which a hook of git's names, taken for this one.
    monkeypatch.setenv("GIT_DIR", str(ROOT / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(ROOT / ".git/index"))
    assert source(tmp_path) == {"commit": commit, "uncommitted_changes": True}
    # A copy without a repository of its own is not taken for a part of the one around it.
    (tmp_path / "copy").mkdir()
    assert source(tmp_path / "copy") == {"commit": UNKNOWN, "uncommitted_changes": UNKNOWN}


def test_every_figure_stands_once_in_the_report():
    listed = [name for names in TEXTS.values() for name in names]
    notebooks = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert sorted(listed) == sorted(
        notebooks - {"plan", "explore"}
    )  # for one's own data, to play with
    assert sorted(listed) == names()
    for category, figures in TEXTS.items():
        assert re.fullmatch(r"[2-9]\. [A-Z][\w ,-]+", category), category
        assert all(question.endswith("?") for question in figures.values()), category


def test_headings_are_numbered_once():
    rules = (ROOT / "workflow/rules/report.smk").read_text()
    headings = {*TEXTS, *re.findall(r'category="(.*)"', rules)}
    numbers = [heading.split(".")[0] for heading in headings]
    assert sorted(numbers) == [str(number) for number in range(1, 1 + len(headings))]


def test_a_figures_page_takes_text_literally_and_says_the_numbers(tmp_path):
    rows = pd.DataFrame(
        {
            "claim": ["one"], "statement": ["w_i < `so` & $v_i < 1$"], "model": [None],
            "alpha": [None], "beta": [None], "setting": ["<b>"], "predicted": [0.5],
            "rival": [None], "estimate": [-0.25], "ci_low": [-1.0], "ci_high": [None],
            "kind": ["simulation"], "verdict": ["inconclusive"],
        }
    ).astype({"alpha": float, "beta": float, "rival": float, "ci_high": float})  # fmt: skip
    figure, script = tmp_path / "one.svg", ROOT / "workflow/report/figure.js"
    figure.write_text('<?xml version="1.0"?>\n<svg width="1pt"></svg>')
    template = ROOT / "workflow/report/page.html"
    html = figure_page('Is "it"?', figure, rows, template, script).decode()
    assert "w_i &lt; <code>so</code> &amp; <math" in html and "&lt;b&gt;" in html
    assert (
        'aria-label="Is &quot;it&quot;? one: predicted 0.5, measured -0.25; settings: 1 (0' in html
    )
    assert '<td class="inconclusive">inconclusive</td>' in html and "nan" not in html
    assert "<?xml" not in html and ' width="1pt"></svg>' in html
