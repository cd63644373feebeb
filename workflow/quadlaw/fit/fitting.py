"""Power laws fitted in logarithms, with bootstrap intervals and their sensitivity to the window."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy
from scipy.special import ndtr, stdtrit

from quadlaw.base.checks import require

LEAST_POINTS = 3
RESAMPLES = 2000
# No median is trusted to better than this share of itself, as no power law is exact: otherwise the
# few points with the least Monte-Carlo error would decide the slope alone.
MODEL_ERROR = 0.02


@dataclass(frozen=True)
class PowerLawFit:
    """``y ~ exp(intercept) * x^exponent``.

    Attributes
    ----------
    exponent, ci_low, ci_high : float
        Slope in logarithms and its 95 % interval over resampled replicates. The interval covers
        the Monte-Carlo error alone, not a curvature of the data.
    intercept : float
        ``log y`` at ``x = 1``.
    window : tuple of float
        Smallest and largest ``x`` used.
    points : int
        Number of ``x`` used.
    by_start : dict
        The slope for each start of the window, earlier or later, that leaves at least half as many
        points and no fewer than three.
    """

    exponent: float
    ci_low: float
    ci_high: float
    intercept: float
    window: tuple[float, float]
    points: int
    by_start: dict[float, float] = field(repr=False)


@dataclass(frozen=True)
class _Medians:
    """Medians of ``log y`` at each ``x``, the weights that they have, and which can be used."""

    x: np.ndarray
    log_y: np.ndarray
    weights: np.ndarray
    usable: np.ndarray

    @classmethod
    def of(cls, x: np.ndarray, replicates: list[np.ndarray]) -> "_Medians":
        log_y = np.array([np.median(values) for values in replicates])
        with np.errstate(invalid="ignore"):  # inf - inf, where most runs diverged
            variances = np.array([_median_variance(values) for values in replicates])
        usable = np.isfinite(variances) & np.isfinite(log_y)
        return cls(x, log_y, 1 / (variances + MODEL_ERROR**2), usable)

    def line(self, used: np.ndarray) -> tuple[float, float]:
        """Slope and intercept through the points ``used``; nan if one of them is not usable."""
        if not self.usable[used].all():
            return np.nan, np.nan
        log_x, log_y, weights = np.log(self.x[used]), self.log_y[used], self.weights[used]
        slope = _coefficients(log_x, weights) @ log_y
        return float(slope), float(np.average(log_y - slope * log_x, weights=weights))


def _median_variance(log_y: np.ndarray) -> float:
    """Of the median, from the quartiles, so that single outliers do not count."""
    low, high = np.quantile(log_y, [0.25, 0.75], method="nearest")
    return (1.2533 * (high - low) / 1.349) ** 2 / len(log_y)


def _coefficients(log_x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """``c`` such that the weighted least-squares slope is ``c @ log_y``."""
    centred = log_x - np.average(log_x, weights=weights)
    return weights * centred / np.sum(weights * centred**2)


def expanded_level(replicates: int) -> float:
    """Nominal level at which a percentile interval of few replicates covers 95 %.

    The expanded percentile interval of Hesterberg (2015, "What teachers should know about the
    bootstrap"): resampling understates the spread by sqrt(1 - 1/n), and Student's t replaces the
    normal distribution.
    """
    deviation = np.sqrt(replicates / (replicates - 1)) * stdtrit(replicates - 1, 0.975)
    return float(1 - 2 * ndtr(-deviation))


def _interval(
    samples: list[np.ndarray], coefficients: np.ndarray, paired: bool, seed: int
) -> tuple[float, float]:
    """95 % interval of ``coefficients @ medians`` over resampled replicates."""

    def slope_of(*resampled, axis):
        # A resampled median may be infinite where runs diverged: huge instead, as inf - inf is nan.
        medians = [np.median(np.clip(values, -1e3, 1e3), axis=axis) for values in resampled]
        return np.tensordot(coefficients, np.array(medians), axes=1)

    draw = np.random.default_rng(seed)
    level = expanded_level(min(map(len, samples)))
    options = {"n_resamples": RESAMPLES, "method": "percentile", "confidence_level": level}
    result = scipy.stats.bootstrap(
        samples, slope_of, paired=paired, vectorized=True, rng=draw, **options
    )
    interval = result.confidence_interval
    return float(interval.low), float(interval.high)


def _logarithms(x, replicates, window) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
    """``x``, the logarithms of the replicates, and which ``x`` lie in the window; checked."""
    x = np.asarray(x, dtype=float)
    with np.errstate(divide="ignore"):  # log 0 = -inf, where y is the reciprocal of a diverged risk
        log_y = [np.log(np.asarray(values, dtype=float)) for values in replicates]
    used = (x >= window[0]) & (x <= window[1])
    require(used.sum() >= LEAST_POINTS, "window", window, f"holds {used.sum()} points, needs 3")
    require(min(map(len, log_y)) >= 2, "replicates", 1, "an interval needs at least two")
    return x, log_y, used


def curve_exponent(x: np.ndarray, y: np.ndarray, window: tuple[float, float]) -> float:
    """The least-squares slope of ``log y`` on ``log x`` in a window, of a curve without noise."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    used = (x >= window[0]) & (x <= window[1])
    require(used.sum() >= LEAST_POINTS, "window", window, f"holds {used.sum()} points, needs 3")
    log_x = np.log(x[used])
    return float(_coefficients(log_x, np.ones_like(log_x)) @ np.log(y[used]))


def power_law_exponent(
    x: Sequence[float],
    replicates: Sequence[Sequence[float]],
    window: tuple[float, float] = (0.0, np.inf),
) -> float:
    """The exponent of :func:`fit_power_law` alone; nan where too much is not finite."""
    x, log_y, used = _logarithms(x, replicates, window)
    return _Medians.of(x, log_y).line(used)[0]


def fit_power_law(
    x: Sequence[float],
    replicates: Sequence[Sequence[float]],
    *,
    window: tuple[float, float] = (0.0, np.inf),
    paired: bool = False,
    seed: int = 0,
) -> PowerLawFit:
    """Fit the median of ``y`` over replicates by a power law of ``x``.

    Weighted least squares of the median of ``log y`` on ``log x``; each weight is the inverse of
    the median's variance plus ``MODEL_ERROR`` squared; 95 % interval by a bootstrap over
    replicates.

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
        With fewer than three points in the window, fewer than two replicates, or where more than
        a quarter of the observations at some ``x`` is not finite.
    """
    x, log_y, used = _logarithms(x, replicates, window)
    medians = _Medians.of(x, log_y)
    reason = "more than a quarter of the observations is not finite"
    require(medians.usable[used].all(), "x", x[used & ~medians.usable].tolist(), reason)

    slope, intercept = medians.line(used)
    samples = [values for values, inside in zip(log_y, used, strict=True) if inside]
    coefficients = _coefficients(np.log(x[used]), medians.weights[used])
    low, high = _interval(samples, coefficients, paired, seed)
    by_start, enough = {}, max(LEAST_POINTS, used.sum() / 2)
    for start in x[x <= window[1]]:
        here = (x >= start) & (x <= window[1])
        if here.sum() >= enough and medians.usable[here].all():
            by_start[float(start)] = medians.line(here)[0]
    ends = float(x[used].min()), float(x[used].max())
    return PowerLawFit(slope, low, high, intercept, ends, int(used.sum()), by_start)
