"""Optimal schedules: the shapes, their step sizes, and the exponents of planted risks."""

import numpy as np
import pandas as pd
import pytest

from quadlaw.sgd.schedules import Polynomial, StableDecay, named
from quadlaw.studies import optimal_schedules as module
from quadlaw.studies import study

STUDY = study("optimal_schedules")
SETTINGS = {
    "problems": [{"alpha": 2.0, "beta": 4.0, "replicates": 9}, {"alpha": 4.0, "beta": 2.0}],
    "samples": [1024, 4096, 16384],
    "replicates": 12,
    "size_factor": 8,
    "window": [1024, 16384],
    "far": [3, 4, 5],
    "sigma": 0.5,
}


@pytest.fixture(scope="module")
def design():
    return STUDY.design(SETTINGS)


def test_stable_decay_by_hand():
    factor = StableDecay(0.5, 2).factor(np.arange(8), 8)
    np.testing.assert_allclose(factor, [1, 1, 1, 1, 1, 9 / 16, 4 / 16, 1 / 16])
    steps = np.arange(100)
    ours, theirs = (one.factor(steps, 100) for one in (StableDecay(1.0, 3), Polynomial(3)))
    np.testing.assert_allclose(ours, theirs)
    assert named("stable-decay 0.25 3") == StableDecay(0.25, 3)


@pytest.mark.parametrize("arguments", [(0, 1), (1.5, 1), (float("nan"), 1), (0.5, 0), (0.5, -1)])
def test_bad_decays_are_refused(arguments):
    with pytest.raises(ValueError, match=r"(fraction|power) = "):
        StableDecay(*arguments)


def test_capacities_and_fractions():
    assert module.capacity("linear", 4, 2) == 4 and module.capacity("quadratic", 4, 2) == 3
    assert module.decay_fraction(4, 2, 2**14) == pytest.approx(2**-4)  # 14 (4 - 2)/7
    assert module.decay_fraction(3, 4, 2**14) == 1


def test_power_decay_forgets_noise_best():
    """At one sum of steps, no other shape leaves less noise: ``int eta K`` in training time."""
    a, T = 2.0, 10**6
    shapes = module.shapes(a, beta=a, samples=T)
    others = [StableDecay(1.0, power) for power in (1, a, 2 * a + 1, 3 * a)]
    others += [StableDecay(0.5, 2 * a - 1), shapes[module.COSINE]]

    def noise(schedule):
        factor = schedule.factor(np.arange(T), T)
        eta = factor / factor.mean() * T**-0.1  # all have one sum
        u = np.cumsum(eta[::-1])[::-1]
        return np.sum(eta**2 * (1 + u) ** -(2 - 1 / a))

    best = noise(shapes[module.POWER])
    assert all(noise(other) > best for other in others)


def test_rows_have_each_shape_at_its_own_best_step(design):
    easy = design[design["alpha"] == 2]
    assert set(easy["setting"]) == set(module.SHAPES) - {module.STABLE}
    assert set(design.loc[design["alpha"] == 4, "setting"]) == set(module.SHAPES)
    assert set(easy["replicates"]) == {9}
    last = design[design["samples"] == 16384]
    for row in last.to_dict("records"):
        step, schedule = module._best(row, named(row["schedule"])).step_size, row["schedule"]
        assert row["step_size"] == pytest.approx(step)
        best = STUDY.predicted(pd.DataFrame([row]))["theory"].iloc[0]
        for factor in (0.5, 0.8):
            other = row | {"step_size": factor * step}
            worse = STUDY.predicted(pd.DataFrame([other]))["theory"].iloc[0]
            assert worse > best * 0.999, schedule


def test_a_parabola_finds_the_lowest():
    value = np.array([0.5, 1.0, 2.0, 4.0])
    risk = np.exp((np.log(value) - np.log(1.3)) ** 2)
    assert module.lowest(pd.DataFrame({"value": value, "theory": risk})) == pytest.approx(1.3)


def planted(design, powers, factor):
    """Risks that are powers of ``T``, but for a factor on those of no stable-decay."""
    draw = np.random.default_rng(0)
    base = design["samples"] ** -design["setting"].map(powers)
    theory = design.assign(theory=base * np.where(design["setting"] == module.STABLE, 1, factor))
    runs = theory.loc[theory.index.repeat(24)].reset_index(drop=True)
    runs["replicate"] = np.arange(len(runs)) % 24
    counts = {"adapted": 0, "learned": 0, "diverged": False}
    risk = runs["theory"] * draw.lognormal(0, 0.05, size=len(runs))
    return runs.drop(columns="theory").assign(excess_risk=risk, **counts), theory


def test_planted_exponents_and_factors_come_out(design, monkeypatch):
    powers = dict(zip(module.SHAPES, (0.3, 0.4, 0.5, 0.6, 0.6), strict=True))
    runs, theory = planted(design, powers, 1.7)
    monkeypatch.setattr(module, "_decays", lambda settings: pd.DataFrame())
    monkeypatch.setattr(module, "_far", lambda settings: pd.DataFrame())
    curves, estimates = STUDY.results({"runs": runs, "theory": theory}, SETTINGS)
    some = estimates[(estimates["quantity"] == "sample exponent") & (estimates["against"] == "T")]
    for name, power in powers.items():
        here = some[some["setting"] == name]
        assert here["theory"].to_numpy() == pytest.approx([power] * len(here))
        assert here["estimate"].to_numpy() == pytest.approx([power] * len(here), abs=0.02)
    ratios = estimates[estimates["quantity"] == "risk over stable-decay"].set_index("setting")
    assert (estimates["quantity"] == "risk over stable-decay").sum() == 2 * 4  # the hard problem's
    assert ratios.loc[module.POWER, "estimate"].to_numpy() == pytest.approx([1.7] * 2, rel=0.06)
    assert ratios.loc[module.LINEAR, "theory"].to_numpy() == pytest.approx([1.7 * 16384**0.2] * 2)
    assert len(curves) == len(design)


def far_curve(power):
    """Halvings that lose a power of the logarithm."""
    cell = {"model": "linear", "alpha": 2.0, "beta": 4.0, "sigma": 0.5, "part": "far"}
    T = np.array([1e8, 1e10, 1e12])
    risks = {module.POWER: T**-0.75, module.TWO_PHASE: T**-0.75 * np.log(T) ** power}
    return pd.concat(
        pd.DataFrame(cell | {"samples": T, "setting": name, "theory": risk})
        for name, risk in risks.items()
    )


@pytest.mark.parametrize("power", [0.375, 0.0])  # the second is the control: no logarithm
def test_a_planted_logarithm_comes_out(power):
    rows = pd.DataFrame(module._far_powers(far_curve(power)))
    (logarithm,) = rows.loc[rows["quantity"] == "power of the logarithm", "estimate"]
    assert logarithm == pytest.approx(power, abs=1e-9)
    local = rows[rows["quantity"] == "local exponent"].set_index("setting")["estimate"]
    assert local[module.POWER] == pytest.approx(0.75)
