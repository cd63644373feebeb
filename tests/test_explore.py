"""What the page to play with shows, without a browser."""

import numpy as np
import pytest

from quadlaw.fit import explore
from quadlaw.models import PAPER
from quadlaw.theory import predicted_risk, rates, stability_edge

FIRST = {key: first for key, (_, _, first) in explore.RANGES.items()}


def setting(**values):
    return explore.Setting.checked(FIRST | values)


@pytest.mark.parametrize("exponents, close", [((2.5, 1.5), 0.05), ((2.0, 3.0), 0.25)])
def test_risks_are_the_theorys_and_curves_keep_close_between_their_points(exponents, close):
    """Less so where step sizes meet the stability edge on the way."""
    here = setting(alpha=exponents[0], beta=exponents[1], model_size=500, step_share=0.1)
    curves = explore.risk_curves(here)
    for model in PAPER:
        options = here.options(model)
        assert options["step_size"] == pytest.approx(0.1 * stability_edge(here.problem, 500, model))
        fine = predicted_risk(model, here.problem, **options)
        assert explore.risk(model, here) == pytest.approx(fine, rel=0.01)
        curve = explore.Smooth(curves[curves["model"] == model], "samples")
        for T in (2**12, 2**16, 2**24):
            assert curve(T) == pytest.approx(explore.risk(model, here, samples=T), rel=close)


def test_steps_and_starts_follow_the_papers_laws():
    flat, falling = setting(), setting(alpha=2.0, beta=3.0, step_share=0.01)
    for model in PAPER:
        here, there = flat.options(model), flat.options(model, samples=2**26)
        assert there == here | {"samples": 2**26}
        here, there = falling.options(model), falling.options(model, samples=2**26)
        power = {"quadratic": -0.5, "linear": -1.0}[model] / 3  # of D = T^(1/3)
        assert there["step_size"] / here["step_size"] == pytest.approx(2 ** (6 * power))
        assert there["init"] / here["init"] == pytest.approx(2 ** (-6 / 4 / 3))


def test_the_crossing_is_where_risks_are_equal():
    here = setting()
    ((T, quadratic_ahead),) = explore.crossings(explore.risk_curves(here))

    def ratio(samples):
        ours, theirs = (explore.risk(model, here, samples=round(samples)) for model in PAPER)
        return theirs / ours

    assert quadratic_ahead
    assert ratio(T) == pytest.approx(1, abs=0.005)
    assert ratio(T / 8) < 0.99 and ratio(8 * T) > 1.01  # elsewhere they are not
    assert explore.crossings(explore.risk_curves(setting(alpha=2.0, beta=3.0))) == []


def test_the_papers_form_passes_through_the_theory_and_has_the_papers_slope():
    here = setting(samples=2**12)
    form = here.form("quadratic", np.array([2**12, 2**10, 2**11]))
    assert form[0] == pytest.approx(explore.risk("quadratic", here))
    assert np.log2(form[1] / form[2]) == pytest.approx(0.25, abs=0.01)


def test_the_front_moves_as_the_law_and_leaves_out_what_started_beyond():
    found = explore.front(setting(samples=2**26))
    early = (found.front > 5) & (found.time <= 2**25)
    slope = np.polyfit(np.log(found.time[early]), np.log(found.front[early]), 1)[0]
    assert slope == pytest.approx(0.5, abs=0.05)  # and not 1 / alpha = .4
    assert np.isnan(found.law[found.time > 2**25]).all()
    assert found.grown.shape == (len(found.index), len(found.time))
    below = explore.front(setting(alpha=2.0, beta=3.0))  # v_0^2 > w*_i / 2 from i = 5 on
    assert (below.grown[-1] > 0.5).all() and np.nanmax(below.front) <= 4


@pytest.mark.parametrize("exponents", [(2.5, 1.5), (4.0, 2.0), (2.0, 3.0)])
def test_no_split_is_much_better_than_the_best(exponents):
    here = setting(alpha=exponents[0], beta=exponents[1])
    table = explore.split(here)
    spent = table["model_size"] * table["samples"]
    assert np.allclose(spent, here.compute, rtol=0.05)  # sizes are whole
    for model in PAPER:
        best = explore.best_split(table, here, model)
        tried = [
            explore.risk(model, here, model_size=size, samples=round(here.compute / size))
            for size in np.geomspace(best["model_size"] / 8, best["model_size"] * 8, 13).astype(int)
        ]
        assert best["excess_risk"] == pytest.approx(min(tried), rel=0.2)
        assert max(tried) > 1.5 * min(tried)  # a split matters


def test_the_plane_is_flat_where_nothing_is_gained():
    values = np.array([1.5, 2.5, 4.0])
    gain = explore.plane(values, values)
    assert np.all(gain[np.triu_indices(3)[::-1]] == 0)  # beta in rows, at least alpha
    assert gain[0, 1] == pytest.approx(0.25 - 0.2)
    assert gain[0, 1] == rates.sample_exponent("quadratic", 2.5, 1.5) - 0.5 / 2.5


@pytest.mark.parametrize(
    "key, value, reason",
    [
        ("alpha", 0.5, "the trace"),
        ("alpha", 7.0, "this page goes from 1.05 to 6"),
        ("beta", float("nan"), "must be finite"),
        ("sigma", -1.0, "must not be negative"),
        ("init", 0.0, "fixed point"),
        ("samples", 2.5, "whole number"),
        ("samples", 2.0**31, "this page goes from 64 to 1073741824"),
        ("model_size", 0.0, "at least 1"),
        ("step_share", 1.5, "grows forever"),
        ("step_share", float("nan"), "grows forever"),
    ],
)
def test_a_value_out_of_range_is_refused_in_a_line(key, value, reason):
    with pytest.raises(ValueError, match=reason) as refusal:
        setting(**{key: value})
    assert str(refusal.value).startswith(f"{key} = ") and "\n" not in str(refusal.value)


def test_a_start_from_which_the_risk_diverges_is_named_and_not_drawn():
    here = setting(init=2.0, step_share=0.99, samples=2**10)
    (fault,) = here.faults()
    assert fault.startswith("quadratic model: step_size = ") and "diverges" in fault
    assert np.isnan(explore.risk("quadratic", here)) and explore.front(here) is None
    assert np.isfinite(explore.risk("linear", here))
    assert explore.crossings(explore.risk_curves(here)) == []
    with pytest.raises(ValueError, match="diverges"):
        explore.simulated(here)


@pytest.mark.slow
def test_simulated_points_lie_on_the_curves():
    """Means within five standard errors; those of a step of half the size, the control, do not."""
    here, other = setting(samples=2**14, model_size=100), setting(step_share=0.125, model_size=100)
    points = explore.simulated(here)
    assert sorted(points["samples"].unique()) == [2**6, 2**10, 2**14]
    assert ((points["ci_low"] < points["risk"]) & (points["risk"] < points["ci_high"])).all()
    last = points[points["samples"] == 2**14]
    for model, mean, error in zip(last["model"], last["mean"], last["mean_error"], strict=True):
        assert abs(mean - explore.risk(model, here)) < 5 * error
        assert abs(mean - explore.risk(model, other, samples=2**14)) > 5 * error


def test_simulated_points_are_as_many_as_the_time_is_enough_for():
    most = [
        len(explore._affordable(setting(model_size=size, samples=2**30))) for size in (10, 10**5)
    ]
    assert 7 > most[0] > most[1] > 0
    with pytest.raises(ValueError, match="model_size = 1000000: runs of this size take more than"):
        explore.simulated(setting(model_size=10**6))
