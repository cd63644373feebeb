"""What jobs ask for; and, with `make test-slurm`, the workflow through SLURM, disturbed."""

import os
import re
import signal
import subprocess
import sys
from collections import Counter

import psutil
import pytest

from project import OUTPUT, ROOT, SMOKE, copy_project, planned, results, snakemake
from quadlaw.base.documents import from_yaml
from slurm import Cluster, missing

PROFILE = from_yaml((ROOT / "profiles/slurm/config.yaml").read_text())
ASKED = PROFILE["set-resources"]
SNAKEMAKE = 285  # MB; it runs twice within a job
FEW = ["phase_transition/estimates.csv"]  # three jobs, and more where Snakemake itself runs
SECONDS = 3600  # for a whole run, at most


@pytest.fixture
def cluster(tmp_path, request):
    if not request.config.getoption("--slurm"):
        pytest.skip("make test-slurm runs it")
    if reason := missing():
        pytest.skip(reason)
    with Cluster(tmp_path / "slurm") as one:
        yield one


def start(cluster, folder, targets):
    """The workflow as the profile says, but for waiting less."""
    options = ["--workflow-profile", "profiles/slurm"]
    options += ["--slurm-init-seconds-before-status-checks", "2"]
    return subprocess.Popen(
        [sys.executable, "-m", "snakemake", *targets, *options, *SMOKE], cwd=folder, text=True,
        env=cluster.environment, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def running_job(cluster):
    return cluster.ask("squeue", "--noheader", "--states=running", "--format=%i").split()[:1]


def running_script(folder, job):
    """The process of a rule's script in another job of the folder than this one."""
    scripts = str(folder / ".snakemake/scripts/")
    for process in psutil.process_iter():
        try:
            if scripts in " ".join(process.cmdline()) and (
                process.environ().get("SLURM_JOB_ID", job) != job
            ):
                return process
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return None


def disturb(cluster, folder):
    """Cancel a job, kill what another one runs, and restart the controller."""
    (job,) = cluster.wait(lambda: running_job(cluster), 120)
    cluster.ask("scancel", job)
    cluster.wait(lambda: running_script(folder, job), 120).kill()
    cluster.stop_daemon("slurmctld")
    cluster.start_controller()


def test_every_rule_has_its_resources_or_runs_where_snakemake_does():
    text = "".join(path.read_text() for path in (ROOT / "workflow/rules").iterdir())
    rules = set(re.findall(r"^rule (\w+):", text, re.MULTILINE))
    local = (ROOT / "Snakefile").read_text().split("localrules:")[1].split("\n\n")[0]
    local = set(re.findall(r"\w+", local)) - {"all"}
    assert len(rules) >= 13 and local | ASKED.keys() == rules
    assert local.isdisjoint(ASKED)


def test_the_documented_resources_are_the_profiles_with_their_margins():
    rows = re.findall(
        r"^\| (\w+) " + r"\| (\d+) " * 5 + r"\|$",
        (ROOT / "docs/scaling.md").read_text(),
        re.MULTILINE,
    )
    assert {row[0] for row in rows} == ASKED.keys()
    for rule, *numbers in rows:
        _, longest, peak, memory, minutes = map(int, numbers)
        asked = {"mem_mb": f"{memory} * attempt", "runtime": f"{minutes} * attempt"}
        assert ASKED[rule] == asked
        assert memory >= 1.5 * peak + 2 * SNAKEMAKE and 60 * minutes >= 10 * longest


@pytest.mark.slurm
@pytest.mark.parametrize("names", [FEW, []], ids=["few", "all"])
def test_a_disturbed_run_through_slurm_ends_with_the_bytes_of_a_local_one(cluster, tmp_path, names):
    targets = [str(OUTPUT / "results" / name) for name in names]
    local, remote = (copy_project(tmp_path / name) for name in ("local", "remote"))
    process = start(cluster, remote, targets)
    try:
        disturb(cluster, remote)
        output, _ = process.communicate(timeout=SECONDS)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, output[-5000:]
    states = cluster.ask("squeue", "--noheader", "--states=all", "--format=%T").split()
    print(Counter(states))
    assert Counter(states).keys() == {"CANCELLED", "FAILED", "COMPLETED"}
    sent = sum(count for rule, count in planned(local, *targets).items() if rule in ASKED)
    assert states.count("COMPLETED") == sent > 1
    snakemake(local, *targets)
    again, undisturbed = results(remote), results(local)
    assert len(again) > 5 and again.keys() == undisturbed.keys()
    assert [name for name in again if again[name] != undisturbed[name]] == []
