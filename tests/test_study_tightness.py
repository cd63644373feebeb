import numpy as np
import pandas as pd
import pytest

from quadlaw.studies import tightness as study
from quadlaw.theory import rates
from quadlaw.theory.rates import natural_clock

SAMPLES = [10**k for k in range(5, 13)]


def risks(model, power=0.0, constant=0.3, scale=0.7):
    """``constant T^power`` times the bound's form, at (4, 2.5)."""
    T = np.array(SAMPLES, dtype=float)
    size = np.ceil(16 * T ** (1 / 3.25))
    form = rates.risk_form(model, 4.0, 2.5, 0.5, natural_clock(T), size)
    every = {"model": model, "alpha": 4.0, "beta": 2.5, "sigma": 0.5, "init_scale": scale}
    risk = constant * T**power * form
    return pd.DataFrame({"samples": SAMPLES, "model_size": size, "risk": risk}).assign(**every)


def found(tuned):
    runs = [
        tuned.assign(
            replicate=r, excess_risk=tuned["risk"], diverged=False, adapted=0, learned=0
        ).drop(columns="risk")
        for r in range(8)
    ]
    theory = tuned.rename(columns={"risk": "theory"})
    tables = {"runs": pd.concat(runs, ignore_index=True), "theory": theory, "tuned": tuned}
    return study.results(tables, {})


@pytest.mark.parametrize("power", [0.0, -0.05])
def test_a_planted_power_of_the_form_comes_out(power):
    curves, estimates = found(pd.concat([risks("quadratic", power), risks("linear")]))
    row = estimates.set_index("model").loc["quadratic"]
    assert row[["estimate", "ci_low", "ci_high"]].to_numpy(float) == pytest.approx(power, abs=1e-9)
    assert estimates.set_index("model").loc["linear", "estimate"] == pytest.approx(0, abs=1e-9)
    assert set(curves["source"]) == {"simulation", "theory", "tuned"}
    if not power:
        assert np.allclose(curves["ratio"], 0.3)


def test_the_range_is_that_of_the_last_two_decades():
    bent = risks("quadratic")
    bent.loc[bent["samples"] < 10**11, "risk"] *= 1.1
    bent.loc[bent["samples"] < 10**10, "risk"] *= 5
    _, estimates = found(bent)
    row = estimates.iloc[0]
    assert row["estimate"] == pytest.approx(0, abs=1e-9) == row["ci_high"]
    assert row["ci_low"] == pytest.approx(-np.log10(1.1))


def test_only_the_largest_initial_value_counts():
    _, estimates = found(pd.concat([risks("quadratic"), risks("quadratic", 0.1, scale=0.3)]))
    assert len(estimates) == 1 and estimates["estimate"].iloc[0] == pytest.approx(0, abs=1e-9)


def test_a_grid_with_one_size_in_the_last_decade_gives_the_last_slope():
    sparse = risks("quadratic", -0.1)
    _, estimates = found(sparse[sparse["samples"].isin([10**6, 10**9, 10**12])])
    row = estimates.iloc[0]
    assert row[["estimate", "ci_low", "ci_high"]].to_numpy(float) == pytest.approx(-0.1)
