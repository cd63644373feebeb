"""The Makefile, in a folder of its own where an environment is only pretended."""

import os
import runpy
import shutil
import subprocess
import sys

import pytest

from mutants import TESTS
from project import ROOT
from quadlaw.studies import names

NEEDED = ["Makefile", "pyproject.toml", "envs/python.py", "envs/requirements.txt"]
OF_MAKE = ["MAKEFLAGS", "MFLAGS", "MAKELEVEL"]
KNOWN = "Python 3.12.1, /known/python3"


@pytest.fixture
def folder(tmp_path):
    """A folder with a space in its name, whose environment is of ``KNOWN``."""
    project = tmp_path / "a project"
    for part in NEEDED:
        (project / part).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / part, project / part)
    (project / ".venv").mkdir()
    (project / ".venv/.ready").write_text(KNOWN + "\n")
    return project


@pytest.fixture
def python(tmp_path):
    """A program in the place of a Python, by the name that it says of itself."""

    def make(says, code=0):
        program = tmp_path / "python"
        program.write_text(f"#!/bin/sh\necho '{says}'\nexit {code}\n")
        program.chmod(0o755)
        return f"PYTHON={program}"

    return make


def make(folder, *arguments):
    """As from a shell, though these tests may run below a make, which tells the makes it starts."""
    environment = {key: value for key, value in os.environ.items() if key not in OF_MAKE}
    done = subprocess.run(
        ["make", *arguments], cwd=folder, env=environment, text=True, capture_output=True,
        check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_the_environment_is_made_anew_for_another_python_that_is_named(folder, python):
    for known in ([], [python(KNOWN)]):
        assert "Nothing to be done" in make(folder, "--dry-run", "env", *known)[1]
    anew = make(folder, "--dry-run", "env", python("Python 3.13.0, /other/python3"))[1]
    assert "-m venv" in anew and "--require-hashes" in anew


def test_a_python_that_is_refused_or_missing_leaves_the_environment_alone(folder, python):
    for one in (python("too old", code=2), "PYTHON=/nowhere/python3"):
        code, output = make(folder, "env", one)
        assert code == 2 and "-m venv" not in output
        assert (folder / ".venv/.ready").read_text() == KNOWN + "\n"


@pytest.mark.parametrize("version", [(3, 10, 13), (3, 14, 0), (2, 7, 18)])
def test_a_python_without_wheels_is_refused_in_one_line(monkeypatch, capsys, version):
    monkeypatch.setattr(sys, "version_info", version)
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(ROOT / "envs/python.py"))
    output = capsys.readouterr()
    assert stopped.value.code == 2 and output.out == "" and output.err.count("\n") == 1
    assert output.err.startswith(f"env: Python {'.'.join(map(str, version))}, ")
    assert "must be 3.11 to 3.13" in output.err


def test_this_python_is_not_refused(capsys):
    runpy.run_path(str(ROOT / "envs/python.py"))
    assert capsys.readouterr().out.startswith(f"Python {sys.version.split()[0]}, /")


def test_clean_says_what_it_removes_and_clean_env_removes_the_environment_alone(folder):
    for name in ("results", "figures"):
        (folder / name).mkdir()
    for name in ("noise.pdf", "noise.png"):
        (folder / "figures" / name).touch()
    assert make(folder, "clean-env") == (0, "removing .venv\n")
    assert not (folder / ".venv").exists() and (folder / "results").exists()
    assert make(folder, "clean") == (0, "removing results\nremoving figures/noise.pdf\n")
    assert [path.name for path in (folder / "figures").iterdir()] == ["noise.png"]
    assert make(folder, "clean") == (0, "")


def test_a_figure_that_is_none_is_refused_with_a_list_of_all():
    for name in ("nosuch", "plan", ""):
        code, output = make(ROOT, "--assume-old=.venv/.ready", "edit", f"FIGURE={name}")
        assert code == 2 and output.startswith(f"edit: FIGURE = '{name}': must be one of ")
        assert output.splitlines()[0].split("must be one of ")[1].split() == names()


def test_help_lists_every_target_with_its_words(folder):
    code, output = make(folder, "help")
    lines = dict(line.split(maxsplit=1) for line in output.splitlines())
    phony = (ROOT / "Makefile").read_text().split(".PHONY: ")[-1].split("\n")[0]
    assert code == 0 and lines.keys() == set(phony.split())


def test_mutants_are_of_modules_and_tests_that_there_are():
    for module, files in TESTS.items():
        assert (ROOT / "workflow/quadlaw" / module).is_file(), module
        assert all((ROOT / f"tests/test_{name}.py").is_file() for name in files.split()), module
