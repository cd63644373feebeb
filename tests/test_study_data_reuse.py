"""Fixed samples: epochs, closed forms, their theory, and what a study makes of them."""

import numpy as np
import pandas as pd
import pytest

from configurations import changed, checked
from quadlaw import PowerLaw
from quadlaw.fit.designs import points
from quadlaw.sgd.rivals.reuse import LeastSquares, epochs, fixed_samples
from quadlaw.sgd.schedules import TwoPhase
from quadlaw.sgd.train import groups_of, train
from quadlaw.studies import data_reuse, study
from quadlaw.theory.rivals.reuse import FixedSamples, clock, fresh_samples, logistic
from quadlaw.theory.tuning import tuned_step
from reference import samples_of, sgd

STUDY = study("data_reuse")
PROBLEM = PowerLaw(3.0, 1.5, 1.0)
SIZE, SAMPLES, INIT = 24, 128, 0.5
SETTINGS = {
    "problems": [
        {"alpha": 3.0, "beta": 1.5, "sigma": 2.0}, {"alpha": 1.2, "beta": 6.0, "sigma": 0.5},
    ],
    "samples": [32, 64, 128], "most_steps": 2**15, "replicates": 2, "size_factor": 2,
    "window": (32, 128),
    "repeated": {
        "problems": [{"alpha": 4.0, "beta": 2.0, "sigma": 0.5}], "samples": 64, "epochs": [1, 2, 4],
        "replicates": 2, "window": (64, 256),
    },
}  # fmt: skip


def samples_and_stream(number, replicate=0, dtype="float32"):
    spectrum = PROBLEM.spectrum(SIZE)
    x, y = fixed_samples(spectrum, SAMPLES, replicate, 1, dtype)
    return x, y, lambda: epochs(spectrum, x, y, number, replicate, 1)


def test_every_epoch_has_every_sample_once_and_the_first_is_in_order():
    x, y, stream = samples_and_stream(5)
    starts, labels = zip(*[(start, some) for start, _, some in stream()], strict=True)
    assert starts[0] == 0 and len(np.concatenate(labels)) == 5 * SAMPLES
    passes = np.concatenate(labels).reshape(5, SAMPLES)
    assert np.array_equal(passes[0], y) and not np.array_equal(passes[1], passes[2])
    assert all(np.array_equal(np.sort(one), np.sort(y)) for one in passes)
    plain, labels = samples_of(PROBLEM.spectrum(SIZE), SAMPLES, 0, 1)
    assert np.allclose(x[:, :SIZE], plain, rtol=1e-6) and np.allclose(y, labels, atol=1e-5)


@pytest.mark.parametrize("model", ["quadratic", "linear"])
def test_epochs_are_a_slow_loops(model):
    _, _, stream = samples_and_stream(3)
    together = [(x[:, :SIZE].copy(), y.copy()) for _, x, y in stream()]
    x, y = (np.concatenate(part) for part in zip(*together, strict=True))
    lane = {"model": model, "model_size": SIZE, "step_size": 0.05, "init": INIT}
    groups = groups_of(PROBLEM.spectrum(SIZE), pd.DataFrame([lane]), "float32")
    list(train(groups, stream(), TwoPhase(), len(y), [len(y)]))
    weights = groups[0].weights()[0]
    assert np.allclose(weights, sgd(model, x, y, 0.05, INIT, SIZE), atol=2e-4)
    order = np.roll(np.arange(len(y)), 1)  # another order is another run
    other = sgd(model, x[order], y[order], 0.05, INIT, SIZE)
    assert not np.allclose(weights, other, atol=1e-3)


def test_closed_forms_solve_their_equations():
    x, y, _ = samples_and_stream(1, dtype="float64")
    squares, x = LeastSquares.of(x, y, SIZE, 0.25), x[:, :SIZE]
    second, start = x.T @ x / SAMPLES, np.full(SIZE, 0.25)
    pull = x.T @ (y - x @ start) / SAMPLES
    ridge = start + np.linalg.solve(second + 0.01 * np.eye(SIZE), pull)
    assert np.allclose(squares.ridge(0.01), ridge)
    assert not np.allclose(squares.ridge(0.02), ridge, rtol=1e-3)
    w, step = start.copy(), 1e-3
    for _ in range(5000):
        w -= step * (second @ (w - start) - pull)
    assert np.allclose(squares.gradient_descent(5.0), w, atol=1e-3)
    assert not np.allclose(squares.gradient_descent(6.0), w, atol=1e-3)
    assert PROBLEM.spectrum(SIZE).excess_risk(PROBLEM.target(SIZE)) == PROBLEM.tail(SIZE)


@pytest.mark.parametrize(("way", "number"), [("gradient_descent", 300.0), ("ridge", 0.003)])
def test_theory_of_linear_learners_has_the_mean_risk(way, number):
    fixed, spectrum = FixedSamples(PROBLEM, SIZE, SAMPLES, INIT), PROBLEM.spectrum(SIZE)
    plain = fixed.plain_penalty(number) if way == "ridge" else number
    risks = []
    for replicate in range(400):
        x, y = fixed_samples(spectrum, SAMPLES, replicate, 2, "float64")
        weights = getattr(LeastSquares.of(x, y, SIZE, INIT**2), way)(plain)
        risks.append(spectrum.excess_risk(weights))
    error = np.std(risks) / len(risks) ** 0.5
    # Sampling, and a per cent or two as some coordinates in a hundred samples are not few.
    allowed = 4 * error + 0.015 * np.mean(risks)
    assert abs(getattr(fixed, way)(number) - np.mean(risks)) < allowed
    # Without the noise of what is not learned, the theory is too low.
    quiet = FixedSamples(PROBLEM, SIZE, 10**9, INIT)
    learned = spectrum.eigenvalues / (spectrum.eigenvalues + number)
    if way == "gradient_descent":
        learned = -np.expm1(-spectrum.eigenvalues * number)
    naive = getattr(quiet, way)(number) + np.sum(learned**2) / SAMPLES
    assert np.mean(risks) - naive > allowed


def test_logistic_growth_solves_its_equation():
    seen = np.array([-0.5, 0.0, 1e-13, 0.3, 2.0])
    u, step = np.full(5, 0.1), 1e-4
    for _ in range(30_000):
        u = u + step * u * (seen - u)
    assert np.allclose(logistic(0.1, seen, 3.0), u, rtol=1e-3)
    assert np.allclose(logistic(0.1, np.array([2.0, -2.0]), 1e6), [2, 0])


def test_theory_of_the_quadratic_model_covers_its_epochs():
    lane = {"model": "quadratic", "model_size": SIZE, "step_size": 0.03, "init": INIT}
    spectrum, number, risks = PROBLEM.spectrum(SIZE), 60, []
    for replicate in range(48):
        x, y = fixed_samples(spectrum, SAMPLES, replicate, 3, "float32")
        groups, steps = groups_of(spectrum, pd.DataFrame([lane]), "float32"), SAMPLES * number
        list(
            train(groups, epochs(spectrum, x, y, number, replicate, 3), TwoPhase(), steps, [steps])
        )
        risks.append(groups[0].excess_risk()[0])
    fixed, time = FixedSamples(PROBLEM, SIZE, SAMPLES, INIT), 0.03 * clock(TwoPhase(), steps)
    allowed = 4 * np.std(risks) / 48**0.5 + 0.02 * np.mean(risks)
    assert abs(fixed.quadratic(time) - np.mean(risks)) < allowed
    assert abs(fixed.quadratic(time / number) - np.mean(risks)) > allowed  # one epoch's


def test_time_adds_up_the_steps():
    steps = 3000
    exact = TwoPhase().factor(np.arange(steps), steps).sum()
    assert clock(TwoPhase(), steps) == pytest.approx(exact, rel=1e-9)


def test_a_risk_is_worth_the_samples_that_have_it():
    run = {"model_size": SIZE, "init": INIT, "share": 0.25}
    worth = fresh_samples("linear", PROBLEM, 0.7, first=64, **run)
    for samples in (100, 200):
        risk = tuned_step("linear", PROBLEM, samples=samples, **run).risk
        assert worth(risk) == pytest.approx(samples, rel=0.03)
    assert worth(0.75) > worth(0.8)


def test_rows_leave_out_what_is_too_long_or_not_compared():
    rows = STUDY.rows(SETTINGS)
    easy = rows[rows["alpha"] == 1.2]
    assert set(easy["setting"]) == set(data_reuse.CLOSED)
    other = rows[rows["alpha"] == 3.0]
    assert set(other["setting"]) == {"one pass", "epochs", *data_reuse.CLOSED}
    assert (
        other["samples"].max() <= 2**15
        and (rows["samples"] == rows["fixed"] * rows["epochs"]).all()
    )
    short = STUDY.rows(SETTINGS | {"most_steps": 1})
    assert set(short[short["part"] == "sizes"]["setting"]) == {"one pass", *data_reuse.CLOSED}
    few = other[other["fixed"] == 32]
    assert set(few["replicates"]) == {5}  # more than 2: the fewer samples, the more runs


def test_lanes_of_one_number_of_samples_share_them():
    design = STUDY.design(SETTINGS)
    closed = design[(design["alpha"] == 3.0) & (design["fixed"] == 64)]
    runs = pd.concat([STUDY.run_point(point, 0, "float32") for point in points(closed)])
    risks = runs.pivot(index="replicate", columns=["model", "setting"], values="excess_risk")
    ratio = risks["linear", "epochs"] / risks["linear", "gradient descent"]
    assert np.allclose(ratio, 1, atol=0.1)  # as of the same samples
    assert not np.allclose(risks["linear", "one pass"] / risks["linear", "ridge"], 1, atol=0.1)
    theory = STUDY.predicted(closed)
    assert (theory["theory"] > 0).all() and len(theory) == len(closed)


def planted(alpha, beta, laws):
    """Runs and theory of part ``sizes`` with the exponents of ``laws``, by model and setting."""
    draw, rows = np.random.default_rng(0), []
    labels = {"alpha": alpha, "beta": beta, "sigma": 1.0, "part": "sizes", "init": 0.5,
              "model_size": 64, "schedule": "two-phase 0.5", "replicates": 8}  # fmt: skip
    for n in (128, 256, 512):
        for replicate in range(8):
            scatter = np.exp(0.3 * draw.standard_normal())
            rows += [
                labels | {"model": model, "setting": setting, "fixed": n, "samples": n, "epochs": 1,
                          "step_size": 1.0, "replicate": replicate, "diverged": False, "adapted": 0,
                          "learned": 0, "excess_risk": scatter * n**-power}
                for (model, setting), power in laws.items()
            ]  # fmt: skip
    runs = pd.DataFrame(rows)
    theory = runs[runs["replicate"] == 0].rename(columns={"excess_risk": "theory"})
    return runs, theory.drop(columns=["replicate", "diverged", "adapted", "learned"])


def test_planted_exponents_and_paired_ratios_come_out():
    laws = {
        ("linear", "gradient descent"): 0.5,
        ("quadratic", "epochs"): 0.6,
        ("linear", "ridge"): 0.5,
    }
    runs, theory = planted(2.0, 3.0, laws)
    found = pd.DataFrame(data_reuse._in_sizes(runs, theory, {"window": (128, 512)}))
    found = (
        found[found["against"] != "T/log2 T"]
        .set_index(["quantity", "model", "setting"])
        .sort_index()
    )
    # The scatter is common to all learners, and so cancels in ratios.
    ratio = found.loc["ratio exponent", "estimate"]
    assert ratio["quadratic", "epochs"] == pytest.approx(-0.1, abs=1e-9)
    assert ratio["linear", "ridge"] == pytest.approx(0, abs=1e-9)
    known = found.loc["sample exponent", "estimate"]["linear", "gradient descent"]
    assert known == pytest.approx(0.5, abs=0.2) and abs(known - 0.5) > 1e-6
    assert "worth exponent" not in found.index  # alpha < beta


def test_epochs_on_the_same_samples_are_resampled_together(monkeypatch):
    """A scatter that all numbers of epochs share leaves their exponent exact."""
    runs, theory = planted(4.0, 2.0, {("linear", "epochs"): 0.25})
    scatter = np.random.default_rng(1).uniform(1, 2, 8)[runs["replicate"]]
    runs["excess_risk"] = runs["samples"] ** -0.25 * scatter
    alone = runs.assign(part="epochs"), theory.assign(part="epochs")
    monkeypatch.setattr(data_reuse, "_fresh", lambda *_: lambda risk: risk)
    settings = {"repeated": {"window": (128, 512)}}
    found = pd.DataFrame(data_reuse._in_steps(*alone, settings))
    (row,) = found[(found["quantity"] == "step exponent") & (found["against"] == "T")].to_dict(
        "records"
    )
    assert row["ci_low"] == pytest.approx(0.25) and row["ci_high"] == pytest.approx(0.25)


BAD = [
    (("problems", 0, "sigma"), 0, r"problems\[0\]\.sigma = 0: must be a number above 0"),
    (
        ("problems",),
        [{"alpha": 3, "beta": 2, "sigma": 1, "replicates": n} for n in (8, 9)],
        r"problems = .*: the same problem is listed twice: \[\(3, 2, 1\)\]",
    ),
    (("most_steps",), 0, "most_steps = 0: a run has at least one step"),
    (("problems", 0, "most_steps"), -1, r"problems\[0\]\.most_steps = -1: a run has at least"),
    (("repeated", "epochs"), [0, 1, 4], r"repeated\.epochs\[0\] = 0: a run is one epoch"),
    (("repeated", "epochs"), [4, 1], r"repeated\.epochs = \[4, 1\]: must list"),
    (("repeated", "window"), [4096, 8192], r"repeated\.window = \[4096, 8192\]: holds 2 of the"),
    (("repeated", "replicates"), 1, r"repeated\.replicates = 1: an interval needs"),
]


@pytest.mark.parametrize(("place", "value", "words"), BAD)
def test_bad_values_are_refused_in_one_line(place, value, words):
    with pytest.raises(ValueError, match=rf"^studies\.data_reuse\.{words}"):
        checked(changed(("studies", "data_reuse", *place), value))
