import numpy as np
import pandas as pd

from quadlaw.fronts import front_exponents, growth_times, weight_curves

TIMES = np.unique(np.geomspace(1, 10_000, 300).round())
PROBLEM = {"model": "quadratic", "alpha": 2.5, "beta": 1.5, "sigma": 0.5, "step_size": 0.1}


def weights(replicates=6, exponent=2.0):
    """Coordinates that jump to their target ``10 i^exponent`` steps in, give or take."""
    draw, rows = np.random.default_rng(0), []
    for replicate in range(replicates):
        for i in range(1, 41):
            jump = 10 * i**exponent * np.exp(0.1 * draw.standard_normal())
            grown = np.where(jump < TIMES, 2.0, 0.02)
            rows.append(
                pd.DataFrame(
                    {"time": TIMES, "weight": grown, "coordinate": i, "replicate": replicate}
                )
            )
    table = pd.concat(rows, ignore_index=True)
    return table.assign(**PROBLEM, target=2.0, init=0.1, samples=10_000, adaptation_steps=5_000)


def test_growth_times_leave_out_what_grew_too_late_or_began_grown():
    table = weights()
    table.loc[(table["coordinate"] == 3) & (table["replicate"] == 2), "weight"] = 0.0
    at_start = table[table["time"] == 1].assign(
        time=0, weight=lambda t: np.where(t["coordinate"] == 5, 2.0, 0.0)
    )
    times = growth_times(pd.concat([table, at_start]))
    found = set(times["coordinate"])
    assert {3, 5} & found == set() and {1, 2, 4, 6} <= found
    assert max(found) < 25  # 10 i^2 > 5000 beyond i = 22
    assert times["time"].max() <= 5_000


def test_front_exponent_is_recovered_beside_its_prediction():
    fit = front_exponents(weights(), (1, 20)).iloc[0]
    assert fit["predicted"] == 2.0
    assert fit["ci_low"] < 2.0 < fit["ci_high"] and fit["ci_high"] - fit["ci_low"] < 0.2
    wrong = front_exponents(weights(exponent=1.6), (1, 20)).iloc[0]
    assert wrong["ci_high"] < 1.8  # the control


def test_weight_curves_are_medians_and_a_diverged_run_counts_as_large():
    table = weights()
    table.loc[table["replicate"] == 0, "weight"] = np.nan
    curve = weight_curves(table)
    assert len(curve) == 40 * len(TIMES)
    assert np.isfinite(curve["ratio"]).all() and curve["ratio"].max() == 1.0
