"""The notebook from data to a plan, in plain Jupyter."""

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from project import ROOT

NOTEBOOK = ROOT / "notebooks/plan.ipynb"


def outputs(folder, cwd, compute):
    """What it prints and how many pictures it draws, from a working directory, for a budget."""
    notebook = folder / f"{compute}.ipynb"
    text = NOTEBOOK.read_text()
    assert "compute = 1e9 " in text
    notebook.write_text(text.replace("compute = 1e9 ", f"compute = {compute} "))
    command = [sys.executable, "-m", "papermill", "--cwd", str(cwd), notebook, notebook]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow"), "OMP_NUM_THREADS": "1"}
    subprocess.run(command, env=environment, check=True, capture_output=True)
    found = [
        output
        for cell in json.loads(notebook.read_text())["cells"]
        for output in cell.get("outputs", [])
    ]
    printed = "".join("".join(output.get("text", "")) for output in found)
    return printed, sum("image/png" in output.get("data", {}) for output in found)


@pytest.mark.slow
def test_it_goes_from_data_to_a_plan_wherever_it_is_opened(tmp_path):
    """From the root and from its own folder; a small budget is the control, as its plan differs."""
    cases = [(ROOT / "notebooks", "1e9", "quadratic"), (ROOT, "1e5", "linear")]
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda case: outputs(tmp_path, *case[:2]), cases))
    for (printed, pictures), (_, _, use) in zip(runs, cases, strict=True):
        assert f"use the {use} model: " in printed and pictures == 1
        for name, truth in (("alpha", 4), ("beta", 2)):
            low, high = re.search(rf"{name} = \S+ \[(\S+), (\S+)\]", printed).groups()
            assert float(low) <= truth <= float(high)
        assert float(re.search(r"noise variance (\S+);", printed)[1]) == pytest.approx(0.25, 0.1)
