"""The workflow as users run it, on a copy of the project with the smoke configuration."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

from project import OUTPUT, ROOT, copy_project, jobs_of, planned, put_back, results, snakemake
from quadlaw.base.documents import from_yaml
from quadlaw.ledger.statements import VERDICTS
from quadlaw.studies import study

CONFIG = from_yaml((ROOT / "config/config.yaml").read_text())
FIGURES = list(CONFIG["studies"])
SIMULATED = [name for name in FIGURES if study(name).simulates]
# Of each kind one: curves against T, the plane, by theory alone; for weights see test_edit.py.
SOME_FIGURES = ["sample_scaling", "phase_diagram", "asymptotics"]

pytestmark = pytest.mark.workflow


def test_smoke_run_builds_everything_from_nothing(undisturbed):
    for name in FIGURES:
        for kind in ("pdf", "svg", "png"):
            assert (undisturbed / OUTPUT / "figures" / f"{name}.{kind}").stat().st_size > 5_000


@pytest.fixture
def edit(finished, undisturbed):
    """Change a file of the finished project; files and results are put back afterwards."""
    before = {}

    def change(path, old, new):
        file = finished / path
        before.setdefault(file, (file.read_text(), file.stat()))
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new, 1))

    yield change
    for file, (text, stat) in before.items():
        file.write_text(text)
        os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    put_back(finished, undisturbed)


def test_an_edited_notebook_reruns_its_figure_alone_and_a_comment_nothing(finished, edit):
    comment = "# a comment changes nothing\nimport numba"
    edit("workflow/quadlaw/models/loop.py", "import numba", comment)
    edit("notebooks/model_scaling.ipynb", "excess risk", "risk above the noise")
    after = {"benchmark_table": 1, "provenance": 1, "report_pages": 1, "paper": 1, "all": 1}
    before = results(finished)
    output = snakemake(finished)
    assert jobs_of(output) == {"figure": 1, **after, "total": 6}
    assert "Figure model_scaling" in output and "Figure sample_scaling" not in output
    changed = {path for path, data in results(finished).items() if before[path] != data}
    assert changed == {
        str(OUTPUT / f"figures/model_scaling.{kind}") for kind in ("pdf", "svg", "png")
    }


def test_an_extended_grid_runs_only_its_new_points(finished, edit):
    store = finished / OUTPUT / "results/points"
    before = {path: path.stat().st_mtime_ns for path in store.iterdir()}
    own = "studies: {sample_scaling: {samples: [1024, 4096, 8192, 65536]}}"
    edit("config/smoke.yaml", "smoke: true", f"smoke: true\n{own}")
    snakemake(finished, str(OUTPUT / "results/sample_scaling/curves.csv"))
    after = {path: path.stat().st_mtime_ns for path in store.iterdir()}
    assert {path: after[path] for path in before} == before
    assert len(after) == len(before) + 3  # one new point for each of three problems


def test_an_edited_module_reruns_what_depends_on_it(finished, edit):
    runs = len(list((finished / OUTPUT / "results").glob("*/runs/*.parquet")))
    assert runs >= len(SIMULATED)
    trainer, other = "import numpy as np", "import numpy as np\n\nOTHER = 1"
    edit("workflow/quadlaw/sgd/train.py", trainer, other)
    jobs = planned(finished)
    assert jobs["sgd_runs"] == runs
    assert "tuned" not in jobs  # no simulation in it
    edit("workflow/quadlaw/sgd/train.py", other, trainer)
    edit("workflow/quadlaw/fit/curves.py", "risk.median()", "risk.median() * 1.0")
    jobs = planned(finished)
    assert jobs["rate_fits"] == len(FIGURES) and jobs["figure"] >= 3
    assert "tuned" not in jobs and "spectrum" not in jobs
    # Designs are made again, as a study's one module holds them too; no point is simulated again.
    store = finished / OUTPUT / "results/points"
    before = {path: path.stat().st_mtime_ns for path in store.iterdir()}
    some = ("sample_scaling", "model_scaling", "spectral_mismatch")
    snakemake(finished, *[str(OUTPUT / f"results/{name}/curves.csv") for name in some])
    assert {path: path.stat().st_mtime_ns for path in store.iterdir()} == before


def test_the_smoke_run_computes_the_whole_ledger(undisturbed):
    ledger = pd.read_csv(undisturbed / OUTPUT / "results/claims.csv")
    claims = from_yaml((ROOT / "config/claims.yaml").read_text())
    assert set(ledger["claim"]) == {claim["id"] for claim in claims}
    assert set(ledger["verdict"]) <= {"reproduced", "not reproduced", "inconclusive"}
    assert set(ledger["figure"]) == set(FIGURES)
    statements = pd.read_csv(undisturbed / OUTPUT / "results/statements.csv")
    stated = from_yaml((ROOT / "config/statements.yaml").read_text())
    assert list(statements["id"]) == [one["id"] for one in stated]
    assert set(statements["verdict"]) <= set(VERDICTS)


def test_a_changed_verdict_stops_the_run_and_is_named(finished, edit):
    edit("config/smoke.yaml", "ledger: {verdicts: null}", "ledger: {verdicts: config/known.csv}")
    target, known = str(OUTPUT / "results/verdicts.csv"), finished / "config/known.csv"
    ledger = pd.read_csv(finished / OUTPUT / "results/claims.csv")
    ledger.to_csv(known, index=False)
    snakemake(finished, target)
    other = {"reproduced": "inconclusive"}.get(ledger.loc[0, "verdict"], "reproduced")
    ledger.assign(verdict=[other, *ledger["verdict"][1:]]).to_csv(known, index=False)
    output = snakemake(finished, target, expect=1)
    first = ledger.loc[0]
    assert f"{first['claim']}, {first['model']}" in output
    assert f"{other} -> {first['verdict']}" in output
    known.unlink()


def test_a_figure_can_be_asked_for_by_name(finished):
    target = str(OUTPUT / "figures/sample_scaling.pdf")
    assert planned(finished, "--force", target) == {"figure": 1, "total": 1}


def test_the_figures_of_the_first_page_take_their_own_jobs_alone(finished):
    """As in `make smoke`: a minute, for three figures with all the stages before them."""
    jobs = planned(finished, "first_page", "--forceall")
    assert {jobs[step] for step in ("design", "sgd_runs", "theory", "rate_fits", "figure")} == {3}
    assert jobs["total"] == 20 and "claims" not in jobs


def test_a_notebook_runs_without_the_workflow(undisturbed, tmp_path):
    """In plain Jupyter, a notebook draws from the last full run's tables: one of each kind."""
    folder = copy_project(tmp_path)
    shutil.copytree(undisturbed / OUTPUT / "results", folder / "results")
    environment = os.environ | {"PYTHONPATH": str(folder / "workflow")}

    def execute(name):
        notebook, executed = f"notebooks/{name}.ipynb", f"{name}-executed.ipynb"
        command = [sys.executable, "-m", "papermill", notebook, executed]
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(execute, SOME_FIGURES))
    for name in SOME_FIGURES:
        drawn = (folder / "figures" / f"{name}.png").read_bytes()
        assert drawn == (undisturbed / OUTPUT / "figures" / f"{name}.png").read_bytes(), name


@pytest.mark.parametrize("name", FIGURES)
def test_every_notebook_has_its_stand_in(name):
    """The line that makes it run in plain Jupyter, with its own name."""
    text = (ROOT / "notebooks" / f"{name}.ipynb").read_text()
    assert f'plotting.stand_in(\\"{name}\\")' in text
