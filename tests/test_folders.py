"""The workflow started in another folder, from an odd one, and beside a site's own Jupyter."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv

import pytest

from project import ROOT, copy_project

FIGURE = "figures/asymptotics.png"  # by theory alone: scripts and a notebook, in seconds
CACHES = ("__pycache__",)  # of Python and Numba; where they cannot write, they do without

pytestmark = pytest.mark.workflow


def files(folder):
    """All files of a folder with their times of change."""
    return {
        path: path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file() and not set(CACHES) & set(path.parts)
    }


def environment_in(folder):
    """A Python in ``folder`` with the packages of this one, and the program that runs notebooks."""
    venv.create(folder, symlinks=True)
    packages = sysconfig.get_path("purelib", vars={"base": folder})
    with open(f"{packages}/this.pth", "w") as file:
        file.write(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    python, papermill = folder / "bin/python", folder / "bin/papermill"
    papermill.write_text(f'#!/bin/sh\nexec "{python}" -m papermill "$@"\n')
    papermill.chmod(0o755)
    shutil.copytree(f"{sys.prefix}/share/jupyter/kernels", folder / "share/jupyter/kernels")
    return python


def run(python, snakefile, cwd, *options, **variables):
    command = [python, "-m", "snakemake", "--snakefile", snakefile, "--cores", "2", *options]
    smoke = ["--configfile", snakefile.parent / "config/smoke.yaml"]
    done = subprocess.run(
        [*map(str, command), *map(str, smoke)], cwd=cwd, env=os.environ | variables, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-5000:]
    return done.stdout


def test_all_of_the_project_is_found_from_another_folder(tmp_path):
    output = run(sys.executable, ROOT / "Snakefile", tmp_path, "--dry-run")
    assert "sgd_runs" in output and "report_pages" in output
    assert not list(tmp_path.rglob("*.yaml"))


def test_spaces_in_all_paths_and_another_kernel_do_not_matter_nor_is_the_project_written_to(
    tmp_path,
):
    folder = copy_project(tmp_path / "the project's & é")
    kernel = tmp_path / "site/kernels/python3/kernel.json"
    kernel.parent.mkdir(parents=True)
    argv = ["/bin/false", "{connection_file}"]
    kernel.write_text(json.dumps({"argv": argv, "display_name": "x", "language": "python"}))
    python = environment_in(tmp_path / "an environment")
    before, data = files(folder), tmp_path / "my data"
    target = "build/smoke/" + FIGURE
    site = {"JUPYTER_PATH": str(tmp_path / "site")}
    run(python, folder / "Snakefile", tmp_path, target, "--directory", data, **site)
    assert (data / target).stat().st_size > 5000
    assert files(folder) == before
