"""The learning front: when each coordinate of the quadratic model has grown."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from quadlaw.base.checks import require
from quadlaw.fit.exponents import fit_row
from quadlaw.fit.fitting import fit_power_law
from quadlaw.sgd.train import GROWN
from quadlaw.theory import rates

PROBLEM = ["model", "alpha", "beta", "sigma"]
SEEN = 0.8


def weight_curves(weights: pd.DataFrame) -> pd.DataFrame:
    """Median and quartiles over replicates of ``v_i^2 / w*_i``, by problem, time and coordinate.

    ``weights`` as of :func:`quadlaw.studies.phase_transition.run_point`. Columns: the problem,
    ``step_size, init, samples, adaptation_steps, time, coordinate, ratio, quartile_low,
    quartile_high``.
    """
    settings = ["step_size", "init", "samples", "adaptation_steps"]
    ratio = (weights["weight"] / weights["target"]).fillna(np.inf)  # nan: a diverged run
    grouped = weights.assign(ratio=ratio).groupby([*PROBLEM, *settings, "time", "coordinate"])[
        "ratio"
    ]
    quartiles = grouped.quantile([0.25, 0.5, 0.75], interpolation="nearest").unstack()
    quartiles.columns = ["quartile_low", "ratio", "quartile_high"]
    return quartiles.reset_index()


def growth_times(weights: pd.DataFrame) -> pd.DataFrame:
    """First time at which ``v_i^2 > w*_i / 2``, by problem, coordinate and replicate.

    Infinite where that did not happen within the adaptation phase. Only coordinates that start
    below, and that grew in at least ``SEEN`` of the replicates: their median is then not touched by
    the end of the phase. Columns: the problem, ``step_size, coordinate, replicate, time`` and
    ``delay = log(w*_i / v_0^2 - 1)``, see :func:`front_exponents`.
    """
    keys = [*PROBLEM, "step_size", "coordinate", "replicate"]
    start = weights[weights["time"] == 0].set_index(keys)
    start = start[start["weight"] < GROWN * start["target"]]
    grown = weights["weight"] > GROWN * weights["target"]
    early = weights[grown & (weights["time"] <= weights["adaptation_steps"])]
    times = pd.DataFrame(
        {
            "time": early.groupby(keys)["time"].min().reindex(start.index, fill_value=np.inf),
            "delay": np.log(start["target"] / start["weight"] - 1),
        }
    )
    share = np.isfinite(times["time"]).groupby(keys[:-1]).transform("mean")
    return times[share >= SEEN].reset_index()


def growth_scales(times, delay) -> dict:
    """What growth times are fitted as: themselves, and divided by the logarithm ``delay``."""
    return {"eta t": times, "eta t / log": times / delay}


def front_exponents(weights: pd.DataFrame, window: tuple[float, float]) -> pd.DataFrame:
    """``p`` of ``eta t_i ~ i^p``: how long coordinates ``i`` in ``window`` take to grow.

    The prediction ``(alpha + beta) / 2`` is the front ``i ~ (eta t)^(2/(alpha + beta))`` read the
    other way round. Without noise, ``u = v_i^2`` follows ``du/dt = 2 eta lambda_i u (w*_i - u)``
    and reaches half of its target at ``eta t_i = log(w*_i / v_0^2 - 1) / (2 lambda_i w*_i)``: the
    second fit divides the times by that logarithm. All coordinates share their streams.

    Raises
    ------
    ValueError
        If fewer than three coordinates of a problem in the window have grown.
    """
    times = growth_times(weights)
    missing = weights[PROBLEM].drop_duplicates().merge(times[PROBLEM], how="left", indicator=True)
    missing = missing.loc[missing["_merge"] == "left_only", PROBLEM].to_dict("records")
    require(not missing, "trajectories", missing, "no coordinate grew in the adaptation phase")
    return pd.DataFrame(growth_fits(times, window))


def growth_fits(times: pd.DataFrame, window: tuple[float, float]) -> Iterator[dict]:
    """Fits to a table of :func:`growth_times`, whose ``time`` counts steps."""
    for key, some in times.groupby([*PROBLEM, "step_size"]):
        series = dict(zip([*PROBLEM, "step_size"], key, strict=True))
        predicted = 1 / rates.front_exponent(series["alpha"], series["beta"])
        clock = series["step_size"] * some["time"]
        for name, scaled in growth_scales(clock, some["delay"]).items():
            groups = list(scaled.set_axis(some["coordinate"]).groupby(level=0))
            coordinates = [i for i, _ in groups]
            fit = fit_power_law(coordinates, [t for _, t in groups], window=window, paired=True)
            yield fit_row(series, "growth time exponent", name, predicted, fit)
