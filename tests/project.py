"""Copies of the project, and Snakemake in them as users run it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PARTS = ["Snakefile", "config", "profiles", "envs", "workflow", "notebooks"]
SMOKE = ["--configfile", "config/smoke.yaml"]
OUTPUT, MEMORY = Path("build/smoke"), Path(".snakemake")


def copy_project(folder):
    folder.mkdir(exist_ok=True)
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part)  # with the compiled kernels, if there are any
        else:
            shutil.copy2(source, folder / part)
    return folder


def edit(path, old, new):
    """Put ``new`` in the place of the first ``old``, which a file must have."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def start(folder, *arguments, configuration=SMOKE):
    """Snakemake of this environment, without the environment's programs in PATH."""
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments, *configuration]
    return subprocess.Popen(
        command, cwd=folder, start_new_session=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def snakemake(folder, *arguments, expect=0, **options):
    process = start(folder, *arguments, **options)
    output, _ = process.communicate(timeout=3600)  # a smoke run on a busy machine
    assert process.returncode == expect, output[-5000:]
    return output


def planned(folder, *arguments):
    """How many jobs of each rule a run would start."""
    return jobs_of(snakemake(folder, "--dry-run", *arguments))


def jobs_of(output):
    """How many jobs of each rule a run or a plan says that it has."""
    stats = output.split("Job stats:")[-1] if "Job stats:" in output else ""
    return {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", stats, re.MULTILINE)}


def put_back(folder, undisturbed):
    """Make what a run wrote, and what Snakemake knows of it, again as they were when it ended."""
    for part in (OUTPUT, MEMORY):
        shutil.rmtree(folder / part)
        shutil.copytree(undisturbed / part, folder / part, symlinks=True)


def results(folder):
    """Bytes of all tables and figures; logs, run times and the store of points are no results."""
    kept = [*folder.glob(f"{OUTPUT}/figures/*"), *folder.glob(f"{OUTPUT}/results/**/*.csv")]
    kept += folder.glob(f"{OUTPUT}/results/**/*.parquet")
    named = {str(path.relative_to(folder)): path for path in kept}
    others = ("/points/", "/benchmark.csv")
    return {
        name: path.read_bytes()
        for name, path in named.items()
        if not any(other in name for other in others)
    }
