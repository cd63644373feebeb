"""The workflow refuses to begin: one line with what is wrong, exit code 2, nothing written."""

import sys
from types import SimpleNamespace

import pytest

from configurations import CONFIG
from project import ROOT, copy_project, snakemake
from quadlaw.ledger import cost

# What the workflow does with its configuration first; then follows what is Snakemake's language.
RULES = (ROOT / "workflow/rules/common.smk").read_text().split("\nwildcard_constraints:")[0]
SMALL = CONFIG | {"studies": {"asymptotics": CONFIG["studies"]["asymptotics"]}}
CURVES = CONFIG["studies"]["sample_scaling"] | {"replicates": 100_000}
LONG = {"studies": {"sample_scaling": CURVES}}


def begin(config):
    """The start of the workflow, in this process."""
    workflow = SimpleNamespace(basedir=ROOT, is_main_process=True)
    exec(RULES, {"config": config, "workflow": workflow, "sys": sys})


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(cost, "slowness", lambda: 1.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sigma": -1}, "configuration: sigma = -1: a standard deviation"),
        ({"ledger": {"claims": "nowhere.yaml"}}, "nowhere.yaml: [Errno 2] No such file"),
        ({"ledger": {"statements": "nowhere.yaml"}}, "nowhere.yaml: [Errno 2] No such file"),
        ({"ledger": {"verdicts": "nowhere.csv"}}, "nowhere.csv: [Errno 2] No such file"),
        ({"ledger": {"verdicts": "config/claims.yaml"}}, "config/claims.yaml: "),
        ({"ledger": {"claims": "config/smoke.yaml"}}, "config/smoke.yaml: "),
        ({"ledger": {"statements": "config/claims.yaml"}}, "config/claims.yaml: "),
        (LONG, "configuration: force = False: all takes about"),
    ],
)
def test_the_workflow_refuses_in_one_line(capsys, change, message):
    with pytest.raises(SystemExit) as stop:
        begin(SMALL | change)
    output = capsys.readouterr()
    assert stop.value.code == 2 and output.out == ""
    assert output.err.startswith(message) and output.err.count("\n") == 1


@pytest.mark.parametrize("config", [SMALL, SMALL | LONG | {"force": "true"}])
def test_the_workflow_begins_with_a_good_or_a_forced_configuration(config):
    begin(config)


# --- through Snakemake, where each start takes seconds --------------------------------------------

# What Snakemake says of its own before it reads the workflow.
SNAKEMAKES_LINES = ("Using workflow specific profile", "Config file /")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return copy_project(tmp_path_factory.mktemp("refused") / "project")


@pytest.mark.workflow
@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("sigma: -1", 2, "configuration: sigma = -1: a standard deviation"),
        ("ledger: {statements: nowhere.yaml}", 2, "nowhere.yaml: [Errno 2] No such file"),
        ("sigma: [1", 1, "WorkflowError: Config file is not valid JSON or YAML"),  # its own words
    ],
)
def test_snakemake_ends_before_anything_is_written(folder, text, code, message):
    (folder / "bad.yaml").write_text(text + "\n")
    output = snakemake(folder, configuration=["--configfile", "bad.yaml"], expect=code)
    lines = [line for line in output.splitlines() if not line.startswith(SNAKEMAKES_LINES)]
    assert " ".join(lines).startswith(message)
    assert code == 1 or len(lines) == 1
    assert not any((folder / name).exists() for name in ("results", "build", "figures"))
