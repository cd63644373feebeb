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

from extended import state
from project import OUTPUT, ROOT, copy_project, snakemake
from quadlaw import PowerLaw
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


def python(folder, *arguments):
    """Python with the copy's package, as a user of the copy has it: its end."""
    environment = os.environ | {"PYTHONPATH": str(folder / "workflow")}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def words(line):
    """The arguments of a command line, as the page writes it."""
    return [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', line)][1:]


def shown(heading):
    """The command that a section shows."""
    (line,) = re.findall(rf"^## {heading}\n.*?```sh\n(.*?)\n```", PAGE, flags=re.M | re.S)
    return line


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


A_MODEL, A_SCHEDULE = shown("A model"), shown("A schedule")
LINES = {
    "model": A_MODEL + " --replicates 4 --json",
    "tuned model": A_MODEL.replace("--step-size 0.1", "--tuned"),
    "named schedule": A_SCHEDULE + " --json",
    "bad schedule": A_SCHEDULE.replace("0.01", "0"),
    "bad study": "quadlaw estimate --configfile bad.json",
}


@pytest.fixture(scope="module")
def said(extended):
    """What the program ``extended`` says in the copy, and there the command line to ``LINES``."""
    folder, _ = extended
    (folder / "bad.json").write_text('{"studies": {"plateau": {"step_size": 5}}}')
    lines = json.dumps({name: words(line) for name, line in LINES.items()})
    done = python(folder, ROOT / "tests/extended.py", lines)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_model_and_a_schedule_are_one_file_and_a_study_is_four(extended):
    _, touched = extended
    assert [len(touched[name]) for name in ("model", "schedule", "study")] == [1, 1, 4]
    for name, some in (("model", MODEL), ("schedule", SCHEDULE), ("study", STUDY)):
        assert touched[name] == {file.path for file in some}


@pytest.mark.slow
def test_finished_points_keep_their_keys_and_the_new_study_is_counted(said):
    before, after = state(), said["state"]
    assert after["key"] == before["key"]
    assert set(after["studies"]) - set(before["studies"]) == {"plateau"}
    for rule, jobs in {"sgd_runs": 1, "design": 1, "theory": 1, "figure": 1}.items():
        assert after["cost"][rule]["jobs"] >= before["cost"][rule]["jobs"] + jobs
        assert after["cost"][rule]["core_seconds"] > before["cost"][rule]["core_seconds"]


@pytest.mark.slow
def test_a_new_model_runs_beside_others_and_has_no_theory(said):
    found = said["without_theory"]
    runs, theory = pd.DataFrame(found["runs"]), found["theory"]
    assert list(runs["model"].value_counts()) == [3, 3] and not runs["diverged"].any()
    assert runs["excess_risk"].between(0, PowerLaw(2.5, 1.5).tail(0)).all()
    assert np.isnan(theory["hyperbolic"]) and theory["quadratic"] > 0
    (line,) = found["words"]
    assert "no prediction for" in line and "has no theory" in line


@pytest.mark.slow
def test_the_command_line_knows_a_new_model(said):
    result = json.loads(said["model"]["output"])
    assert result["model"] == "hyperbolic" and result["theory"] is None
    assert 0 < result["risk"] < 1 and result["diverged_share"] == 0
    refusal = refused(said["tuned model"])
    assert refusal.startswith("quadlaw: model = 'hyperbolic': has no theory")


def refused(answer):
    """The one line of a refusal."""
    assert answer["code"] == 2
    (line,) = answer["complaint"].splitlines()
    return line


@pytest.mark.slow
def test_the_command_line_knows_a_new_schedule_and_its_theory(said):
    result = json.loads(said["named schedule"]["output"])
    assert result["schedule"] == "inverse-root 0.01"
    assert 0.8 < result["risk"] / result["theory"] < 1.2
    assert refused(said["bad schedule"]) == (
        "quadlaw: schedule = 'inverse-root 0': rate = 0: a step size that decays has a rate above 0"
    )


@pytest.mark.slow
def test_a_schedule_from_nowhere_is_its_factor(said):
    assert said["schedule"]["same"]
    assert said["schedule"]["factor"] == pytest.approx([1, 0.5, 0.2])


@pytest.mark.slow
def test_a_key_of_a_new_study_is_refused_in_one_line(said):
    shown_line = re.search(r"^studies\.plateau\.step_size = 5.*$", PAGE, re.M)[0]
    assert refused(said["bad study"]) == f"quadlaw: {shown_line}"


def test_a_model_with_weight_decay_is_refused(extended, tmp_path):
    """By the last line of what Python says, which is that of the page."""
    folder = copy_project(tmp_path / "project")
    ((_, text),) = MODEL[0].blocks
    decaying = text.replace("return v -", "return 0.99 * v -").replace('"hyperbolic"', '"decay"')
    (folder / "workflow/quadlaw/models/decay.py").write_text(decaying)
    done = python(folder, "-c", "import quadlaw.models")
    *_, line = done.stderr.splitlines()
    assert done.returncode == 1 and line in PAGE.splitlines()


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
