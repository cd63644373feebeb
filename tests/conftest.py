"""What several files of tests share."""

import os

# As a job of the workflow: on one core. Idle threads of OpenBLAS spin, and several workers' fight:
# that took 16 times the CPU of an estimate. It has to be said before NumPy is imported.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NUMBA_NUM_THREADS="1")

import pytest  # noqa: E402

from project import copy_project, snakemake  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--slurm", action="store_true", help="install and start SLURM where needed")


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A finished smoke run. Tests that change it put back what they changed."""
    folder = copy_project(tmp_path_factory.mktemp("project"))
    snakemake(folder)
    return folder
