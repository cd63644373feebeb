"""Another kind of processor sees the same samples and takes other sums of them."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from llvmlite.binding import get_host_cpu_features

import quadlaw
from project import ROOT

pytestmark = pytest.mark.slow

TOLERANCE = 1e-3  # of risk, relative, as docs/report.md states it
SETTING = {"model": ["quadratic", "linear"], "model_size": 256, "samples": 4096, "init": 0.3}


def risks(method, factor=1.0):
    """Of a few runs of both models at two step sizes, in single precision."""
    steps = [0.03 * factor, 0.08 * factor]
    problem, options = quadlaw.PowerLaw(2.5, 1.5, 0.5), {"method": method, "replicates": 8}
    return quadlaw.simulate(problem, step_size=steps, **SETTING, **options)["excess_risk"]


def off(some, others):
    """The largest relative difference."""
    return float(np.max(np.abs(some / others - 1)))


def write_risks(path):
    """What the other process does."""
    pd.DataFrame({method: risks(method) for method in ("steps", "leaps")}).to_parquet(path)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """The runs by code for any processor: no wide vectors, no fused multiply-adds."""
    folder = tmp_path_factory.mktemp("generic")
    line = f"import test_processors; test_processors.write_risks({str(folder / 'risks.parquet')!r})"
    kind = {"NUMBA_CPU_NAME": "generic", "NUMBA_CACHE_DIR": str(folder / "cache")}
    path = os.pathsep.join([str(ROOT / "tests"), str(ROOT / "workflow")])
    command = [sys.executable, "-c", line]
    subprocess.run(command, env=os.environ | kind | {"PYTHONPATH": path}, cwd=folder, check=True)
    return pd.read_parquet(folder / "risks.parquet")


@pytest.mark.parametrize("method", ["steps", "leaps"])
def test_risks_agree_within_the_stated_tolerance(method, elsewhere):
    here = risks(method)
    assert off(elsewhere[method], here) < TOLERANCE
    if get_host_cpu_features().get("fma"):  # code of another kind, or nothing was tried
        assert not np.array_equal(elsewhere[method], here)
    assert (
        off(risks(method, 1.01), here) > TOLERANCE
    )  # the control: a step size one per cent larger
