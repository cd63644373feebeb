"""The page to play with: its cells in this process, and in a real browser from a Jupyter server."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from browser import chromium, needs_chromium, page_of
from notebook_server import LISTENING, serving
from project import ROOT

NOTEBOOK = ROOT / "notebooks/explore.ipynb"


@pytest.fixture
def cells():
    """What its cells define."""
    names = {}
    for cell in json.loads(NOTEBOOK.read_text())["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    return names


def pictures(cells):
    return [re.search('base64,([^"]+)"', one.value)[1] for one in cells["pictures"]]


@pytest.mark.slow
def test_every_slider_moves_its_box_and_the_plots(cells):
    before = pictures(cells)
    for key, box in cells["boxes"].items():
        low, high, first = cells["explore"].RANGES[key]
        box.value = first * 0.5 if low <= first * 0.5 else first * 1.5
        after = pictures(cells)
        assert after[0] != before[0] and after[3] != before[3], key
        assert (after[2] != before[2]) == (key in ("alpha", "beta")), key  # a plane of these two
        before = after
        box.value = high + 1
        assert cells["status"].value.count(f"{key} = ") == 1 and pictures(cells) == before
        box.value = first
        assert f"{key} = " not in cells["status"].value
        before = pictures(cells)


@pytest.fixture
def server(tmp_path):
    """A server of Jupyter's in a folder with a copy of the notebook, which it may save into."""
    shutil.copy(NOTEBOOK, tmp_path)
    command = [sys.executable, "-m", "notebook", "--no-browser", "--allow-root", *LISTENING]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow")}
    process = subprocess.Popen(
        [*command, "explore.ipynb"], cwd=tmp_path, env=environment,
        start_new_session=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    with serving(process) as running:
        yield running


def run_all(page, server):
    """Run all cells once the kernel answers; the page forgets what is asked of it before."""
    page.goto(f"{server.url}/notebooks/explore.ipynb?token={server.token}")
    page.locator(".jp-Notebook h1").first.wait_for()
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(state="attached")
    page.get_by_role("menuitem", name="Run").first.click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    expect(page.locator("figure img")).to_have_count(4)


def shown(page):
    return [one.get_attribute("src") for one in page.locator("figure img").all()]


def changed(page, before, place):
    """Wait until a picture is another one; all of them then."""
    image = page.locator("figure img").nth(place)
    expect(image).not_to_have_attribute("src", before[place])
    return shown(page)


@pytest.mark.slow
@needs_chromium
def test_in_a_browser_plots_follow_a_slider_and_the_button_adds_points(server):
    with chromium() as browser:
        page, asked = page_of(browser), []
        page.on("request", lambda request: asked.append(request.url))
        run_all(page, server)
        first, status = shown(page), page.locator("[role=status]").last
        assert all(page.locator("figure img").evaluate_all("all => all.map(one => one.alt)"))

        handle = page.locator(".explore-alpha .noUi-handle")
        handle.hover()
        page.mouse.down()
        box = handle.bounding_box()
        page.mouse.move(box["x"] + 60, box["y"] + box["height"] / 2)
        page.mouse.up()
        moved = changed(page, first, 3)  # the last to be drawn
        assert not set(first) & set(moved)
        alpha = page.locator(".explore-alpha input")
        assert float(alpha.input_value()) > 2.5

        alpha.fill("0.5")
        alpha.press("Enter")
        expect(status).to_contain_text("alpha = 0.5: must exceed 1")
        alpha.fill("3")
        alpha.press("Enter")
        expect(status).to_have_text("Theory alone.")
        typed = shown(page)

        page.get_by_role("button", name="Add simulated runs").click()
        pointed = changed(page, typed, 0)
        assert pointed[1:] == typed[1:]
        expect(page.locator("figcaption").first).to_contain_text("simulated runs, medians")
        outside = [url for url in asked if not url.startswith((server.url, "data:", "blob:"))]
        assert asked and not outside


def test_make_opens_a_copy_that_may_be_saved_into():
    command = ["make", "--dry-run", "--assume-old=.venv/.ready", "explore"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "cp notebooks/explore.ipynb build/" in shown
    assert "-m notebook build/explore.ipynb" in shown
