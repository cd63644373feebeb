"""The benchmarks find their settings; that of speed runs, all implementations that are there
agree, and its report is whole."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SETTINGS = """if True:
    import json
    import sys
    from importlib import import_module

    modules = {name: import_module(name) for name in sys.argv[1:]}
    assert modules["speed"].QUICK.base and modules["intervals"].SETTINGS
    assert modules["explore"].NOTEBOOK.exists()
    one = modules["closures"].configured()[-1]
    print(json.dumps(modules["closures"].compare(one | {"samples": 16, "model_size": 4})))"""


@pytest.mark.slow
def test_every_benchmark_is_imported_and_finds_its_settings():
    """In a process of its own, which one of them binds to a core."""
    scripts = sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py"))
    paths = os.pathsep.join([str(ROOT / "benchmarks"), str(ROOT / "workflow")])
    command = [sys.executable, "-c", SETTINGS, *scripts]
    done = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    row = json.loads(done.stdout)
    assert {"gamma", "log-normal", "blend", "library"} <= row.keys() and len(scripts) >= 8


@pytest.mark.workflow
def test_speed_runs_side_by_side_and_writes_its_report(tmp_path):
    command = [sys.executable, "benchmarks/speed.py", "--quick", "--output", str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "speed.json").read_text())
    measured = {row["implementation"] for row in results["comparison"]}
    assert {"NumPy loop", "NumPy batched", "quadlaw"} <= measured
    assert measured | set(results["skipped"]) >= {"JAX", "PyTorch"}
    assert all(name in done.stderr for name in results["skipped"])
    assert all(row["ns"] > 0 for row in results["comparison"])
    assert max(results["differences"].values()) < results["tolerance"]
    assert (tmp_path / "speed.md").read_text() in done.stdout
    for kind in ("png", "pdf", "svg"):
        assert (tmp_path / f"speed.{kind}").stat().st_size > 5000
