"""Runs until medians are known to a fixed half-width: the whole procedure, on planted curves."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from quadlaw.fit import designs
from quadlaw.fit.fitting import fit_power_law
from quadlaw.fit.stopping import FLOOR, half_width, until_narrow, widest

SAMPLES = [4**k for k in range(5, 11)]
WINDOW = (SAMPLES[0], SAMPLES[-1])


def planted(T: int, spread: float, seed: int, exponent: float = 0.4):
    """Runs of risk ``T^-exponent`` with a lognormal scatter, by replicate."""

    noise = np.random.default_rng([seed, T]).standard_normal(4096)

    def runs(replicates):
        numbers = np.array(replicates)
        risk = T**-exponent * np.exp(spread * noise[numbers])
        columns = {"model": "linear", "replicate": numbers, "excess_risk": risk}
        return pd.DataFrame(columns).assign(diverged=False)

    return runs


@pytest.mark.parametrize("spread", [0.02, 0.2, 0.5])
def test_it_stops_when_the_interval_is_as_narrow_as_asked(spread):
    found = until_narrow(planted(1024, spread, 0), range(4096), 0.05)
    assert widest(found) <= 0.05 and list(found.index) == list(range(len(found)))
    before = found[found["replicate"] < len(found) - FLOOR]
    assert len(found) == FLOOR or widest(before) > 0.05
    needed = (1.96 * 1.2533 * spread / 0.05) ** 2
    assert len(found) == FLOOR if needed < FLOOR / 2 else 0.6 * needed < len(found) < 1.6 * needed


def test_it_stops_at_the_most_and_never_before_it_where_a_run_diverged():
    assert len(until_narrow(planted(1024, 0.5, 0), range(50), 1e-3)) == 50

    def lost(replicates):
        return planted(1024, 0.01, 0)(replicates).assign(
            diverged=[replicate == 3 for replicate in replicates]
        )

    assert len(until_narrow(lost, range(64), 1.0)) == 64


def test_the_lane_of_the_widest_interval_decides():
    def two(replicates):
        calm = planted(1024, 0.01, 0)(replicates).assign(model="quadratic")
        return pd.concat([planted(1024, 0.3, 0)(replicates), calm])

    alone = until_narrow(planted(1024, 0.3, 0), range(4096), 0.05)
    assert len(until_narrow(two, range(4096), 0.05)) == 2 * len(alone)


def test_the_half_width_is_students_times_the_excess_error_of_a_normal_law_s_median():
    runs = planted(1024, 0.3, 0)(range(FLOOR))
    error = np.log(runs["excess_risk"]).sem() * np.sqrt(np.pi / 2)
    assert widest(runs) == pytest.approx(t.ppf(0.975, FLOOR - 1) * error, rel=1e-4)


def test_a_lane_without_a_label_that_others_have_counts():
    calm, wild = (planted(1024, spread, 0)(range(FLOOR)) for spread in (0.01, 0.3))
    both = pd.concat([calm.assign(inputs="hypercube"), wild.assign(inputs=np.nan)])
    assert widest(both) == pytest.approx(widest(wild))


@pytest.mark.slow
@pytest.mark.parametrize("spread", [0.1, 0.3])
def test_intervals_of_the_whole_procedure_cover_the_planted_exponent(spread):
    """And are about as wide as asked; intervals of half the width, the control, cover less."""
    asked, held, held_by_half, widths, trials = 0.02, 0, 0, [], 100
    each = asked * designs.spread(SAMPLES, WINDOW)
    for seed in range(trials):
        some = [until_narrow(planted(T, spread, seed), range(512), each) for T in SAMPLES]
        fit = fit_power_law(SAMPLES, [1 / runs["excess_risk"] for runs in some], seed=seed)
        half = (fit.ci_high - fit.ci_low) / 2
        held += fit.ci_low <= 0.4 <= fit.ci_high
        held_by_half += abs(fit.exponent - 0.4) <= half / 2
        widths.append(half)
    error = np.sqrt(0.95 * 0.05 / trials)
    assert held / trials > 0.95 - 3 * error
    assert held_by_half / trials < 0.95 - 3 * error
    assert np.median(widths) < 1.3 * asked


def test_a_design_asks_for_widths_and_does_not_split_such_points():
    settings = {"samples": SAMPLES, "window": WINDOW, "sigma": 0.5, "replicates": 4096}
    rows = designs.curve_rows(settings, {"alpha": 2.0, "beta": 3.0}, "linear")
    narrow = designs.curve_rows(
        settings | {"half_width": 0.01}, {"alpha": 2.0, "beta": 3.0}, "linear"
    )
    points, whole = (
        designs.points(designs.with_steps(some).assign(**designs.IN_STEPS))
        for some in (rows, narrow)
    )
    assert len(points) > len(whole) == len(SAMPLES)
    spread = np.std(np.log(SAMPLES)) * np.sqrt(len(SAMPLES))
    assert [half_width(point) for point in whole] == pytest.approx([0.01 * spread] * len(SAMPLES))
    assert {half_width(point) for point in points} == {None}


def test_a_point_that_needs_few_runs_has_sixteen_all_at_once():
    asked = []

    def runs(replicates):
        asked.append(list(replicates))
        return planted(1024, 1e-6, 0)(replicates)

    assert len(until_narrow(runs, range(4096), 0.05)) == 16
    assert asked == [list(range(16))]
