import numpy as np
import pandas as pd
import pytest

from quadlaw.fit.fronts import front_exponents, growth_times, weight_curves

TIMES = np.concatenate([[0], np.unique(np.geomspace(1, 60_000, 400).round())])
PROBLEM = {"model": "quadratic", "alpha": 2.5, "beta": 1.5, "sigma": 0.5, "step_size": 0.1}


def weights(replicates=6, exponent=2.0):
    """Coordinates that jump to their target at ``10 i^exponent * log 199`` steps, give or take."""
    draw, rows = np.random.default_rng(0), []
    for replicate in range(replicates):
        for i in range(1, 41):
            jump = 10 * i**exponent * np.log(199) * np.exp(0.1 * draw.standard_normal())
            grown = np.where(jump < TIMES, 2.0, 0.01)
            columns = {"time": TIMES, "weight": grown, "coordinate": i, "replicate": replicate}
            rows.append(pd.DataFrame(columns))
    table = pd.concat(rows, ignore_index=True)
    return table.assign(**PROBLEM, target=1.99, init=0.1, samples=60_000, adaptation_steps=30_000)


def test_growth_times_leave_out_what_grew_too_late_or_began_grown():
    table = weights()
    started = (table["coordinate"] == 5) & (table["time"] == 0)
    table.loc[started, "weight"] = 2.0
    table.loc[(table["coordinate"] == 3) & (table["replicate"] == 2), "weight"] = 0.01
    times = growth_times(table)
    found = set(times["coordinate"])
    assert 5 not in found and {1, 2, 3, 4, 6} <= found
    assert max(found) < 27  # 10 i^2 log 199 > 30,000 beyond i = 23
    lost = times[(times["coordinate"] == 3) & (times["replicate"] == 2)]
    assert np.isinf(lost["time"]).all()  # one of six: it counts as late, not as absent
    assert times.loc[np.isfinite(times["time"]), "time"].max() <= 30_000


def test_problems_do_not_touch_each_other():
    one, other = weights(), weights(replicates=5).assign(alpha=3.0)
    other.loc[(other["coordinate"] == 4) & (other["time"] == 0), "weight"] = 2.0
    together = growth_times(pd.concat([one, other], ignore_index=True))
    alone = growth_times(one)
    pd.testing.assert_frame_equal(
        together[together["alpha"] == 2.5].reset_index(drop=True), alone.reset_index(drop=True)
    )


def test_front_exponent_is_recovered_beside_its_prediction():
    for clock in ("eta t", "eta t / log"):
        fit = front_exponents(weights(), (1, 20)).set_index("against").loc[clock]
        assert fit["predicted"] == 2.0
        assert fit["ci_low"] < 2.0 < fit["ci_high"] and fit["ci_high"] - fit["ci_low"] < 0.2
        wrong = front_exponents(weights(exponent=1.6), (1, 20)).set_index("against").loc[clock]
        assert wrong["ci_high"] < 1.8  # the control


def test_the_logarithm_is_divided_out():
    """Initial values that rise with ``i`` shorten the times: only the plain fit must see it."""
    table = weights()
    start = np.minimum(0.01 * table["coordinate"] ** 1.2, 0.9)
    delay = np.log(table["target"] / start - 1) / np.log(198)
    table["time"] = np.where(table["time"] > 0, table["time"] * delay, 0)
    table.loc[table["time"] == 0, "weight"] = start[table["time"] == 0]
    fits = front_exponents(table, (1, 16)).set_index("against")
    assert fits.loc["eta t / log", "estimate"] == pytest.approx(2.0, abs=0.06)
    assert fits.loc["eta t", "estimate"] < 1.85


def test_a_problem_without_a_front_is_an_error():
    table = pd.concat([weights(), weights(exponent=20).assign(alpha=3.0, weight=0.01)])
    with pytest.raises(ValueError, match="no coordinate grew"):
        front_exponents(table, (1, 20))


def test_weight_curves_are_medians_and_a_diverged_run_counts_as_large():
    table = weights()
    table.loc[table["replicate"] == 0, "weight"] = np.nan
    curve = weight_curves(table)
    assert len(curve) == 40 * len(TIMES)
    assert np.isfinite(curve["ratio"]).all() and curve["ratio"].max() == 2.0 / 1.99
