"""The second phase from half of the target: what learners see, their steps, planted exponents."""

import numpy as np
import pandas as pd
import pytest

from quadlaw.fit.designs import points
from quadlaw.sgd.problem import PowerLaw
from quadlaw.sgd.schedules import TwoPhase
from quadlaw.studies import second_phase, study
from quadlaw.studies.linearized import PLAIN, QUADRATIC, RESCALED
from quadlaw.theory import stability_edge
from quadlaw.theory.tuning import SAFE

STUDY = study("second_phase")
SETTINGS = {
    "problems": [{"alpha": 4.0, "beta": 2.0}, {"alpha": 2.0, "beta": 3.0, "replicates": 64}],
    "samples": [1024, 4096, 16384],
    "replicates": 32,
    "size_factor": 8,
    "sigma": 0.5,
    "window": [1024, 16384],
}


@pytest.fixture(scope="module")
def design():
    return STUDY.design(SETTINGS)


def test_rescaled_features_are_another_power_law():
    """Their eigenvalues and target, from the definition; the signal of each coordinate stays."""
    ours, scale = PowerLaw(4, 2).spectrum(50), PowerLaw(4, 2).target(50) ** 0.5
    row = {"alpha": 4.0, "beta": 2.0, "sigma": 0.5}
    seen = second_phase.seen_by(row | {"learner": RESCALED}).spectrum(50)
    assert seen.eigenvalues == pytest.approx(ours.eigenvalues * scale**2)
    assert seen.target == pytest.approx(ours.target / scale)
    assert seen.tail == pytest.approx(ours.tail)
    assert second_phase.seen_by(row | {"learner": PLAIN}) == PowerLaw(4, 2)


def test_learners_have_the_best_admissible_steps(design):
    assert len(design) == 2 * 3 * 3 and set(design["start"]) == {"target"}
    assert design["replicates"].tolist() == [32] * 9 + [64] * 9
    for row in design[design["samples"] == 16384].to_dict("records"):
        problem = second_phase.seen_by(row)
        largest = SAFE * stability_edge(problem, row["model_size"], row["model"])
        best = second_phase._risk(row)
        assert row["step_size"] <= largest * (1 + 1e-9)
        for factor in (0.6, 0.8, 1.25, 1.6):
            if factor * row["step_size"] <= largest:
                other = second_phase._risk(row | {"step_size": factor * row["step_size"]})
                assert other > best * 0.9999


def in_steps(row, step, replicates=200):
    """Mean risk and its standard error of a plain loop over steps, from half of the target.

    ``step(w, g, target)`` are the weights after one along ``g = eta r x``.
    """
    problem, T = PowerLaw(row["alpha"], row["beta"], row["sigma"]), row["samples"]
    spectrum, draw = problem.spectrum(row["model_size"]), np.random.default_rng(1)
    etas = row["step_size"] * TwoPhase().factor(np.arange(T), T)
    w = np.tile(spectrum.target / 2, (replicates, 1))
    noise = np.sqrt(spectrum.tail[-1] + row["sigma"] ** 2)
    for eta in etas:
        x = draw.standard_normal(w.shape) * np.sqrt(spectrum.eigenvalues)
        r = np.sum(x * (w - spectrum.target), axis=1) + noise * draw.standard_normal(replicates)
        w = step(w, eta * r[:, None] * x, spectrum.target)
    risk = (w - spectrum.target) ** 2 @ spectrum.eigenvalues + spectrum.tail[-1]
    return risk.mean(), risk.std() / np.sqrt(replicates)


STEPS = {
    QUADRATIC: lambda w, g, target: w * (1 - g) ** 2,
    RESCALED: lambda w, g, target: w - target * g,
    PLAIN: lambda w, g, target: w - g,
}


@pytest.mark.slow
@pytest.mark.parametrize("alpha", [4.0, 2.0])
def test_runs_and_theory_are_a_plain_loops(design, alpha):
    some = design[(design["alpha"] == alpha) & (design["samples"] == 1024)]
    (point,) = points(some.assign(replicates=512))
    runs = STUDY.run_point(point, 3, "float32")
    assert set(runs["alpha"]) == {alpha} and set(runs["model"]) == set(STEPS)
    theory = STUDY.predicted(some).set_index("model")["theory"]
    for row in some.to_dict("records"):
        name = row["learner"]
        mean, error = in_steps(row, STEPS[name])
        mine = runs.loc[runs["model"] == name, "excess_risk"]
        # Four standard errors; leaps have a bias of some .3 %, the closure one of a few per cent.
        allowed = 4 * np.hypot(error, mine.sem()) + 0.005 * mean
        assert mine.mean() == pytest.approx(mean, abs=allowed)
        closure = 0.06 if name == QUADRATIC else 0
        assert theory[name] == pytest.approx(mean, abs=4 * error + closure * mean)
        if name == RESCALED:  # control: features rescaled the wrong way
            wrong, its_error = in_steps(row, lambda w, g, target: w - g / target)
            assert abs(mine.mean() - wrong) > 4 * np.hypot(its_error, mine.sem()) + 0.005 * mean


def planted(design, powers):
    """Runs whose risks are powers of ``T``, with scatter that the learners share."""
    draw, frame = np.random.default_rng(0), STUDY.predicted(design)
    theory = frame.assign(theory=frame["samples"] ** -frame["model"].map(powers))
    runs = theory.loc[theory.index.repeat(24)].reset_index(drop=True)
    runs["replicate"] = np.arange(len(runs)) % 24
    scatter = pd.Series(draw.lognormal(0, 0.1, size=24 * 1000))
    number = runs.groupby(["alpha", "samples", "replicate"]).ngroup()
    risk = runs["theory"] * number.map(scatter)
    counts = {"adapted": 0, "learned": 0, "diverged": False}
    return runs.drop(columns="theory").assign(excess_risk=risk, **counts), theory


def test_planted_exponents_come_out(design):
    powers = {QUADRATIC: 0.4, RESCALED: 0.45, PLAIN: 0.25}
    runs, theory = planted(design, powers)
    curves, estimates = STUDY.results({"runs": runs, "theory": theory}, SETTINGS)
    plain = estimates[estimates["against"] == "T"].set_index(["quantity", "model"]).sort_index()
    for model, power in powers.items():
        rows = plain.loc[("sample exponent", model)]
        assert rows["estimate"].to_numpy() == pytest.approx([power] * 2, abs=0.04)
        assert rows["theory"].to_numpy() == pytest.approx([power] * 2)
        if model != QUADRATIC:
            ratio = plain.loc[("ratio exponent", f"{model}/{QUADRATIC}")]
            # The scatter is common to the learners, and so cancels.
            assert ratio["estimate"].to_numpy() == pytest.approx([0.4 - power] * 2, abs=1e-9)
            assert ratio["theory"].to_numpy() == pytest.approx([0.4 - power] * 2)
    assert (estimates["method"] == "leaps 0.5").all()
    assert len(curves) == len(design) and set(curves["model"]) == set(powers)
