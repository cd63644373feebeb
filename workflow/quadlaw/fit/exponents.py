"""Fitted exponents beside their predictions: one function a quantity, one row a fit.

A new quantity is a function here and its name in ``QUANTITIES``; the configuration's
``fit: {quantity: ...}`` picks it.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from quadlaw.fit.curves import SERIES, paired_ratio
from quadlaw.fit.fitting import PowerLawFit, fit_power_law, power_law_exponent
from quadlaw.theory import rates
from quadlaw.theory.rates import natural_clock

# What a quantity is fitted against: the plain variable, then one with a reason. The rates have
# logarithms that T / log2 T takes up at least in part; sum_{i > M} i^-beta is
# (M + 1/2)^-(beta - 1) / (beta - 1) to second order (midpoint rule). Beyond x = e all of them rise.
SCALES = {
    "samples": {"T": lambda samples: samples, "T/log2 T": natural_clock},
    "model_size": {"M": lambda size: size, "M + 1/2": lambda size: size + 0.5},
}

# The axis of each quantity's fit.
AXES = {"sample_exponent": "samples", "model_exponent": "model_size", "ratio_exponent": "samples"}


def fit_row(series: dict, quantity: str, clock: str, predicted: float, fit: PowerLawFit) -> dict:
    """One row of the table of fits: what was fitted, its prediction, the fit, its sensitivity."""
    starts = fit.by_start.values()
    return series | {
        "quantity": quantity,
        "against": clock,
        "predicted": predicted,
        "estimate": fit.exponent,
        "ci_low": fit.ci_low,
        "ci_high": fit.ci_high,
        "window_low": fit.window[0],
        "window_high": fit.window[1],
        "points": fit.points,
        "start_low": min(starts),
        "start_high": max(starts),
    }


def _by_axis(frame: pd.DataFrame, axis: str, value: str) -> tuple[np.ndarray, list[np.ndarray]]:
    """``x`` in rising order and the replicates of ``value`` at each, in replicate order."""
    groups = list(frame.sort_values("replicate").groupby(axis)[value])
    return np.array([x for x, _ in groups], dtype=float), [y.to_numpy() for _, y in groups]


def scale_fits(
    frame: pd.DataFrame, axis: str, value: str, window: tuple[float, float], paired: bool
) -> Iterator[tuple[str, PowerLawFit]]:
    """A fit of ``value`` against each scale of ``axis``, all over the same points."""
    x, replicates = _by_axis(frame, axis, value)
    for name, of in SCALES[axis].items():
        ends = tuple(of(np.array(window, dtype=float)))
        yield name, fit_power_law(of(x), replicates, window=ends, paired=paired)


def _steps_range(
    runs: pd.DataFrame, axis: str, scale: str, window: tuple[float, float]
) -> dict[str, float]:
    """The range of the exponent over all admissible step constants."""
    of = SCALES[axis][scale]
    ends, exponents = tuple(of(np.array(window, dtype=float))), []
    for _, some in runs.groupby("step_constant"):
        x, replicates = _by_axis(some, axis, "gain")
        exponents.append(power_law_exponent(of(x), replicates, ends))
    return {"step_low": np.nanmin(exponents), "step_high": np.nanmax(exponents)}


def _choice(runs: pd.DataFrame) -> dict:
    """How the chosen step constants came out; of two models, the worse."""
    chosen = runs[runs["chosen"]]
    constants = chosen["step_constant"].unique()
    return {
        "step_constant": constants[0] if len(constants) == 1 else np.nan,
        "step_at_edge": chosen["at_edge"].any(),
        "diverged_share": np.isinf(chosen["risk"]).groupby(chosen["model"]).mean().max(),
    }


def _risk_exponents(runs, window, quantity, axis, paired, predict) -> Iterator[dict]:
    """``p`` of ``risk ~ x^-p`` for every series of runs, against every scale of ``axis``."""
    runs = runs.assign(gain=1 / runs["risk"])
    for key, some in runs.groupby(SERIES):
        series = dict(zip(SERIES, key, strict=True))
        for scale, fit in scale_fits(some[some["chosen"]], axis, "gain", window, paired):
            row = fit_row(series, quantity, scale, predict(series), fit)
            yield row | _choice(some) | _steps_range(some, axis, scale, window)


def sample_exponents(runs: pd.DataFrame, window: tuple[float, float]) -> Iterator[dict]:
    """``p`` of ``risk ~ T^-p``; the streams of different ``T`` are independent."""

    def predict(series):
        return rates.sample_exponent(series["model"], series["alpha"], series["beta"])

    return _risk_exponents(runs, window, "sample exponent", "samples", False, predict)


def model_exponents(runs: pd.DataFrame, window: tuple[float, float]) -> Iterator[dict]:
    """``p`` of ``risk ~ M^-p`` at the largest ``T``; all sizes share their streams."""
    longest = runs[runs["samples"] == runs["samples"].max()]

    def predict(series):
        return rates.model_exponent(series["beta"])

    return _risk_exponents(longest, window, "model exponent", "model_size", True, predict)


def ratio_exponents(runs: pd.DataFrame, window: tuple[float, float]) -> Iterator[dict]:
    """``p`` of ``R_linear / R_quadratic ~ T^p``, from paired replicates."""
    problem = SERIES[1:]
    ratios = paired_ratio(runs)
    choices = {key: _choice(some) for key, some in runs.groupby(problem)}
    for key, some in ratios.groupby(problem):
        series = {"model": "linear/quadratic"} | dict(zip(problem, key, strict=True))
        quadratic, linear = (
            rates.sample_exponent(model, series["alpha"], series["beta"])
            for model in ("quadratic", "linear")
        )
        for clock, fit in scale_fits(some, "samples", "ratio", window, paired=False):
            yield fit_row(series, "ratio exponent", clock, quadratic - linear, fit) | choices[key]


QUANTITIES = {
    "sample_exponent": sample_exponents,
    "model_exponent": model_exponents,
    "ratio_exponent": ratio_exponents,
}


def fitted_exponents(
    quantity: str, runs: pd.DataFrame, window: tuple[float, float]
) -> pd.DataFrame:
    """The table of one quantity's fits; ``runs`` as from :func:`quadlaw.fit.curves.reported`."""
    return pd.DataFrame(QUANTITIES[quantity](runs, window))
