"""Notebooks in a real Jupyter server: as the workflow opens them, and on their own; and what
they draw."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from notebook_server import LISTENING, PORT, serving
from project import OUTPUT, ROOT, copy_project, jobs_of, put_back, results, snakemake, start

FIGURE = "phase_transition"
NOTEBOOK = f"notebooks/{FIGURE}.ipynb"
DRAWN = {str(OUTPUT / f"figures/{FIGURE}.{kind}") for kind in ("pdf", "svg", "png")}

pytestmark = pytest.mark.workflow


def tweak(notebook):
    """Write something else at an axis."""
    (cell,) = [cell for cell in notebook["cells"] if "set_ylabel" in "".join(cell["source"])]
    cell["source"] = re.sub(r'set_ylabel\("', 'set_ylabel("tweaked ', "".join(cell["source"]))


@pytest.fixture
def restored(finished, undisturbed):
    """The finished project, whose notebook and results are put back afterwards."""
    path = finished / NOTEBOOK
    text, times = path.read_bytes(), (path.stat().st_atime_ns, path.stat().st_mtime_ns)
    yield finished
    path.write_bytes(text)
    os.utime(path, ns=times)
    put_back(finished, undisturbed)


def test_a_tweak_in_jupyter_redraws_its_figure_alone(restored):
    before, source = results(restored), (restored / NOTEBOOK).read_text()
    pdf = str(OUTPUT / f"figures/{FIGURE}.pdf")
    process = start(restored, "--edit-notebook", pdf, "--notebook-listen", f"127.0.0.1:{PORT}")
    with serving(process) as server:
        path = server.only_notebook(f".{FIGURE}.ipynb")
        notebook = server.read(path)
        assert results(restored) == before  # opening it removes nothing
        tweak(notebook)
        server.run_all(path, notebook)
        server.save(path, notebook)
        server.shut_down()
        output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    after = results(restored)
    assert {name for name in after if after[name] != before[name]} == DRAWN
    saved = (restored / NOTEBOOK).read_text()
    assert saved.replace("tweaked ", "") == source  # neither preamble nor outputs, nothing lost
    assert "tweaked" in saved
    others = {"benchmark_table": 1, "provenance": 1, "report_pages": 1, "paper": 1, "all": 1}
    assert jobs_of(snakemake(restored)) == {"figure": 1, **others, "total": 6}
    assert results(restored) == after  # the workflow draws what was seen


def test_in_plain_jupyter_a_notebook_draws_the_same_figure(undisturbed, tmp_path):
    folder = copy_project(tmp_path)
    shutil.copytree(undisturbed / OUTPUT / "results" / FIGURE, folder / "results" / FIGURE)
    command = [sys.executable, "-m", "jupyter", "server", "--no-browser", "--allow-root"]
    environment = os.environ | {"PYTHONPATH": str(folder / "workflow")}
    process = subprocess.Popen(
        [*command, *LISTENING], cwd=folder, env=environment,
        start_new_session=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    with serving(process) as server:
        server.run_all(NOTEBOOK, server.read(NOTEBOOK))
    drawn = (folder / "figures" / f"{FIGURE}.pdf").read_bytes()
    assert drawn == (undisturbed / OUTPUT / "figures" / f"{FIGURE}.pdf").read_bytes()


def test_make_edit_opens_the_notebook_of_the_figure_that_is_named():
    command = ["make", "--dry-run", "--assume-old=.venv/.ready", "edit", f"FIGURE={FIGURE}"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert f"snakemake --edit-notebook figures/{FIGURE}.pdf" in shown


def test_fonts_are_embedded_as_outlines_that_a_publisher_takes(undisturbed):
    """TrueType in full or in part, of every font; no Type 3, which some publishers refuse."""
    pdf = (undisturbed / OUTPUT / f"figures/{FIGURE}.pdf").read_bytes()
    fonts = pdf.count(b"/Type /FontDescriptor")
    assert fonts > 0 and pdf.count(b"/FontFile2 ") == fonts
    assert b"/Subtype /Type3" not in pdf and b"/Subtype /CIDFontType2" in pdf
