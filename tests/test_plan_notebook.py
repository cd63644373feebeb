"""The notebook from data to a plan: in plain Jupyter, and its cells in this process."""

import json
import os
import re
import subprocess
import sys

import pytest

from project import ROOT

NOTEBOOK = ROOT / "notebooks/plan.ipynb"


def codes(notebook):
    cells = json.loads(notebook.read_text())["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def assert_found(printed, use):
    assert f"use the {use} model: " in printed
    for name, truth in (("alpha", 4), ("beta", 2)):
        low, high = re.search(rf"{name} = \S+ \[(\S+), (\S+)\]", printed).groups()
        assert float(low) <= truth <= float(high)
    assert float(re.search(r"noise variance (\S+);", printed)[1]) == pytest.approx(0.25, 0.1)


@pytest.mark.slow
def test_it_goes_from_data_to_a_plan_in_its_own_folder(tmp_path):
    executed = tmp_path / "executed.ipynb"
    command = [sys.executable, "-m", "papermill", "--cwd", str(NOTEBOOK.parent), NOTEBOOK, executed]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow"), "OMP_NUM_THREADS": "1"}
    subprocess.run(command, env=environment, check=True, capture_output=True)
    outputs = [output for cell in codes(executed) for output in cell["outputs"]]
    assert_found("".join("".join(output.get("text", "")) for output in outputs), "quadratic")
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 1


@pytest.mark.slow
def test_a_small_budget_has_another_plan_from_the_root_as_well(monkeypatch, capsys):
    """The control, without the figure, which takes longest."""
    monkeypatch.chdir(ROOT)
    *sources, figure = ["".join(cell["source"]) for cell in codes(NOTEBOOK)]
    assert "plt.show()" in figure
    text = "\n".join(sources)
    assert "compute = 1e9 " in text
    exec(text.replace("compute = 1e9 ", "compute = 1e5 "), {})
    assert_found(capsys.readouterr().out, "linear")
