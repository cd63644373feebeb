"""Fitted exponents beside their predictions: one function a quantity, one row a fit.

A new quantity is a function here and its name in ``QUANTITIES``; the configuration's
``fit: {quantity: ...}`` picks it.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from quadlaw.curves import SERIES, paired_ratio
from quadlaw.fitting import PowerLawFit, fit_power_law, natural_clock
from quadlaw.theory import rates

CLOCKS = {"T": lambda samples: samples, "T/log2 T": natural_clock}


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
        "prefactor": np.exp(fit.intercept),
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


def _against_samples(
    frame: pd.DataFrame, value: str, window: tuple[float, float]
) -> Iterator[tuple[str, PowerLawFit]]:
    """Fits of ``value`` against both clocks; the streams of different ``T`` are independent."""
    samples, replicates = _by_axis(frame, "samples", value)
    for clock, of in CLOCKS.items():
        # T/log2 T falls from T = 1 to e; beyond, it rises and the window maps onto a window
        yield clock, fit_power_law(of(samples), replicates, window=tuple(of(np.array(window))))


def _steps_range(runs: pd.DataFrame, fit_one) -> dict:
    """Chosen constant, and the range of the estimate over all admissible step constants."""
    estimates = [fit_one(some).exponent for _, some in runs.groupby("step_constant")]
    chosen = runs["chosen"]
    return {
        "step_constant": runs.loc[chosen, "step_constant"].iloc[0],
        "step_at_edge": runs.loc[chosen, "at_edge"].iloc[0],
        "step_low": min(estimates),
        "step_high": max(estimates),
        "diverged_share": np.isinf(runs.loc[chosen, "risk"]).mean(),
    }


def sample_exponents(runs: pd.DataFrame, window: tuple[float, float]) -> Iterator[dict]:
    """``p`` of ``risk ~ T^-p`` for every series, against both clocks."""
    runs = runs.assign(gain=1 / runs["risk"])
    for key, some in runs.groupby(SERIES):
        series = dict(zip(SERIES, key, strict=True))
        predicted = rates.sample_exponent(series["model"], series["alpha"], series["beta"])
        for clock, fit in _against_samples(some[some["chosen"]], "gain", window):

            def fit_one(frame, clock=clock):
                return dict(_against_samples(frame, "gain", window))[clock]

            row = fit_row(series, "sample exponent", clock, predicted, fit)
            yield row | _steps_range(some, fit_one)


def model_exponents(runs: pd.DataFrame, window: tuple[float, float]) -> Iterator[dict]:
    """``p`` of ``risk ~ M^-p`` at the largest ``T``; all sizes share their streams."""
    runs = runs[runs["samples"] == runs["samples"].max()]
    runs = runs.assign(gain=1 / runs["risk"])

    def fit_one(frame):
        return fit_power_law(*_by_axis(frame, "model_size", "gain"), window=window, paired=True)

    for key, some in runs.groupby(SERIES):
        series = dict(zip(SERIES, key, strict=True))
        predicted = rates.model_exponent(series["beta"])
        row = fit_row(series, "model exponent", "M", predicted, fit_one(some[some["chosen"]]))
        yield row | _steps_range(some, fit_one)


def ratio_exponents(runs: pd.DataFrame, window: tuple[float, float]) -> Iterator[dict]:
    """``p`` of ``R_linear / R_quadratic ~ T^p``, from paired replicates."""
    for key, some in paired_ratio(runs).groupby(SERIES[1:]):
        series = {"model": "linear/quadratic"} | dict(zip(SERIES[1:], key, strict=True))
        exponents = [
            rates.sample_exponent(model, series["alpha"], series["beta"])
            for model in ("quadratic", "linear")
        ]
        for clock, fit in _against_samples(some, "ratio", window):
            yield fit_row(series, "ratio exponent", clock, exponents[0] - exponents[1], fit)


QUANTITIES = {
    "sample_exponent": sample_exponents,
    "model_exponent": model_exponents,
    "ratio_exponent": ratio_exponents,
}


def fitted_exponents(
    quantity: str, runs: pd.DataFrame, window: tuple[float, float]
) -> pd.DataFrame:
    """The table of one quantity's fits; ``runs`` as from :func:`quadlaw.curves.reported`."""
    return pd.DataFrame(QUANTITIES[quantity](runs, window))
