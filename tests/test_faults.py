"""Runs that are killed and resumed, that cannot write, or that meet another run."""

import itertools
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

from project import OUTPUT, SMOKE, copy_project, planned, results, snakemake, start

# One of each kind: by runs, by runs of more than last risks, and by theory.
SOME = ["noise", "rescaling", "asymptotics", "phase_transition", "sample_scaling", "model_scaling"]
SOME_TABLES = [f"{name}/estimates" for name in SOME]
SPECTRUM = str(OUTPUT / "results/sample_scaling/spectra.parquet")
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGKILL]
LOCKED = ["Directory cannot be locked", "--unlock"]

pytestmark = pytest.mark.workflow


@pytest.fixture(autouse=True)
def interruptible():
    """Shells start what runs in their background with SIGINT ignored, and children inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def points(folder):
    """When each finished point was written."""
    store = folder / OUTPUT / "results/points"
    return {path: path.stat().st_mtime_ns for path in store.glob("[!.]*.parquet")}


def stop(process, number):
    """Signal all of a run's processes, as a terminal, a shutdown and ``kill -9`` do; a shutdown
    kills what has not ended after a while, as Snakemake now and then waits for itself forever."""
    os.killpg(process.pid, number)
    try:
        process.communicate(timeout=15 if number == signal.SIGTERM else 60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        assert number == signal.SIGTERM, f"{number.name} did not end the run:\n{output[-5000:]}"
    assert process.returncode != 0


def unlock(folder):
    """As a user does whose run was killed without a chance to clean up."""
    if any(folder.glob(".snakemake/locks/*")):
        snakemake(folder, "--unlock")


def assert_same(folder, undisturbed):
    again, expected = results(folder), results(undisturbed)
    assert len(again) > 30 and again.keys() <= expected.keys()
    assert [path for path in again if expected[path] != again[path]] == []


def test_a_killed_run_resumes_to_the_same_bytes_and_two_runs_never_mix(undisturbed, tmp_path):
    folder, done = copy_project(tmp_path), {}
    targets = [str(OUTPUT / f"results/{name}.csv") for name in SOME_TABLES]
    for number in SIGNALS:
        process, deadline = start(folder, *targets), time.monotonic() + 600  # of a busy machine
        while len(points(folder)) < len(done) + 4 and time.monotonic() < deadline:
            time.sleep(0.05)
        if number == signal.SIGINT:
            output = snakemake(folder, *targets, expect=1)  # a second run in the same folder
            assert all(text in output for text in LOCKED)
        stop(process, number)
        assert len(points(folder)) > len(done)
        assert not all((folder / target).exists() for target in targets)
        assert done.items() <= points(folder).items()
        done = points(folder)
        unlock(folder)
    output = snakemake(folder, *targets, "--logger", "quadlaw")
    assert re.search(r"(\d+) of \1 jobs done in", output)
    assert done.items() <= points(folder).items()  # nothing computed twice
    assert_same(folder, undisturbed)


@pytest.mark.faults
def test_twenty_kills_at_random_moments_leave_the_same_bytes(undisturbed, tmp_path):
    folder, moments, kills = copy_project(tmp_path), random.Random(9106), 0
    began = time.monotonic()
    planned(folder)
    longest = 4 * (time.monotonic() - began)  # a quarter before the first job, on any machine
    for number in itertools.cycle(SIGNALS):
        moment, done, process = moments.uniform(0, longest), points(folder), start(folder)
        try:
            output, _ = process.communicate(timeout=moment)
        except subprocess.TimeoutExpired:
            stop(process, number)
            kills += 1
            after = points(folder)
            print(f"{kills:2} {number.name} after {moment:5.1f} s: {len(after)} points", flush=True)
            assert done.items() <= after.items()  # nothing lost, nothing computed twice
        else:  # done before, on a fast machine: begin again
            assert process.returncode == 0, output[-5000:]
            assert_same(folder, undisturbed)
            shutil.rmtree(folder / "build")
        unlock(folder)
        if kills == 20:
            break
    snakemake(folder)
    assert results(folder).keys() == results(undisturbed).keys()
    assert_same(folder, undisturbed)


@pytest.fixture
def mounted(tmp_path):
    """Run the smoke workflow in a new copy with a file system of its own for the results."""
    inside = ["unshare", "--map-root-user", "--mount"]
    if not shutil.which("unshare") or subprocess.run([*inside, "true"]).returncode:
        pytest.skip("this system lets its users mount nothing")
    folder = copy_project(tmp_path)
    (folder / OUTPUT / "results").mkdir(parents=True)
    mount = f'mount -t tmpfs -o "$0" none {OUTPUT}/results && exec "$@"'

    def run(options):
        command = [sys.executable, "-m", "snakemake", SPECTRUM, "--cores", "2", *SMOKE]
        process = subprocess.run(
            [*inside, "sh", "-c", mount, options, *command],
            cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert process.returncode == 1, process.stdout
        assert "Traceback" not in process.stdout
        return process.stdout

    return run


def test_results_that_cannot_be_written_are_refused_before_a_job_starts(mounted):
    output = mounted("ro")
    assert f"{OUTPUT}/results: cannot be written to: Read-only file system\n" in output
    assert "Execute" not in output


def test_a_disk_that_fills_up_is_named_in_one_line(mounted):
    output = mounted("size=12k")
    assert "\nOSError: [Errno 28] No space left on device (see build/smoke/results/logs" in output
