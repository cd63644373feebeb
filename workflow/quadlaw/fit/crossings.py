"""Where a ratio of risks passes one for the last time: by a curve, and by the medians of runs."""

import numpy as np
import pandas as pd

from quadlaw.fit.estimates import interval

HUGE = 1e3


def crossing(x: np.ndarray, y: np.ndarray) -> float:
    """The ``x`` from which a curve of straight lines stays above zero.

    ``inf`` if it ends below, ``-inf`` if it is never below; ``x`` rises.
    """
    below = np.flatnonzero(y < 0)
    if not len(below):
        return -np.inf
    k = below[-1]
    if k == len(y) - 1:
        return np.inf
    return float(x[k] + (x[k + 1] - x[k]) * y[k] / (y[k] - y[k + 1]))


def by_samples(pairs: pd.DataFrame) -> tuple[np.ndarray, list[np.ndarray]]:
    """``log10 T`` in rising order and the logarithms of the ``ratio`` at each."""
    groups = list(pairs.groupby("samples")["ratio"])
    with np.errstate(divide="ignore"):  # a ratio is zero where the quadratic run diverged
        log_ratios = [np.log(ratios.to_numpy()) for _, ratios in groups]
    return np.log10([T for T, _ in groups]), log_ratios


def median_crossing(x: np.ndarray, log_ratios: list[np.ndarray]) -> dict[str, float]:
    """The crossing of medians at each ``x``, with its interval; runs of each ``x`` are independent.

    ``estimate, ci_low, ci_high``, where resamples that do not cross are infinite. Logarithms of
    ratios may be infinite, where a run diverged.
    """
    # Huge instead of infinite, as a resampled median may be, and inf / inf has no place.
    finite = [np.clip(values, -HUGE, HUGE) for values in log_ratios]

    def of_medians(*drawn):
        return crossing(x, np.array([np.median(values) for values in drawn]))

    with np.errstate(invalid="ignore"):
        return interval(finite, of_medians, paired=False)


def over_predicted(simulated: dict[str, float], predicted: float) -> dict[str, float] | None:
    """A crossing of :func:`median_crossing` less the predicted one, both logarithms.

    None if neither is within the sample sizes; empty unless both are.
    """
    cross = np.isfinite([simulated["estimate"], predicted])
    if not cross.any():
        return None
    return {name: value - predicted for name, value in simulated.items()} if cross.all() else {}
