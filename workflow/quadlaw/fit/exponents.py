"""Fits of replicates against several scales of a variable, one row a fit."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from quadlaw.fit.fitting import PowerLawFit, fit_power_law
from quadlaw.theory.rates import natural_clock

# What a quantity is fitted against: the plain variable, then one with a reason. The rates have
# logarithms that T / log2 T takes up at least in part; sum_{i > M} i^-beta is
# (M + 1/2)^-(beta - 1) / (beta - 1) to second order (midpoint rule). Beyond x = e all of them rise.
SCALES = {
    "samples": {"T": lambda samples: samples, "T/log2 T": natural_clock},
    "model_size": {"M": lambda size: size, "M + 1/2": lambda size: size + 0.5},
}


def fit_row(series: dict, quantity: str, clock: str, predicted: float, fit: PowerLawFit) -> dict:
    """A fit as a row: what was fitted, its prediction, the fit, its sensitivity."""
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


def theory_row(value: float, local: Sequence[float]) -> dict:
    """A number of the theory alone as a row: no sampling error, but the range of ``local`` ones."""
    ends = {"ci_low": np.min(local), "ci_high": np.max(local)}
    return {"estimate": value, "theory": value} | ends


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
