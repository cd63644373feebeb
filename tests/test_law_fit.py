"""A law of one's own runs: planted laws, known traps, and refusals."""

import json
import time

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import least_squares, minimize

from quadlaw import fit_law
from quadlaw.cli import main
from quadlaw.fit import law_fit, robust
from quadlaw.fit.law_table import checked_runs
from quadlaw.fit.laws import FORMS
from quadlaw.theory import rates

TRUE = {"E": 1.7, "A": 400.0, "a": 0.34, "B": 2000.0, "b": 0.36, "V": 20.0}
LOGS = [TRUE["E"], np.log(TRUE["A"]), TRUE["a"], np.log(TRUE["B"]), TRUE["b"], TRUE["V"]]
TABLES, COVERED = 200, (0.90, 0.99)


def planted(form="two terms", seed=0, runs=60, scatter=0.01):
    """Sizes and samples over some decades, and losses of a known law with normal errors."""
    rng, law = np.random.default_rng(seed), FORMS[form]
    size = 10 ** rng.uniform(7.5, 10, runs)
    table = pd.DataFrame({"model_size": size, "samples": size * 10 ** rng.uniform(0, 2.5, runs)})
    table = table.iloc[:, : law.powers]
    loss = law.value(np.array([LOGS[: len(law.names)]]), np.log(table.to_numpy().T))[0][0]
    return table.assign(loss=loss * np.exp(scatter * rng.standard_normal(runs)))


def holds(found):
    """Of each parameter, whether its interval holds the truth."""
    rows = found.parameters
    return [rows.ci_low[name] <= TRUE[name] <= rows.ci_high[name] for name in rows.index]


# --- the forms ------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_gradients_are_those_of_differences(form):
    points, _ = checked_runs(planted(form)).points()
    theta = np.array([[0.4, -1.0, 0.3, -1.2, 0.5, 0.1][: len(FORMS[form].names)]])
    _, gradient = FORMS[form].value(theta, points.logs)
    for place, step in enumerate(1e-6 * np.eye(theta.shape[1])):
        ends = [FORMS[form].value(theta + sign * step, points.logs)[0] for sign in (1, -1)]
        np.testing.assert_allclose(gradient[0, place], (ends[0] - ends[1])[0] / 2e-6, atol=1e-8)


@pytest.mark.parametrize(("alpha", "beta"), [(2.5, 1.5), (1.5, 2.5), (4.0, 2.0)])
def test_three_terms_are_the_papers_up_to_the_factor_that_the_theorem_leaves(alpha, beta):
    s, sigma = rates.rate_exponent("quadratic", alpha, beta), 0.5
    theta = np.array([[0, 0, beta - 1, 0, (beta - 1) / s, sigma**2]])
    size, samples = (one.ravel() for one in np.meshgrid(np.logspace(1, 5, 30), np.logspace(2, 9)))
    law = FORMS["three terms"].value(theta, np.log([size, samples]))[0][0]
    ratio = law / rates.risk_form("quadratic", alpha, beta, sigma, samples, size)
    assert ratio.min() > 0.5 and ratio.max() < 2
    off = FORMS["three terms"].value(theta * [0, 0, 1, 0, 0.7, 1], np.log([size, samples]))[0][0]
    assert np.ptp(np.log(off / rates.risk_form("quadratic", alpha, beta, sigma, samples, size))) > 1


def test_compute_optimal_exponents_are_those_of_the_least_loss_and_of_the_theory():
    found = fit_law(planted(scatter=1e-4), draws=100)
    best = []
    for compute in (1e20, 1e22):
        size = np.geomspace(1e7, 1e13, 20001)
        loss = found.predict(model_size=size, samples=compute / size)
        best.append((size[loss.argmin()], loss.min() - found.parameters.estimate["E"]))
    slopes = np.diff(np.log(best), axis=0)[0] / np.log(100)
    expected = found.exponents.loc[["model size", "loss"], "estimate"]
    np.testing.assert_allclose(slopes, expected, atol=1e-3)
    table = pd.DataFrame({"a": [1.0], "b": [1 / rates.rate_exponent("linear", 3, 2)]})
    theory = rates.compute_exponent("linear", 3, 2)
    assert law_fit.compute_exponents(table)["loss"].iloc[0] == pytest.approx(-theory)


# --- the fit --------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_a_law_without_errors_is_found(form):
    found = fit_law(planted(form, scatter=0, runs=100), form=form, draws=100)
    for name, value in found.parameters["estimate"].items():
        assert value == pytest.approx(TRUE[name], rel=1e-3)
    assert found.scatter < 1e-6


def outlying(table):
    return table.assign(loss=table["loss"] * np.where(table.index % 10 == 0, 1.5, 1.0))


@pytest.mark.parametrize("delta", [0.003, 0.03])
def test_the_best_fit_is_that_of_a_library(delta):
    table = outlying(planted())
    found = fit_law(table, delta=delta, draws=100)
    points, centres = checked_runs(table).points()
    form = FORMS["two terms"]
    rows = found.parameters["estimate"].to_numpy() * np.exp([-centres[-1], 0, 0, 0, 0])
    start = rows * [1, 0, 1, 0, 1] + np.log(rows) * [0, 1, 0, 1, 0]
    start -= [0, centres[2] + start[2] * centres[0], 0, centres[2] + start[4] * centres[1], 0]
    theirs = least_squares(
        lambda theta: robust.residuals(form, points, theta[None])[0], start + 0.01,
        loss="huber", f_scale=delta, ftol=1e-14, xtol=1e-14, gtol=1e-14, max_nfev=5000,
    )  # fmt: skip
    mine = robust.huber(robust.residuals(form, points, start[None]), delta).sum()
    assert mine <= theirs.cost * (1 + 1e-8)
    np.testing.assert_allclose(start, theirs.x, atol=2e-3)


def test_outliers_hardly_matter():
    clean = fit_law(planted(), draws=100).parameters["estimate"]
    bad = planted().assign(loss=lambda table: table["loss"].where(table.index != 7, 9.0))
    shifts = [
        abs(fit_law(bad, delta=delta, draws=100).parameters["estimate"]["a"] - clean["a"])
        for delta in (None, 100.0)
    ]
    assert shifts[0] < 0.01 < 0.03 < shifts[1]  # the control: least squares


def test_more_of_the_same_runs_change_nothing_where_a_loose_tolerance_stops_early():
    """A mean, or a sum over few runs, is small, and absolute tolerances are met anywhere."""
    table = outlying(planted())
    one = fit_law(table, delta=0.01, draws=100).parameters["estimate"]
    many = fit_law(pd.concat([table] * 5), delta=0.01, draws=100).parameters["estimate"]
    np.testing.assert_allclose(one, many, rtol=1e-4)

    points, _ = checked_runs(table).points()
    form, start = FORMS["two terms"], np.array([0.5, -1.5, 0.5, -1.5, 0.5])

    def mean(theta):
        return robust.huber(robust.residuals(form, points, theta[None]), 1e-3).mean()

    early = minimize(mean, start, method="L-BFGS-B", bounds=list(zip(*form.bounds(), strict=True)))
    best = fit_law(table, delta=1e-3, draws=100).parameters["estimate"]
    assert early.success  # the control says so, far from the best fit
    assert np.abs(early.x[[2, 4]] - best[["a", "b"]]).max() > 0.02


def test_units_change_the_scales_alone():
    table = planted()
    found = fit_law(table, draws=100)
    other = fit_law(table * [1e-6, 1e3, 7.0], draws=100)
    one, same = found.parameters["estimate"], other.parameters["estimate"]
    np.testing.assert_allclose(same[["a", "b"]], one[["a", "b"]], rtol=1e-4)
    expected = 7 * one[["E", "A", "B"]] * [1, 1e-6 ** one["a"], 1e3 ** one["b"]]
    np.testing.assert_allclose(same[["E", "A", "B"]], expected, rtol=1e-3)
    np.testing.assert_allclose(
        other.covariance.loc["a", "a"], found.covariance.loc["a", "a"], rtol=0.01
    )


def test_a_fit_that_has_not_converged_is_no_answer(monkeypatch):
    monkeypatch.setattr(robust, "STEPS", 3)
    with pytest.raises(ValueError, match=r"^starts = 0: only so many of 36 reach the best fit"):
        fit_law(planted())


def test_draws_that_have_not_converged_are_no_interval(monkeypatch):
    drawn = law_fit.fit_all

    def lazy(form, points, weights, theta, delta):
        monkeypatch.setattr(robust, "STEPS", 500 if len(weights) == 1 else 2)
        return drawn(form, points, weights, theta, delta)

    monkeypatch.setattr(law_fit, "fit_all", lazy)
    with pytest.raises(ValueError, match=r"^draws = \d+: of 100 converged"):
        fit_law(planted(), draws=100)


# --- intervals ------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("form", "runs"), [("two terms", 60), ("one term", 30)])
def test_the_intervals_cover_what_they_say(form, runs, monkeypatch):
    monkeypatch.setattr(law_fit, "_held_out", lambda *_: (pd.DataFrame(), None))
    monkeypatch.setattr(law_fit, "GRID", np.array([0.2, 0.5, 1.0]))
    options = {"draws": 150, "delta": 0.0135}
    found = [fit_law(planted(form, seed, runs), **options) for seed in range(TABLES)]
    share = np.mean([holds(one) for one in found], axis=0)
    assert COVERED[0] <= share.min() and share.max() <= COVERED[1]
    for one in found:  # the control: intervals of half the width
        middle = one.parameters[["ci_low", "ci_high"]].mean(axis=1)
        for end in ("ci_low", "ci_high"):
            one.parameters[end] = (one.parameters[end] + middle) / 2
    assert np.mean([holds(one) for one in found], axis=0).max() < COVERED[0]


@pytest.mark.slow
def test_a_thousand_draws_of_250_runs_take_seconds():
    start = time.process_time()
    found = fit_law(planted(runs=250, seed=1), draws=1000)
    assert time.process_time() - start < 30 and found.draws > 980


@pytest.mark.slow
def test_large_runs_held_out_tell_the_forms_apart_where_they_differ():
    noisy = planted("three terms", runs=200, scatter=1e-3)
    found = fit_law(noisy, draws=100)
    assert found.better == "three terms" and found.held_out["runs"].iloc[0] == 40
    plain = fit_law(planted(runs=200, scatter=1e-3), draws=100)
    assert plain.better != "three terms"  # the control: a third term is of no use


# --- what cannot be fitted ------------------------------------------------------------------------

TABLE = planted()
SIZE, SAMPLES, NUMBER = TABLE["model_size"], TABLE["samples"], TABLE.index


def with_loss(value):
    """In row 5."""
    return TABLE.assign(loss=TABLE["loss"].astype(object).where(NUMBER != 5, value))


REFUSED = [
    (with_loss("n/a"), "loss[5] = 'n/a': must be a finite"),
    (with_loss(0.0), "loss[5] = 0.0: must be positive"),
    (with_loss(-2.0), "loss[5] = -2.0: must be positive"),
    (with_loss(np.inf), "loss[5] = inf: must be a finite"),
    (TABLE.assign(samples=SAMPLES.where(NUMBER != 3)), "samples[3] = nan: must be a finite"),
    (TABLE[:5], "runs = 5: 5 parameters need more runs"),
    (TABLE[:0], "runs = 0: 5 parameters need more runs"),
    (TABLE.assign(loss=3.0), "loss = 3.0: is the same in all runs"),
    (TABLE.assign(model_size=1e9), "model_size = 1000000000.0: is the same in all runs"),
    (TABLE.assign(samples=1e9 * (1 + NUMBER % 2)), "samples = 2: has only that many"),
    (TABLE.assign(samples=1e20 / SIZE), "model_size, samples = 60: all runs lie on one isoFLOP"),
    (TABLE.assign(samples=20 * SIZE), "model_size, samples = 60: all runs lie on one line"),
    (TABLE.rename(columns={"loss": "error"}), "loss = None: name its column, one of model_size"),
    (TABLE[["loss"]], "model_size, samples = None: name a column of model sizes"),
]


@pytest.mark.parametrize(("table", "line"), REFUSED, ids=[line for _, line in REFUSED])
def test_what_cannot_be_fitted_is_refused_in_one_line(table, line, tmp_path, capsys):
    with pytest.raises(ValueError) as refused:
        fit_law(table)
    assert str(refused.value).startswith(line) and "\n" not in str(refused.value)
    table.to_csv(tmp_path / "runs.csv", index=False)
    with pytest.raises(SystemExit) as stop:
        main(["fit", str(tmp_path / "runs.csv"), "--plot", str(tmp_path / "law.png")])
    output = capsys.readouterr()
    assert stop.value.code == 2 and output.out == "" and output.err.count("\n") == 1
    assert output.err.startswith(f"quadlaw: {line.split(' =')[0]} = ")
    assert [path.name for path in tmp_path.iterdir()] == ["runs.csv"]


OPTIONS = [
    (["--loss", "error"], "loss = 'error': no such column; there are model_size, samples, loss"),
    (["--loss", "samples"], "columns = ['model_size', 'samples', 'samples']: one is twice"),
    (["--form", "one term"], "form = 'one term': the columns model_size, samples, loss have two"),
    (["--delta", "0"], "delta = 0.0: must be positive"),
    (["--draws", "10"], "draws = 10.0: must be at least 100"),
    (["--plot", "law.gif"], "plot = 'law.gif': must end in .pdf, .png, .svg"),
]


@pytest.mark.parametrize(("more", "line"), OPTIONS)
def test_wrong_options_are_refused_in_one_line(more, line, tmp_path, capsys):
    TABLE.to_csv(tmp_path / "runs.csv", index=False)
    with pytest.raises(SystemExit) as stop:
        main(["fit", str(tmp_path / "runs.csv"), *more])
    error = capsys.readouterr().err
    assert stop.value.code == 2 and error.startswith(f"quadlaw: {line}") and error.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("runs.csv", None, "there is no such file"),
        ("runs.txt", b"1", "must end in .csv or .parquet"),
        ("runs.csv", b"", "cannot be read"),
        ("runs.csv", b"\xff\xfe\x00", "cannot be read"),
        ("runs.parquet", b"PAR?", "cannot be read"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_one_line(name, content, reason, tmp_path, capsys):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SystemExit) as stop:
        main(["fit", str(path)])
    error = capsys.readouterr().err
    assert stop.value.code == 2 and f"{name}': {reason}" in error and error.count("\n") == 1


# --- the command ----------------------------------------------------------------------------------


def test_the_command_gives_the_law_of_the_package(tmp_path, capsys):
    path = tmp_path / "runs.parquet"
    TABLE.rename(columns={"model_size": "parameters", "samples": "law"}).to_parquet(path)
    names = ["--model-size", "parameters", "--samples", "law", "--draws", "100"]
    main(["fit", str(path), *names, "--json", "--plot", str(tmp_path / "law.png")])
    printed, expected = json.loads(capsys.readouterr().out), fit_law(TABLE, draws=100)
    assert printed["parameters"] == expected.parameters.to_dict("index")
    assert printed["residuals"]["residual"] == expected.residuals["residual"].tolist()
    assert printed["names"]["samples"] == "law" and len(printed["held_out"]) == 2
    assert (tmp_path / "law.png").read_bytes().startswith(b"\x89PNG")


def test_printed_parameters_have_the_digits_that_their_law_needs(tmp_path, capsys):
    TABLE.to_csv(tmp_path / "runs.csv", index=False)
    main(["fit", str(tmp_path / "runs.csv"), "--draws", "100"])
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    shown = {line[0]: float(line[1]) for line in lines if len(line) == 4 and line[0] in TRUE}
    law = fit_law(TABLE, draws=100)
    errors = []
    for digits in (6, 2):
        law.parameters["estimate"] = [float(f"{shown[name]:.{digits}g}") for name in "EAaBb"]
        again = law.predict(model_size=SIZE, samples=SAMPLES)
        errors.append(np.abs(np.log(again / law.residuals["law"])).max() / law.scatter)
    assert errors[0] < 0.01 < 0.5 < errors[1]  # the control: two digits


def test_one_column_has_a_law_and_a_figure(tmp_path, capsys):
    table = planted("one term", runs=30).rename(columns={"model_size": "$width$x"})
    table.to_csv(tmp_path / "runs.csv", index=False)
    line = ["fit", str(tmp_path / "runs.csv"), "--model-size", "$width$x", "--draws", "100"]
    main([*line, "--plot", str(tmp_path / "law.svg")])
    assert capsys.readouterr().out.startswith("one term, L = E + A x^-a, of 30 runs")
    assert (tmp_path / "law.svg").exists()
