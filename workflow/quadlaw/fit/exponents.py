"""Fits of replicates against several scales of a variable, one row a fit."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
import pandas as pd

from quadlaw.fit.fitting import PowerLawFit, fit_power_law
from quadlaw.models import MODELS
from quadlaw.theory.rates import escape_clock, escapes, natural_clock

# What a quantity is fitted against: the plain variable, then one with a reason. T / log2 T has the
# logarithm of the halvings (quadlaw.theory.rates.limiting_clock); sum_{i > M} i^-beta is
# (M + 1/2)^-(beta - 1) / (beta - 1) to second order (midpoint rule). Beyond x = e all of them rise.
SCALES = {
    "samples": {"T": lambda samples: samples, "T/log2 T": natural_clock},
    "model_size": {"M": lambda size: size, "M + 1/2": lambda size: size + 0.5},
}


def scales(
    axis: str, model: str, alpha: float, beta: float, rows: pd.DataFrame
) -> dict[str, Callable]:
    """The scales of ``axis`` by name, for a model on a problem: those of ``SCALES``, and
    :func:`quadlaw.theory.rates.escape_clock` where it escapes from the start of ``rows``, below
    half of all targets."""
    kind = rows["start"].iloc[0] if "start" in rows else "uniform"
    start = float(rows["init"].median()) ** 2 if "init" in rows else 0.25
    small = axis == "samples" and start < 0.5 and model in MODELS
    if not (small and escapes(model, alpha, beta, kind)):
        return SCALES[axis]
    return SCALES[axis] | {"T/L": partial(escape_clock, alpha=alpha, beta=beta, start=start)}


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
    frame: pd.DataFrame,
    axis: str,
    value: str,
    window: tuple[float, float],
    paired: bool,
    against: dict[str, Callable],
) -> Iterator[tuple[str, PowerLawFit]]:
    """A fit of ``value`` against each scale of ``axis`` in ``against``, over the same points."""
    x, replicates = _by_axis(frame, axis, value)
    for name, of in against.items():
        ends = tuple(of(np.array(window, dtype=float)))
        yield name, fit_power_law(of(x), replicates, window=ends, paired=paired)
