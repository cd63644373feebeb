"""What several files of tests share."""

import pytest

from project import copy_project, snakemake


def pytest_addoption(parser):
    parser.addoption("--slurm", action="store_true", help="install and start SLURM where needed")


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A finished smoke run. Tests that change it put back what they changed."""
    folder = copy_project(tmp_path_factory.mktemp("project"))
    snakemake(folder)
    return folder
