"""Compiled kernels where nothing beside the package or at home can be written to."""

import os
import shutil
import subprocess
import sys

import pytest

from project import ROOT

pytestmark = pytest.mark.slow

CLOSED_FORM = "import quadlaw; print(quadlaw.theory.rates.sample_exponent('linear', 3, 1.5))"
KERNEL = """
import os
from quadlaw.theory import closure
print(round(closure.gap_slope(1e-9), 3), os.environ["NUMBA_CACHE_DIR"])
"""


@pytest.fixture
def run(tmp_path):
    """Runs a line of Python with a copy of the package in which no cache can be made.

    A file in a cache's place keeps even root from making it.
    """
    left_out = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "workflow/quadlaw", tmp_path / "quadlaw", ignore=left_out)
    for module in list((tmp_path / "quadlaw").rglob("*.py")):
        (module.parent / "__pycache__").touch()
    (tmp_path / "tmp").mkdir()
    kept = {key: value for key, value in os.environ.items() if key != "NUMBA_CACHE_DIR"}
    closed = {"HOME": "/dev/null", "XDG_CACHE_HOME": "/dev/null", "TMPDIR": str(tmp_path / "tmp")}

    def run(line, **more):
        return subprocess.run(
            [sys.executable, "-c", line], cwd=tmp_path, env=kept | closed | more, text=True,
            capture_output=True, check=False,
        )  # fmt: skip

    return run


def test_a_read_only_package_and_home_take_a_temporary_folder(run, tmp_path):
    for line, found in ((CLOSED_FORM, "0.16"), (KERNEL, f"0.5 {tmp_path}/tmp/quadlaw-")):
        process = run(line)
        assert process.returncode == 0 and process.stdout.startswith(found), process.stderr
        assert process.stderr.startswith("quadlaw: compiled code goes into ")
        assert process.stderr.count("\n") == 1
    assert not [*(tmp_path / "tmp").iterdir()]  # removed at the end


def test_a_place_that_is_named_is_taken_without_a_word(run, tmp_path):
    process = run(KERNEL, NUMBA_CACHE_DIR=str(tmp_path / "named"))
    assert process.stderr == "" and process.stdout == f"0.5 {tmp_path}/named\n"
    assert [*(tmp_path / "named").rglob("*.nbc")]


def test_without_the_temporary_folder_the_import_would_fail(run, tmp_path):
    """The control: these are places where Numba keeps nothing."""
    path = tmp_path / "quadlaw/__init__.py"
    path.write_text(path.read_text().replace("\nensure_cache()", "\n"))
    process = run(CLOSED_FORM)
    assert process.returncode == 1 and "no locator available" in process.stderr


def test_make_gives_snakemake_a_cache_where_home_has_none(tmp_path):
    def cache(home):
        show = ["make", "--eval", "show: ; @echo $$XDG_CACHE_HOME", "show"]
        env = {"PATH": os.environ["PATH"], "HOME": str(home)}
        return subprocess.run(show, cwd=ROOT, env=env, text=True, capture_output=True, check=True)

    assert cache("/dev/null").stdout == f"{ROOT}/build/cache\n"
    assert cache(tmp_path).stdout == "\n"
