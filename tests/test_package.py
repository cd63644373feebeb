"""The package as others install it: a wheel, in an empty environment, away from the project."""

import re
import subprocess
import sys
import venv

import pytest

from project import ROOT

pytestmark = pytest.mark.package

SETTING = ["--alpha", "2.5", "--beta", "1.5", "--samples", "256", "--model-size", "16"]
LINES = [
    ["predict", *SETTING, "--json"],
    ["plan", "--alpha", "2.5", "--beta", "1.5", "--compute", "1e5"],
    ["simulate", *SETTING, "--tuned", "--replicates", "4", "--output", "runs.parquet"],
    ["--print-completion", "bash"],
]
IN_PYTHON = """
import numpy as np, quadlaw
problem = quadlaw.PowerLaw(alpha=2.5, beta=1.5)
quadlaw.simulate(problem, model_size=16, samples=256, step_size=0.1, init=0.5)
quadlaw.plan(problem, samples=4096)
assert quadlaw.theory.rates.sample_exponent("quadratic", alpha=2.5, beta=1.5) == 0.25
X = np.random.default_rng(0).standard_normal((2000, 30)) * np.arange(1, 31) ** -1.0
print(quadlaw.estimate_exponents(X, X[:, 0] + X[:, 1]))
print(quadlaw.__file__)
"""
ABOUT = """
from importlib.metadata import metadata
about = metadata("quadlaw")
assert about["Author"] and about["License-Expression"] == "MIT" and about["Description"]
assert "Ding, Zhang, Zhao and Fang" in about["Summary"]
assert about.get_all("Project-URL") == ["Paper, https://arxiv.org/abs/2502.09106"]
assert f"Programming Language :: Python :: 3.11" in about.get_all("Classifier")
"""


def run(*command, cwd, code=0):
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, text=True, capture_output=True, check=False
    )
    assert done.returncode == code, done.stderr
    return done


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder of the programs of an environment that holds the wheel and what it asks for, at
    the versions of the lock."""
    folder = tmp_path_factory.mktemp("package")
    pip = [sys.executable, "-m", "pip"]
    alone = ["--quiet", "--no-deps", "--no-build-isolation"]
    run(*pip, "wheel", *alone, "--wheel-dir", folder, ROOT, cwd=folder)
    lock = (ROOT / "envs/requirements.txt").read_text()
    versions = re.findall(r"^\w.*?(?= \\$)", lock, re.MULTILINE)
    (folder / "versions.txt").write_text("\n".join(versions))
    venv.create(folder / "empty")
    python, wheel = folder / "empty/bin/python", *folder.glob("*.whl")
    options = ["--quiet", "--constraint", folder / "versions.txt"]
    run(*pip, "--python", python, "install", *options, wheel, cwd=folder)
    return python.parent


@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_the_command_line_works(installed, tmp_path, line):
    done = run(installed / "quadlaw", *line, cwd=tmp_path)
    assert done.stdout and done.stderr == ""


def test_the_library_works_and_is_the_installed_one(installed, tmp_path):
    done = run(installed / "python", "-c", IN_PYTHON, cwd=tmp_path)
    assert done.stdout.splitlines()[-1].startswith(str(installed.parent))


def test_the_workflow_is_said_to_be_elsewhere(installed, tmp_path):
    refused = run(installed / "quadlaw", "estimate", cwd=tmp_path, code=2)
    assert "is no part of the package" in refused.stderr and refused.stderr.count("\n") == 1


def test_what_it_says_of_itself_is_complete(installed, tmp_path):
    run(installed / "python", "-c", ABOUT, cwd=tmp_path)
