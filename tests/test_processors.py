"""Code that other processes compiled, and for another kind of processor: it sees the same samples,
takes other sums of them, and is kept apart by model."""

import os
import subprocess
import sys

import pandas as pd
import pytest
from llvmlite.binding import get_host_cpu_features

import quadlaw
from project import ROOT

TOLERANCE = 1e-3  # of risk, relative, as docs/report.md states it
PROBLEM = quadlaw.PowerLaw(2.5, 1.5, 0.5)
SETTING = {"model_size": 256, "samples": 4096, "init": 0.3, "replicates": 8}
# Of both sets, Numba gives the functions the same names if both have one seed of hashes.
SOME = ["leaps: linear", "steps: linear", "steps: depth 3"]
OTHERS = ["leaps: quadratic", "steps: quadratic", "steps: depth 4"]


def risks(cases, factor=1.0):
    """Of a few runs at two step sizes, in single precision, a column a case."""
    found, steps = {}, [0.03 * factor, 0.08 * factor]
    for case in cases:
        method, model = case.split(": ")
        runs = quadlaw.simulate(PROBLEM, model=model, step_size=steps, method=method, **SETTING)
        found[case] = runs["excess_risk"]
    return pd.DataFrame(found)


def off(some, others):
    """The largest relative difference of each column."""
    return (some / others - 1).abs().max()


def elsewhere(folder, cases):
    """The risks of another process: no wide vectors, no fused multiply-adds."""
    path = folder / "risks.parquet"
    line = f"import test_processors as t; t.risks({cases}).to_parquet({str(path)!r})"
    kind = {"NUMBA_CPU_NAME": "generic", "NUMBA_CACHE_DIR": str(folder), "PYTHONHASHSEED": "0"}
    paths = os.pathsep.join([str(ROOT / "tests"), str(ROOT / "workflow")])
    environment = os.environ | kind | {"PYTHONPATH": paths}
    subprocess.run([sys.executable, "-c", line], env=environment, cwd=folder, check=True)
    return pd.read_parquet(path)


@pytest.mark.slow
def test_other_processes_share_no_code_and_other_processors_agree(tmp_path):
    """One test, as what is compiled in another process takes half a minute."""
    compiled = pd.concat([elsewhere(tmp_path, some) for some in (SOME, OTHERS)], axis=1)
    assert len(list(tmp_path.rglob("*loop.*.nbc"))) == compiled.shape[1] == 6
    for order in (SOME + OTHERS, OTHERS + SOME):
        loaded = elsewhere(tmp_path, order)
        pd.testing.assert_frame_equal(loaded[compiled.columns], compiled, check_exact=True)

    here = risks(compiled.columns)
    assert (off(compiled, here) < TOLERANCE).all()
    if get_host_cpu_features().get("fma"):  # code of another kind, or nothing was tried
        assert not (compiled == here).all().any()
    # The control: a step size one per cent larger.
    assert (off(risks(compiled.columns, 1.01), here) > TOLERANCE).all()
