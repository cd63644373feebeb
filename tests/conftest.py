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


@pytest.hookimpl(tryfirst=True)  # before the groups are read
def pytest_collection_modifyitems(items):
    """The tests on the smoke run first, and on one worker: there is one such run."""
    for item in items:
        if "finished" in item.fixturenames:
            item.add_marker(pytest.mark.xdist_group("finished"))
    items.sort(key=lambda item: "finished" not in item.fixturenames)
