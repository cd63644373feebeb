"""What several files of tests share."""

import fcntl
import os
import shutil

# As a job of the workflow: on one core. Idle threads of OpenBLAS spin, and several workers' fight:
# that took 16 times the CPU of an estimate. It has to be said before NumPy is imported.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NUMBA_NUM_THREADS="1")

import pytest
from xdist.scheduler import LoadScopeScheduling

from project import MEMORY, OUTPUT, copy_project, snakemake
from quadlaw.base import provenance

CHANGING = ("test_edit.py", "test_report.py", "test_workflow.py")


def pytest_addoption(parser):
    parser.addoption("--slurm", action="store_true", help="install and start SLURM where needed")


class Beside(LoadScopeScheduling):
    """Files whose tests change the finished run share a worker; other tests run beside them.

    xdist_group would say so test by test, but pytest-xdist 3.8 does not see it with pytest 9.2.
    """

    def _split_scope(self, nodeid):
        return "finished" if nodeid.split("::")[0].endswith(CHANGING) else nodeid


def pytest_xdist_make_scheduler(config, log):
    return Beside(config, log) if config.getvalue("dist") == "loadscope" else None


@pytest.fixture(scope="session")
def _smoke(tmp_path_factory):
    """One smoke run for all workers of pytest: whoever asks first builds it, and others wait."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "smoke"
    folder.mkdir(exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "undisturbed").exists():
            shutil.rmtree(folder / "project", ignore_errors=True)
            project = copy_project(folder / "project")
            snakemake(project)
            for part in (OUTPUT, MEMORY):
                shutil.copytree(project / part, folder / "copying" / part, symlinks=True)
            (folder / "copying").rename(folder / "undisturbed")
    return folder


@pytest.fixture(scope="session")
def finished(_smoke):
    """A finished smoke run. Tests that change it put back what they changed."""
    return _smoke / "project"


@pytest.fixture(scope="session")
def undisturbed(_smoke):
    """What the smoke run wrote, with Snakemake's memory of it, which no test changes."""
    return _smoke / "undisturbed"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A copy of the package to edit."""
    copy = shutil.copytree(provenance.PACKAGE, tmp_path / "quadlaw")
    monkeypatch.setattr(provenance, "PACKAGE", copy)
    return copy
