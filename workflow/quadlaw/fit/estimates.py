"""Estimates: what a study measured, one row a number with its interval.

The columns are ``COLUMNS``. ``setting`` tells apart what the other columns do not (an initial
value, a schedule). ``against`` is the variable of an exponent. The interval is 95 %, over
replicates; for a number of the theory, which has no sampling error, it is the range that the study
states.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pandas as pd
import scipy

from quadlaw.base.tables import select
from quadlaw.fit.curves import with_divergence
from quadlaw.fit.exponents import scale_fits, scales, theory_row
from quadlaw.fit.fitting import LEAST_POINTS, curve_exponent, expanded_level, power_law_exponent

COLUMNS = [
    "quantity", "model", "alpha", "beta", "sigma", "setting", "against",
    "estimate", "ci_low", "ci_high", "theory",
    "window_low", "window_high", "points", "start_low", "start_high", "step_low", "step_high",
    "diverged_share",
]  # fmt: skip
SERIES = ["model", "alpha", "beta", "sigma", "setting"]
# What estimates say besides: the prediction of a rate and how step sizes were chosen; how runs were
# made, where it is said (quadlaw.sgd.leaps); how many runs an interval is from.
MORE = [
    "predicted", "init_scale", "step_size", "step_constant", "step_at_edge", "method", "replicates",
]  # fmt: skip


def table(rows: Sequence[dict]) -> pd.DataFrame:
    """Rows as a table of estimates, with those columns of ``MORE`` that a row has.

    What a row does not say is missing.

    Raises
    ------
    ValueError
        For a column that estimates do not have.
    """
    frame = pd.DataFrame(list(rows))
    unknown = sorted(set(frame) - {*COLUMNS, *MORE})
    if unknown:
        raise ValueError(f"columns = {unknown}: estimates have {', '.join(COLUMNS)}")
    return frame.reindex(columns=[*COLUMNS, *(key for key in MORE if key in frame)])


def exponents(
    runs: pd.DataFrame,
    quantity: str,
    *,
    window: tuple[float, float],
    axis: str = "samples",
    value: str | None = None,
    theory: pd.DataFrame | None = None,
    theory_value: str | None = None,
    paired: bool = False,
) -> Iterator[dict]:
    """``p`` of ``value ~ x^p`` for every series of ``SERIES``, against each scale of ``axis``.

    Parameters
    ----------
    runs : DataFrame
        Runs with a column ``setting``. Those of ``step_factor`` 1 are fitted; if there are others,
        they give ``step_low`` and ``step_high``, the range of exponents at other step sizes.
    value : str, optional
        A column of the runs, positive; by default one over the excess risk, so that ``p`` is the
        rate of decay. Diverged runs count as infinitely bad.
    theory, theory_value
        The theory's curve, rows as of :func:`quadlaw.fit.designs.predicted`, and the column to fit
        of it; by default one over its risk. It gives the column ``theory``.
    paired : bool
        Whether replicates are the same streams at every ``x``.
    """
    runs = with_divergence(runs)
    runs = runs.assign(value=1 / runs["risk"] if value is None else runs[value])
    for key, some in runs.groupby(SERIES):
        series = dict(zip(SERIES, key, strict=True))
        main = some[some["step_factor"] == 1] if "step_factor" in some else some
        against = scales(axis, *key[:3], main)
        for scale, fit in scale_fits(main, axis, "value", window, paired, against):
            yield series | {
                "quantity": quantity,
                "against": scale,
                "estimate": fit.exponent,
                "ci_low": fit.ci_low,
                "ci_high": fit.ci_high,
                "theory": _theory(theory, series, axis, against[scale], window, theory_value),
                "window_low": fit.window[0],
                "window_high": fit.window[1],
                "points": fit.points,
                "start_low": min(fit.by_start.values()),
                "start_high": max(fit.by_start.values()),
                "diverged_share": main["diverged"].mean(),
                "replicates": main.groupby(axis).size().min(),
                **_step_range(some, axis, against[scale], window),
                **_method(main),
            }


def _method(runs: pd.DataFrame) -> dict[str, str]:
    """How runs were made, where they say it."""
    return {"method": ", ".join(sorted(runs["method"].unique()))} if "method" in runs else {}


def _theory(theory, series, axis, of, window, value) -> float:
    if theory is None:
        return np.nan
    mine = select(theory, **series).sort_values(axis)
    if "step_factor" in theory:
        mine = mine[mine["step_factor"] == 1]
    y = 1 / mine["theory"] if value is None else mine[value]
    known = np.isfinite(y)
    known &= mine[axis].between(*window)
    if known.sum() < LEAST_POINTS:
        return np.nan
    return curve_exponent(of(mine[axis].to_numpy(float)[known]), y[known], (0.0, np.inf))


def _step_range(runs, axis, of, window) -> dict[str, float]:
    """The range of the exponent over the step factors; empty if there is but one."""
    if "step_factor" not in runs or runs["step_factor"].nunique() < 2:
        return {}
    found = []
    ends = tuple(of(np.array(window, dtype=float)))
    for _, some in runs.groupby("step_factor"):
        groups = list(some.sort_values("replicate").groupby(axis)["value"])
        x = np.array([x for x, _ in groups], dtype=float)
        found.append(power_law_exponent(of(x), [y.to_numpy() for _, y in groups], ends))
    return {"step_low": np.nanmin(found), "step_high": np.nanmax(found)}


def far_exponents(far: pd.DataFrame, against: str = "T/log2 T", points: int = 2) -> Iterator[dict]:
    """The exponent of ``theory`` over the last ``points`` of ``samples``, of each series that has
    the scale ``against``.

    The range is that over the last three stretches of so many points; a series of fewer has none.
    """
    for key, some in far.groupby(SERIES):
        some = some.sort_values("samples")
        known = scales("samples", *key[:3], some)
        if against not in known:
            continue
        x, y = known[against](some["samples"].to_numpy(float)), 1 / some["theory"].to_numpy()
        ends = range(max(points, len(x) - 2), len(x) + 1)
        if not ends:
            continue
        local = [_slope(x[end - points : end], y[end - points : end]) for end in ends]
        yield dict(zip(SERIES, key, strict=True)) | {
            "quantity": "local exponent",
            "against": against,
            **theory_row(local[-1], local),
            "window_low": some["samples"].iloc[-points],
            "window_high": some["samples"].iloc[-1],
            "points": points,
        }


def _slope(x: np.ndarray, y: np.ndarray) -> float:
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def interval(
    values: Sequence[np.ndarray], statistic: Callable, *, paired: bool = True, seed: int = 0
) -> dict[str, float]:
    """``estimate, ci_low, ci_high`` of a statistic of replicates, by an expanded bootstrap.

    The percentile interval of :func:`quadlaw.fit.fitting.expanded_level`.

    ``statistic(*values)`` is a number; with ``paired``, replicate ``r`` is drawn of all at once.
    """
    result = scipy.stats.bootstrap(
        values, statistic, paired=paired, vectorized=False, n_resamples=1000, method="percentile",
        confidence_level=expanded_level(min(map(len, values))), rng=np.random.default_rng(seed),
    )  # fmt: skip
    low, high = result.confidence_interval
    return {"estimate": float(statistic(*values)), "ci_low": float(low), "ci_high": float(high)}


def log_ratio(
    worse: np.ndarray, better: np.ndarray, theory: float, *, paired: bool
) -> dict[str, float]:
    """``log(median worse / median better)`` in units of the same number by theory.

    1 if the theory is right, 0 if nothing differs. ``theory`` is the theory's ratio.
    """

    def statistic(some, others):
        return np.log(np.median(some) / np.median(others)) / np.log(theory)

    return interval([worse, better], statistic, paired=paired)


def resampled(replicates: int, statistic: Callable, *, seed: int = 0) -> np.ndarray:
    """``statistic`` of resampled numbers of replicates, for one that is a whole curve.

    ``statistic(chosen)``, with ``chosen`` an array of ``replicates`` numbers, is an array of any
    shape; the draws lie along the first axis. Replicates of the same number may be of independent
    streams: drawing them together adds sample correlations, which are zero on average.
    """
    draw = np.random.default_rng(seed)
    return np.array([statistic(draw.integers(replicates, size=replicates)) for _ in range(1000)])


def share(happened: pd.Series) -> dict[str, float]:
    """``estimate, ci_low, ci_high, points`` of a share, with Clopper and Pearson's exact interval.

    ``happened`` is one boolean a run.
    """
    interval = scipy.stats.binomtest(int(happened.sum()), len(happened)).proportion_ci(
        method="exact"
    )
    found = {"estimate": float(happened.mean()), "points": len(happened)}
    return found | {"ci_low": interval.low, "ci_high": interval.high}


def ends(draws: np.ndarray, replicates: int) -> dict[str, np.ndarray]:
    """``ci_low, ci_high``: the expanded 95 % interval of draws along the first axis."""
    outside = (1 - expanded_level(replicates)) / 2
    low, high = np.quantile(draws, [outside, 1 - outside], axis=0)
    return {"ci_low": low, "ci_high": high}


def difference(one: dict, other: dict) -> dict[str, float]:
    """``estimate, ci_low, ci_high`` of the difference of two independent numbers.

    From their own intervals, which may be lopsided: an end is as far off as the ends that make it,
    added in squares (Zou and Donner 2008, Statistics in Medicine 27, 1693).
    """
    middle = one["estimate"] - other["estimate"]
    low = np.hypot(one["estimate"] - one["ci_low"], other["ci_high"] - other["estimate"])
    high = np.hypot(one["ci_high"] - one["estimate"], other["estimate"] - other["ci_low"])
    return {"estimate": middle, "ci_low": middle - low, "ci_high": middle + high}
