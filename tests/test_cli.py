"""The command line as users call it; what it refuses is in test_bad_input.py."""

import json
import re
import shlex
import subprocess
import sys
from functools import cache

import numpy as np
import pandas as pd
import pytest

import quadlaw
from quadlaw.cli import main, parser, plots
from quadlaw.theory import planning, tuned_step

ARGUMENTS = ["predict", "--alpha", "2.5", "--beta", "1.5", "--samples", "1e9"]
PREDICT = [*ARGUMENTS, "--model-size", "1e3"]
SETTING = ["--alpha", "2.5", "--beta", "1.5", "--samples", "256", "--model-size", "16"]
SIMULATE = ["simulate", *SETTING, "--replicates", "7", "--seed", "3"]
ONCE = cache(planning.plan)  # a plan takes seconds, and several tests ask for the same


@pytest.fixture(autouse=True)
def planned_once(monkeypatch):
    monkeypatch.setattr(planning, "plan", ONCE)


def printed(capsys, line):
    main([*line, "--json"])
    return json.loads(capsys.readouterr().out)


@pytest.mark.slow
def test_predict_prints_the_theory_of_both_models(capsys):
    result = printed(capsys, [*ARGUMENTS, "--model-size", "1e6"])
    assert result["quadratic"]["sample_exponent"] == 0.25
    assert result["linear"]["sample_exponent"] == pytest.approx(0.2)
    assert result["quadratic"]["effective_dimension"] == pytest.approx(10**4.5)
    assert 0 < result["quadratic"]["excess_risk"] < result["linear"]["excess_risk"] < 0.2
    main([*ARGUMENTS, "--model-size", "1e6"])
    assert "excess_risk" in capsys.readouterr().out


def planned(compute=None, samples=None, risk=None):
    """The package's plan, asked for as the command line does."""
    problem = quadlaw.PowerLaw(2.5, 1.5, 0.4)
    return planning.plan(problem, compute=compute, samples=samples, risk=risk)


@pytest.mark.slow
@pytest.mark.parametrize("budget", [{"compute": 1e6}, {"samples": 4096}, {"risk": 0.5}])
def test_plan_prints_the_plan_of_the_package(capsys, monkeypatch, budget):
    ((key, value),) = budget.items()
    line = ["plan", "--alpha", "2.5", "--beta", "1.5", "--sigma", ".4", f"--{key}", str(value)]
    known = planned(**budget)
    assert printed(capsys, line) == known
    monkeypatch.setattr(planning, "plan", lambda *_, **__: known)
    main(line)
    table, reason, shares = re.split(r"\n\n|\nstep sizes", capsys.readouterr().out)
    assert "share_of_edge" in table and table.split()[:2] == ["quadratic", "linear"]
    assert reason.startswith("use the linear model: its ") and "0.9 (the linear)" in shares


@pytest.mark.slow
def test_plan_leaves_out_a_model_that_does_not_reach_the_risk(capsys, monkeypatch):
    result = planned(compute=1e6) | {"linear": None}
    monkeypatch.setattr(planning, "plan", lambda *_, **__: result)
    main(["plan", "--alpha", "2.5", "--beta", "1.5", "--risk", ".001"])
    assert capsys.readouterr().out.split()[:2] == ["quadratic", "model_size"]


HEADS = {".png": b"\x89PNG", ".pdf": b"%PDF", ".svg": b"<?xml"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "ending"),
    [
        ("predict --samples 1e5 --model-size 100", ".png"),
        ("plan --compute 1e6", ".pdf"),
        ("plan --samples 4096", ".svg"),
        ("plan --risk .5", ".png"),
    ],
)
def test_a_plot_goes_through_what_is_printed(capsys, tmp_path, monkeypatch, line, ending):
    drawn = []
    write = plots._write
    monkeypatch.setattr(plots, "_write", lambda *given: (drawn.append(given), write(*given)))
    path = tmp_path / f"new/plot{ending}"
    command, *rest = line.split()
    problem = ["--alpha", "2.5", "--beta", "1.5", "--sigma", ".4"]
    result = printed(capsys, [command, *problem, *rest, "--plot", str(path)])
    assert path.read_bytes().startswith(HEADS[ending])
    ((_, parts, *_),) = drawn
    for model, (_, curve, (x, risk)) in parts.items():
        assert risk == result[model]["excess_risk"]
        assert (np.diff(curve[:, 1]) < 0).all() and len(curve) >= 5
        at_dot = np.exp(np.interp(np.log(x), *np.log(curve).T))
        assert at_dot == pytest.approx(risk, rel=0.01)  # on the curve, at the dot's place


@pytest.mark.slow
@pytest.mark.parametrize("name", ["runs.parquet", "runs.csv"])
def test_simulate_gives_the_runs_of_the_package(capsys, tmp_path, name):
    problem = quadlaw.PowerLaw(2.5, 1.5, 0.5)
    expected = quadlaw.simulate(
        problem, model_size=16, samples=256, step_size=0.1, init=0.3, replicates=7, seed=3
    )["excess_risk"]
    line = [*SIMULATE, "--step-size", ".1", "--init", ".3", "--output", str(tmp_path / name)]
    result = printed(capsys, line)
    assert result["runs"] == expected.tolist() and result["risk"] == expected.median()
    assert result["ci_low"] <= result["risk"] <= result["ci_high"] and result["replicates"] == 7
    read = {"runs.parquet": pd.read_parquet, "runs.csv": pd.read_csv}[name]
    assert read(tmp_path / name)["excess_risk"].tolist() == pytest.approx(expected, rel=1e-5)


@pytest.mark.slow
def test_simulate_leaps_if_asked_to(capsys):
    problem = quadlaw.PowerLaw(2.5, 1.5, 0.5)
    setting = {"model_size": 16, "samples": 256, "step_size": 0.1, "init": 0.3}
    runs = quadlaw.simulate(problem, replicates=7, seed=3, method="leaps", accuracy=0.25, **setting)
    line = [*SIMULATE, "--step-size", ".1", "--init", ".3", "--method", "leaps"]
    result = printed(capsys, [*line, "--accuracy", ".25"])
    assert result["runs"] == runs["excess_risk"].tolist() and result["method"] == "leaps 0.25"
    for more, words in (
        (["--accuracy", "2"], "accuracy = 2.0: lies"),
        (["--model", "relu"], "relu"),
    ):
        with pytest.raises(SystemExit) as stopped:
            main([*line, *more])
        fault = capsys.readouterr().err
        assert stopped.value.code == 2 and words in fault and fault.count("\n") == 1


def test_simulate_takes_the_step_size_of_the_theory(capsys):
    problem = quadlaw.PowerLaw(2.5, 1.5, 0.5)
    result = printed(capsys, [*SIMULATE, "--tuned", "--scale", ".4"])
    setting = {"model_size": 16, "samples": 256}
    tuned = tuned_step("quadratic", problem, init=result["init"], **setting)
    assert result["step_size"] == tuned.step_size and result["theory"] == tuned.risk
    assert result["init"] == 0.4  # in units of one for alpha > beta
    assert 0.5 < result["risk"] / result["theory"] < 1.5


@pytest.mark.parametrize("model", ["quadratic", "linear"])
def test_a_step_size_beyond_the_stability_edge_is_warned_of_with_the_edge(capsys, model):
    edge = quadlaw.theory.stability_edge(quadlaw.PowerLaw(2.5, 1.5), 16, model)
    for factor, lines in ((1.01, 1), (0.99, 0)):
        main([*SIMULATE, "--model", model, "--step-size", str(factor * edge)])
        output = capsys.readouterr()
        assert output.err.count("\n") == lines and "theory" in output.out
        assert (f"beyond the stability edge of {edge:.6g}" in output.err) == bool(lines)


def test_what_is_not_finite_is_null_in_json(capsys):
    result = printed(capsys, [*SIMULATE, "--step-size", "900", "--init", "1"])
    assert result["risk"] is None and result["theory"] is None and result["diverged_share"] == 1


def test_the_bar_is_for_terminals_alone(capsys):
    main([*SIMULATE, "--step-size", ".1"])
    output = capsys.readouterr()
    assert output.err == "" and "excess_risk" not in output.out and "theory" in output.out


@pytest.mark.slow
def test_estimate_sums_up_its_rules(capsys):
    result = printed(capsys, ["estimate", "--cores", "4"])
    rules = pd.DataFrame(result["rules"])
    assert result["total"]["core_seconds"] == pytest.approx(rules["core_seconds"].sum())
    assert result["total"]["cores"] == 4 and {"sgd_runs", "rate_fits", "tuned", "figure"} <= set(
        rules["rule"]
    )
    assert result["refused"] is None


def test_a_failure_has_exit_code_1(capsys, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit) as stop:
        main([*SIMULATE, "--step-size", ".1", "--output", str(tmp_path / "file" / "runs.csv")])
    output = capsys.readouterr()
    assert stop.value.code == 1 and output.err.count("\n") == 1 and "Error" in output.err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "code", "words"),
    [("| true", 141, ""), (">&-", 0, ""), (">/dev/full", 1, "quadlaw: OSError: [Errno 28] ")],
)
def test_output_that_nobody_takes_ends_without_a_traceback(target, code, words):
    line = shlex.join([sys.executable, "-c", "from quadlaw.cli import main; main()", *PREDICT])
    shell = ["bash", "-c", f"{line} {target}; exit ${{PIPESTATUS[0]}}"]
    done = subprocess.run(shell, capture_output=True, text=True, check=False)
    assert done.returncode == code and done.stderr.count("\n") == bool(words)
    assert done.stderr.startswith(words)


@pytest.mark.parametrize("command", ["predict", "plan", "simulate", "fit", "estimate"])
def test_help_has_examples_that_are_understood(capsys, command):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    text = capsys.readouterr().out
    assert stop.value.code == 0 and "exit codes: 0 done" in text
    examples = [
        shlex.split(line)[1:] for line in text.splitlines() if line.startswith("  quadlaw ")
    ]
    assert examples and all(parser().parse_args(one).command == command for one in examples)


@pytest.mark.slow
def test_without_arguments_three_examples_are_shown_that_run(capsys):
    main([])
    text = capsys.readouterr().out
    examples = [line.split()[1:] for line in text.splitlines() if line.startswith("  quadlaw ")]
    assert [one[0] for one in examples] == ["predict", "plan", "simulate"]
    for one in examples:
        main(one)
        output = capsys.readouterr()
        assert output.err == "" and len(output.out.splitlines()) > 5


def test_version_and_completion(capsys):
    lines = {("--version",): "0.", ("--print-completion", "bash"): "--model-size"}
    for options, expected in lines.items():
        with pytest.raises(SystemExit) as stop:
            main(list(options))
        assert stop.value.code == 0 and expected in capsys.readouterr().out


def test_completion_is_valid_bash(capsys):
    with pytest.raises(SystemExit):
        main(["--print-completion", "bash"])
    script = capsys.readouterr().out
    assert "plan" in script and "--risk" in script
    valid, broken = (
        subprocess.run(["bash", "-n"], input=text, text=True, check=False, capture_output=True)
        for text in (script, f"{script} (")
    )
    assert valid.returncode == 0 and broken.returncode != 0


def test_the_package_imports_what_is_asked_for():
    line = "import sys, quadlaw; quadlaw.PowerLaw; print('numba' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", line], text=True) == "False\n"
    assert all(getattr(quadlaw, name) for name in dir(quadlaw))
    with pytest.raises(AttributeError, match="'quadlaw' has no attribute 'nosuch'"):
        _ = quadlaw.nosuch
