"""Rows of estimates: what a fit, a theory and other step sizes put into them."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import zeta

from quadlaw.fit import estimates
from quadlaw.fit.exponents import SCALES, fit_row, theory_row
from quadlaw.fit.fitting import PowerLawFit
from quadlaw.theory import rates
from quadlaw.theory.rates import natural_clock

SERIES = {"model": "linear", "alpha": 2.0, "beta": 3.0, "sigma": 0.5, "setting": "planted"}
T = 2 ** np.arange(8, 17)
WINDOW = (2**10, 2**15)


def planted(exponent, factor=1.0, replicates=8, seed=0, shock=0.0):
    """Runs whose risk is a power of ``T`` times noise, a part of it common to a replicate."""
    draw = np.random.default_rng(seed)
    common = shock * draw.standard_normal(replicates)
    noise = 0.01 * draw.standard_normal((len(T), replicates)) + common
    rows = [
        SERIES | {"samples": int(t), "replicate": k, "step_factor": factor, "method": "steps",
                  "excess_risk": 3 * t**-exponent * np.exp(noise[i, k]), "diverged": False}
        for i, t in enumerate(T) for k in range(replicates)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def theory_of(exponent, factor=1.0):
    rows = [SERIES | {"samples": int(t), "step_factor": factor, "theory": t**-exponent} for t in T]
    return pd.DataFrame(rows)


def rows_of(runs, **options):
    options = {"window": WINDOW} | options
    return {row["against"]: row for row in estimates.exponents(runs, "rate", **options)}


def test_the_row_of_a_fit_is_all_that_it_says():
    fit = PowerLawFit(0.5, 0.4, 0.7, 1.0, (2.0, 8.0), 5, {1.0: 0.45, 2.0: 0.5, 4.0: 0.6})
    assert fit_row({"model": "linear"}, "rate", "T", 0.55, fit) == {
        "model": "linear", "quantity": "rate", "against": "T", "predicted": 0.55, "estimate": 0.5,
        "ci_low": 0.4, "ci_high": 0.7, "window_low": 2.0, "window_high": 8.0, "points": 5,
        "start_low": 0.45, "start_high": 0.6,
    }  # fmt: skip


def test_the_row_of_a_theory_has_the_range_of_its_stretches():
    found = theory_row(0.5, [0.4, 0.7, 0.5])
    assert found == {"estimate": 0.5, "theory": 0.5, "ci_low": 0.4, "ci_high": 0.7}


def test_exponents_are_of_the_usual_step_and_say_those_at_others():
    runs = pd.concat([planted(0.5), planted(0.3, 0.5, seed=1), planted(0.8, 2.0, seed=2)])
    theory = pd.concat([theory_of(0.6), theory_of(0.1, 2.0)])
    found = rows_of(runs, theory=theory)
    assert list(found) == ["T", "T/log2 T"]
    row = found["T"]
    assert {key: row[key] for key in SERIES} == SERIES and row["quantity"] == "rate"
    assert row["estimate"] == pytest.approx(0.5, abs=0.01)
    assert row["ci_low"] < row["estimate"] < row["ci_high"] < row["ci_low"] + 0.03
    assert row["theory"] == pytest.approx(0.6, abs=1e-9)
    assert (row["window_low"], row["window_high"], row["points"]) == (*WINDOW, 6)
    assert row["start_low"] <= row["estimate"] <= row["start_high"] < row["start_low"] + 0.03
    assert row["step_low"] == pytest.approx(0.3, abs=0.02)
    assert row["step_high"] == pytest.approx(0.8, abs=0.02)
    assert (row["diverged_share"], row["replicates"], row["method"]) == (0, 8, "steps")
    steeper = found["T/log2 T"]
    rise = np.diff(np.log(WINDOW)) / np.diff(np.log(natural_clock(np.array(WINDOW))))
    assert steeper["theory"] == pytest.approx(0.6 * rise.item(), rel=0.01)
    assert steeper["window_high"] == natural_clock(np.array(WINDOW))[1]


def test_two_step_sizes_are_a_range_and_one_is_none():
    assert "step_low" not in rows_of(planted(0.5))["T"]
    two = rows_of(pd.concat([planted(0.5), planted(0.3, 0.5, seed=1)]))["T"]
    assert two["step_low"] < 0.32 and two["step_high"] > 0.48


def test_without_a_theory_or_with_too_little_of_it_there_is_none():
    assert np.isnan(rows_of(planted(0.5))["T"]["theory"])
    few, enough = theory_of(0.6)[2:4], theory_of(0.6)[2:5]
    assert np.isnan(rows_of(planted(0.5), theory=few)["T"]["theory"])
    assert rows_of(planted(0.5), theory=enough)["T"]["theory"] == pytest.approx(0.6)
    outside = theory_of(0.6).assign(theory=lambda rows: rows["theory"].where(rows.index > 1, 9.0))
    assert rows_of(planted(0.5), theory=outside)["T"]["theory"] == pytest.approx(0.6)


def test_a_column_is_fitted_in_place_of_the_decay():
    runs = planted(0.5).assign(size=lambda rows: 2 * rows["samples"] ** 0.25)
    theory = theory_of(0.6).assign(known=lambda rows: rows["samples"] ** 0.3)
    row = rows_of(runs, value="size", theory=theory, theory_value="known")["T"]
    assert row["estimate"] == pytest.approx(0.25) and row["theory"] == pytest.approx(0.3)


def test_a_shock_of_replicates_cancels_where_they_are_paired_which_must_be_said():
    runs = planted(0.5, replicates=16, shock=1.0)
    width = {
        paired: np.subtract(row["ci_high"], row["ci_low"])
        for paired, row in {
            None: rows_of(runs)["T"],
            False: rows_of(runs, paired=False)["T"],
            True: rows_of(runs, paired=True)["T"],
        }.items()
    }
    assert width[None] == width[False] > 5 * width[True]


def test_intervals_of_statistics_are_paired_and_the_same_each_time_unless_it_is_said():
    draw = np.random.default_rng(0)
    shock = draw.standard_normal(16)
    pair = [shock, shock + 0.1 * draw.standard_normal(16)]

    def between(some, others):
        return np.mean(others) - np.mean(some)

    usual = estimates.interval(pair, between)
    assert usual == estimates.interval(pair, between, paired=True, seed=0)
    assert usual != estimates.interval(pair, between, seed=1)
    apart = estimates.interval(pair, between, paired=False)
    assert apart["ci_high"] - apart["ci_low"] > 3 * (usual["ci_high"] - usual["ci_low"])


def test_far_exponents_are_the_last_slope_with_the_range_of_the_last_three():
    """Slopes of .1 to .5 between powers of two, by hand."""
    size = 2.0 ** np.arange(1, 7)
    fall = np.concatenate([[0], np.cumsum([0.1, 0.2, 0.5, 0.3, 0.4])]) * np.log(2)
    far = pd.DataFrame({"samples": size, "theory": np.exp(-fall)}).assign(**SERIES)
    (found,) = estimates.far_exponents(far.sample(frac=1, random_state=0), against="T")
    assert {key: found[key] for key in SERIES} == SERIES
    assert found["quantity"] == "local exponent" and found["against"] == "T"
    for key, value in {"estimate": 0.4, "theory": 0.4, "ci_low": 0.3, "ci_high": 0.5}.items():
        assert found[key] == pytest.approx(value)
    assert (found["window_low"], found["window_high"], found["points"]) == (32, 64, 2)
    (three,) = estimates.far_exponents(far, against="T", points=3)
    assert three["estimate"] == pytest.approx(0.35) and three["ci_low"] == pytest.approx(0.35)
    assert three["ci_high"] == pytest.approx(0.4) and three["window_low"] == 16
    assert list(estimates.far_exponents(far[:1])) == []
    both = pd.concat([far, far.assign(alpha=3.0)])
    assert [one["alpha"] for one in estimates.far_exponents(both, against="T")] == [2.0, 3.0]


def test_a_share_has_the_exact_interval_and_no_run_is_lost():
    found = estimates.share(pd.Series([True] * 3 + [False] * 7))
    assert found["estimate"] == 0.3 and found["points"] == 10
    assert found["ci_low"] == pytest.approx(0.0667, abs=1e-4)  # Clopper and Pearson (1934)
    assert found["ci_high"] == pytest.approx(0.6525, abs=1e-4)


def test_a_log_ratio_is_one_where_the_theory_is_right():
    worse, better = np.exp([1.9, 2.0, 2.1]), np.exp([0.9, 1.0, 1.1])
    assert estimates.log_ratio(worse, better, np.e, paired=True)["estimate"] == pytest.approx(1)
    assert estimates.log_ratio(worse, better, np.e**2, paired=True)["estimate"] == pytest.approx(
        0.5
    )


def test_columns_that_estimates_do_not_have_are_refused():
    table = estimates.table([{"quantity": "rate", "replicates": 3}, {"quantity": "other"}])
    assert list(table.columns) == [*estimates.COLUMNS, "replicates"] and len(table) == 2
    with pytest.raises(ValueError, match=r"columns = \['rate'\]: estimates have quantity, model"):
        estimates.table([{"rate": 1}])


@pytest.mark.parametrize("model, alpha, labels, found", [
    ("quadratic", 4.0, {"init": 0.5}, True), ("signed", 4.0, {}, True),
    ("quadratic", 1.5, {"init": 0.5}, False), ("linear", 4.0, {"init": 0.5}, False),
    ("quadratic", 4.0, {"init": 0.5, "start": "target"}, False),
    ("quadratic", 4.0, {"init": 0.8}, False), ("linear/quadratic", 4.0, {"init": 0.5}, False),
])  # fmt: skip
def test_the_clock_of_escape_is_for_models_that_escape(model, alpha, labels, found):
    """Of depth two, for alpha > beta, from one start below all targets."""
    clock = rates.escape_clock(T, 4.0, 2.0)
    runs = planted(0.5).assign(model=model, alpha=alpha, beta=2.0, **labels)
    runs["excess_risk"] *= T_of(runs) ** 0.5 * rates.escape_clock(T_of(runs), 4.0, 2.0) ** -0.5
    rows = rows_of(runs)
    assert ("T/L" in rows) == found
    if found:
        assert rows["T/L"]["estimate"] == pytest.approx(0.5, abs=0.01)
        assert rows["T/log2 T"]["estimate"] > 0.51
        assert rows["T/L"]["window_high"] == clock[WINDOW[1] >= T].max()


def T_of(runs):
    return runs["samples"].to_numpy(float)


@pytest.mark.parametrize("beta", [1.5, 2.5])
def test_the_signal_beyond_a_model_is_a_power_of_its_size_and_a_half(beta):
    size = 2.0 ** np.arange(3, 9)

    def slope(x):
        return -np.polyfit(np.log(x), np.log(zeta(beta, size + 1)), 1)[0]

    half, plain = (SCALES["model_size"][name](size) for name in ("M + 1/2", "M"))
    assert slope(half) == pytest.approx(beta - 1, abs=1e-3)
    for other in (plain, size + 0.4, size + 0.6, size + 1):  # the control
        assert abs(slope(other) - (beta - 1)) > 1e-3
