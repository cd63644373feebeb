"""The page on extending the project, executed: its files, written into a copy as they stand."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass

import nbformat
import numpy as np
import pandas as pd
import pytest

from project import OUTPUT, ROOT, copy_project, snakemake
from quadlaw.base.documents import from_yaml
from quadlaw.ledger import claims

PAGE = (ROOT / "docs/extending.md").read_text()
HEAD = re.compile(r"^(?P<append>Append to )?`(?P<path>[\w./]+)`(, under `studies:`)?:\n\n", re.M)
BLOCK = re.compile(r"```(?P<language>\w+)\n(?P<text>.*?)^```\n\n?", re.M | re.S)


@dataclass
class File:
    """A file of the page: its path, its blocks of code, and whether they go to its end."""

    path: str
    append: bool
    blocks: list[tuple[str, str]]

    def write(self, folder):
        target = folder / self.path
        assert target.exists() == self.append, target
        if self.path.endswith(".ipynb"):
            make = {"markdown": nbformat.v4.new_markdown_cell, "python": nbformat.v4.new_code_cell}
            copied = nbformat.read(folder / "notebooks/sample_scaling.ipynb", as_version=4)
            copied.cells = [make[language](text.rstrip()) for language, text in self.blocks]
            nbformat.write(copied, target)
            return
        ((_, text),) = self.blocks
        target.write_text(target.read_text() + "\n" + text if self.append else text)


def files(heading):
    """The files of a section of the page, in order."""
    section = re.split(r"^## ", PAGE, flags=re.M)
    (text,) = [part for part in section if part.startswith(f"{heading}\n")]
    found = []
    for head in HEAD.finditer(text):
        blocks, end = [], head.end()
        while block := BLOCK.match(text, end):
            blocks.append((block["language"], block["text"]))
            end = block.end()
        found.append(File(head["path"], bool(head["append"]), blocks))
    return found


MODEL, SCHEDULE, STUDY = files("A model"), files("A schedule"), files("A study")


def contents(folder):
    kept = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in str(path)]
    return {str(path.relative_to(folder)): path.read_bytes() for path in kept}


def python(folder, program, *arguments, expect=0):
    """A program in the copy's package, as of a user of the copy."""
    environment = os.environ | {"PYTHONPATH": str(folder / "workflow")}
    command = [sys.executable, "-c", program, *map(str, arguments)]
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert ended.returncode == expect, ended.stdout + ended.stderr
    return ended.stdout if expect == 0 else ended.stderr


def command(folder, line, **options):
    """The command line, as the page writes it."""
    words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', line)]
    return python(folder, "from quadlaw.cli import main; main()", *words[1:], **options)


def shown(heading):
    """The command that a section shows."""
    (line,) = re.findall(rf"^## {heading}\n.*?```sh\n(.*?)\n```", PAGE, flags=re.M | re.S)
    return line


STATE = """
import json
from quadlaw.base.provenance import code_hash
from quadlaw.fit.points import point_key
from quadlaw.ledger.config import read
from quadlaw.ledger.cost import estimate
from quadlaw.ledger.plans import plans
from quadlaw.studies import names

lane = {"model": "quadratic", "model_size": 8, "step_size": 0.1, "init": 0.5}
point = {"alpha": 2.5, "beta": 1.5, "sigma": 0.5, "schedule": "two-phase 0.5", "samples": 64}
point |= {"replicates": 2, "lanes": [lane], "range": [0, 2]}
key = point_key(point, 0, "float32", code_hash("quadlaw.fit.points"))
cost = estimate(plans(read([]))).set_index("rule")[["jobs", "core_seconds"]].to_dict("index")
print(json.dumps({"key": key, "cost": cost, "studies": names()}))
"""


@pytest.fixture(scope="module")
def extended(tmp_path_factory):
    """A copy with all that the page adds, and which files each part touched."""
    folder = copy_project(tmp_path_factory.mktemp("extended") / "project")
    before, touched = contents(folder), {}
    for name, some in {"model": MODEL, "schedule": SCHEDULE, "study": STUDY}.items():
        for file in some:
            file.write(folder)
        after = contents(folder)
        touched[name] = {path for path in after if after[path] != before.get(path)}
        before = after
    return folder, touched


@pytest.fixture(scope="module")
def states(extended):
    """What ``STATE`` says of the project, and of the copy with all that the page adds."""
    return [json.loads(python(folder, STATE)) for folder in (ROOT, extended[0])]


@pytest.mark.slow
def test_a_model_and_a_schedule_are_one_file_and_a_study_is_four(extended):
    _, touched = extended
    assert [len(touched[name]) for name in ("model", "schedule", "study")] == [1, 1, 4]
    for name, some in (("model", MODEL), ("schedule", SCHEDULE), ("study", STUDY)):
        assert touched[name] == {file.path for file in some}


@pytest.mark.slow
def test_finished_points_keep_their_keys_and_the_new_study_is_counted(states):
    before, after = states
    assert after["key"] == before["key"]
    assert set(after["studies"]) - set(before["studies"]) == {"plateau"}
    for rule, jobs in {"sgd_runs": 1, "design": 1, "theory": 1, "figure": 1}.items():
        assert after["cost"][rule]["jobs"] >= before["cost"][rule]["jobs"] + jobs
        assert after["cost"][rule]["core_seconds"] > before["cost"][rule]["core_seconds"]


WITHOUT_THEORY = """
import pandas as pd
import quadlaw
from quadlaw.fit.designs import predicted

settings = {"model_size": 16, "samples": 256, "step_size": 0.1, "init": 0.5}
problem = quadlaw.PowerLaw(2.5, 1.5, 0.5)
runs = quadlaw.simulate(problem, model=["hyperbolic", "quadratic"], replicates=3, **settings)
assert len(runs) == 6 and not runs["diverged"].any()
assert runs["excess_risk"].between(0, quadlaw.PowerLaw(2.5, 1.5).tail(0)).all()
labels = {"alpha": 2.5, "beta": 1.5, "sigma": 0.5, "schedule": "two-phase 0.5", "replicates": 3}
design = pd.DataFrame([{"model": name} | labels | settings for name in set(runs["model"])])
print(predicted(design).set_index("model")["theory"].to_json())
"""


@pytest.mark.slow
def test_a_new_model_runs_beside_others_and_has_no_theory(extended):
    folder = extended[0]
    *words, table = python(folder, WITHOUT_THEORY).splitlines()
    theory = json.loads(table)
    assert theory["hyperbolic"] is None and theory["quadratic"] > 0  # None is NaN in JSON
    (line,) = words
    assert "no prediction for" in line and "has no theory" in line


@pytest.mark.slow
def test_the_command_line_knows_a_new_model(extended):
    result = json.loads(command(extended[0], shown("A model") + " --replicates 4 --json"))
    assert result["model"] == "hyperbolic" and result["theory"] is None
    assert 0 < result["risk"] < 1 and result["diverged_share"] == 0
    refused = shown("A model").replace("--step-size 0.1", "--tuned")
    (line,) = command(extended[0], refused, expect=2).splitlines()
    assert line.startswith("quadlaw: model = 'hyperbolic': has no theory")


@pytest.mark.slow
def test_the_command_line_knows_a_new_schedule_and_its_theory(extended):
    result = json.loads(command(extended[0], shown("A schedule") + " --json"))
    assert result["schedule"] == "inverse-root 0.01"
    assert 0.8 < result["risk"] / result["theory"] < 1.2
    wrong = shown("A schedule").replace("0.01", "0")
    (line,) = command(extended[0], wrong, expect=2).splitlines()
    assert line == (
        "quadlaw: schedule = 'inverse-root 0': rate = 0: a step size that decays has a rate above 0"
    )


@pytest.mark.slow
def test_a_schedule_from_nowhere_is_its_factor(extended):
    program = """
import numpy as np
from quadlaw.sgd.schedules import InverseRoot, named

schedule = named("inverse-root 0.5")
assert schedule == InverseRoot(0.5)
assert np.allclose(schedule.factor(np.array([0, 6, 48]), 64), [1, 0.5, 0.2])
"""
    python(extended[0], program)


@pytest.mark.slow
def test_a_key_of_a_new_study_is_refused_in_one_line(extended):
    folder = extended[0]
    (folder / "bad.json").write_text('{"studies": {"plateau": {"step_size": 5}}}')
    line = command(folder, "quadlaw estimate --configfile bad.json", expect=2)
    shown_line = re.search(r"^studies\.plateau\.step_size = 5.*$", PAGE, re.M)[0]
    assert line == f"quadlaw: {shown_line}\n"


@pytest.mark.slow
def test_a_model_with_weight_decay_is_refused(extended, tmp_path):
    """By the last line of what Python says, which is that of the page."""
    folder = copy_project(tmp_path / "project")
    ((_, text),) = MODEL[0].blocks
    decaying = text.replace("return v -", "return 0.99 * v -").replace('"hyperbolic"', '"decay"')
    (folder / "workflow/quadlaw/models/decay.py").write_text(decaying)
    *_, line = python(folder, "import quadlaw.models", expect=1).splitlines()
    assert line in PAGE.splitlines()


@pytest.mark.workflow
def test_a_new_study_runs_to_its_figure_and_its_claim(extended):
    folder = extended[0]
    figure, estimates = OUTPUT / "figures/plateau.pdf", OUTPUT / "results/plateau/estimates.csv"
    snakemake(folder, str(figure), str(estimates))
    for kind in ("pdf", "svg", "png"):
        assert (folder / figure).with_suffix(f".{kind}").stat().st_size > 5_000
    curves = pd.read_csv((folder / estimates).with_name("curves.csv"))
    assert set(curves["samples"]) == {64, 256, 1024} and set(curves["replicates"]) == {6}
    assert np.isfinite(curves["theory"]).all() and (curves["risk"] > curves["floor"]).all()
    every = from_yaml((folder / "config/claims.yaml").read_text())
    mine = [claim for claim in every if claim["figure"] == "plateau"]
    table = claims.ledger(mine, {"plateau": pd.read_csv(folder / estimates)})
    assert set(table["claim"]) == {"plateau-floor"} and len(table) == 2
    assert set(table["verdict"]) <= {"reproduced", "not reproduced", "inconclusive"}
    assert (table["kind"] == claims.SIMULATION).all()
