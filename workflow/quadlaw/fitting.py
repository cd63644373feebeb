"""Power laws fitted in logarithms, with bootstrap intervals and their sensitivity to the window."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.stats import bootstrap

from quadlaw.checks import require

LEAST_POINTS = 3
RESAMPLES = 2000


@dataclass(frozen=True)
class PowerLawFit:
    """``y ~ exp(intercept) * x^exponent``.

    Attributes
    ----------
    exponent, ci_low, ci_high : float
        Slope in logarithms and its 95 % percentile interval over resampled replicates. The
        interval covers the Monte-Carlo error alone, not a curvature of the data.
    intercept : float
        ``log y`` at ``x = 1``.
    window : tuple of float
        Smallest and largest ``x`` used.
    points : int
        Number of ``x`` used.
    by_start : dict
        The slope for each later or earlier start of the window that leaves enough points.
    """

    exponent: float
    ci_low: float
    ci_high: float
    intercept: float
    window: tuple[float, float]
    points: int
    by_start: dict[float, float] = field(repr=False)


def natural_clock(samples: np.ndarray) -> np.ndarray:
    """``T / log2 T``: about twice a stage of the halving schedule, the clock of the rates."""
    return samples / np.log2(samples)


def _median_error(log_y: np.ndarray) -> float:
    """Standard error of the median, from the quartiles, so that single outliers do not count."""
    low, high = np.quantile(log_y, [0.25, 0.75])
    return max(1.2533 * (high - low) / 1.349 / np.sqrt(len(log_y)), 1e-9)


def _coefficients(log_x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """``c`` such that the weighted least-squares slope is ``c @ log_y``."""
    centred = log_x - np.average(log_x, weights=weights)
    return weights * centred / np.sum(weights * centred**2)


def _line(log_x: np.ndarray, log_y: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    slope = _coefficients(log_x, weights) @ log_y
    return slope, np.average(log_y - slope * log_x, weights=weights)


def fit_power_law(
    x: Sequence[float],
    replicates: Sequence[Sequence[float]],
    *,
    window: tuple[float, float] = (0.0, np.inf),
    paired: bool = False,
    seed: int = 0,
) -> PowerLawFit:
    """Fit the median of ``y`` over replicates by a power law of ``x``.

    Weighted least squares of the median of ``log y`` on ``log x``; weights from each median's
    standard error; 95 % interval by a bootstrap over replicates.

    Parameters
    ----------
    x : sequence of float, length n
        Positive, rising.
    replicates : n sequences of float
        The observations of ``y`` at each ``x``: positive; infinite ones (diverged runs) count in
        the median as what they are.
    window : (float, float)
        Use ``low <= x <= high``.
    paired : bool, default False
        Whether replicate ``r`` is the same stream at every ``x``; it is then resampled as one.
    seed : int
        Of the bootstrap.

    Raises
    ------
    ValueError
        With fewer than three points in the window, fewer than two replicates, or where so many
        runs diverged that a median is not finite.
    """
    x = np.asarray(x, dtype=float)
    log_y = [np.log(np.asarray(values, dtype=float)) for values in replicates]
    used = (x >= window[0]) & (x <= window[1])
    require(used.sum() >= LEAST_POINTS, "window", window, f"holds {used.sum()} points, needs 3")
    require(min(map(len, log_y)) >= 2, "replicates", 1, "an interval needs at least two")
    medians = np.array([np.median(values) for values in log_y])
    require(np.isfinite(medians[used]).all(), "replicates", "nan", "half of the runs diverged")

    log_x = np.log(x)
    weights = np.array([_median_error(values) ** -2 for values in log_y])
    slope, intercept = _line(log_x[used], medians[used], weights[used])
    coefficients = _coefficients(log_x[used], weights[used])

    def slope_of(*samples, axis):
        # A resampled median may be infinite where runs diverged: huge instead, as inf - inf is nan.
        medians = [np.median(np.clip(values, -1e3, 1e3), axis=axis) for values in samples]
        return np.tensordot(coefficients, np.array(medians), axes=1)

    interval = bootstrap(
        [values for values, inside in zip(log_y, used, strict=True) if inside],
        slope_of,
        paired=paired,
        vectorized=True,
        n_resamples=RESAMPLES,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    by_start = {}
    for start in x[x <= window[1]][: 1 - LEAST_POINTS]:
        here = (x >= start) & (x <= window[1])
        if np.isfinite(medians[here]).all():
            by_start[float(start)] = float(_line(log_x[here], medians[here], weights[here])[0])
    return PowerLawFit(
        float(slope),
        float(interval.low),
        float(interval.high),
        float(intercept),
        (float(x[used].min()), float(x[used].max())),
        int(used.sum()),
        by_start,
    )
