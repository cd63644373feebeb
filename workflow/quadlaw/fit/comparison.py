"""The theory at the very settings that were simulated.

For each table of simulated curves, one of the same rows with what the theory predicts there, and
for each fitted exponent, the exponent of the theory's curve over the same window: it says how much
of a difference from the asymptotic prediction is due to finite sizes.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.special import gammaincinv

from quadlaw.base.tables import select
from quadlaw.fit import estimates
from quadlaw.fit.curves import SERIES
from quadlaw.fit.experiments import settings, trajectory_grid
from quadlaw.fit.exponents import AXES, SCALES
from quadlaw.fit.fitting import curve_exponent
from quadlaw.fit.fronts import growth_scales
from quadlaw.sgd.problem import PowerLaw
from quadlaw.sgd.run import simulate
from quadlaw.sgd.schedules import Schedule
from quadlaw.sgd.schedules.two_phase import TwoPhase
from quadlaw.sgd.train import GROWN
from quadlaw.theory import mean_field, predicted_risk

SETTING = ["samples", "model_size", "step_size", "init"]
FINE = 0.02  # growth of the leaps where the theory is drawn over time
QUARTILES = {"quartile_low": 0.25, "ratio": 0.5, "quartile_high": 0.75}


def predicted_curves(curves: pd.DataFrame, schedule: Schedule) -> pd.DataFrame:
    """The theory's expected ``risk`` in every row of ``curves``, as of :mod:`quadlaw.fit.curves`.

    Expected: the mean over runs that stay. Risks are skewed, so that the medians of ``curves`` lie
    below it, by a few per cent at a few hundred samples and less than one beyond 10^4.

    Columns: those of a series, ``samples, model_size, step_size, init, risk``; the risk is missing
    where the closure's moments diverge, at step sizes that only short runs survive.
    """
    rows = curves[[*SERIES, *SETTING]].to_dict("records")
    return pd.DataFrame(rows).assign(risk=[_risk(row, schedule) for row in rows])


def _risk(row: dict, schedule: Schedule) -> float:
    problem = PowerLaw(row["alpha"], row["beta"], row["sigma"])
    try:
        setting = {key: row[key] for key in SETTING}
        return predicted_risk(row["model"], problem, schedule=schedule, **setting)
    except ValueError as fault:
        print(f"no prediction for {row}: {fault}")
        return np.nan


def predicted_exponents(
    quantity: str, theory: pd.DataFrame, window: tuple[float, float]
) -> pd.DataFrame:
    """Exponents of the theory's curves over the window in which the simulated ones are fitted.

    ``theory`` as from :func:`predicted_curves`. Columns: those of a series, ``against, theory``.
    """
    if quantity == "model_exponent":
        theory = theory[theory["samples"] == theory["samples"].max()]
    if quantity == "ratio_exponent":
        theory = _ratios(theory)
    else:
        theory = theory.assign(gain=1 / theory["risk"])
    return pd.DataFrame(_exponents(theory, AXES[quantity], window))


def _ratios(theory: pd.DataFrame) -> pd.DataFrame:
    keys = [*SERIES[1:], "samples", "model_size"]
    wide = theory.pivot(index=keys, columns="model", values="risk")
    gain = (wide["linear"] / wide["quadratic"]).rename("gain")
    return gain.reset_index().assign(model="linear/quadratic")


def _exponents(theory: pd.DataFrame, axis: str, window: tuple[float, float]) -> Iterator[dict]:
    for key, some in theory.groupby(SERIES):
        for scale, of in SCALES[axis].items():
            ends = tuple(of(np.array(window, dtype=float)))
            slope = curve_exponent(of(some[axis].to_numpy(float)), some["gain"], ends)
            yield dict(zip(SERIES, key, strict=True)) | {"against": scale, "theory": slope}


def predicted_weights(point: dict) -> pd.DataFrame:
    """Quartiles of ``v_i^2 / w*_i`` over time for one problem of a trajectory.

    ``point`` as of :func:`quadlaw.fit.experiments.run_trajectory`. The quartiles are those of the
    Gamma law with the mean field's mean and variance, between nodes interpolated in ``log i``.
    Columns: ``model, alpha, beta, sigma, step_size, init, time, coordinate`` and the three
    quartiles.
    """
    lane = settings(
        "quadratic", point, point["model_size"], point["step_constant"], point["init_scale"]
    )
    coordinates, times = trajectory_grid(point)
    problem = PowerLaw(point["alpha"], point["beta"], point["sigma"])
    result = mean_field(
        problem, model_size=lane["model_size"], samples=point["samples"], times=times,
        step_size=lane["step_size"], init=lane["init"], schedule=TwoPhase(**point["schedule"]),
        growth=FINE,
    )  # fmt: skip
    every = {key: point[key] for key in ("alpha", "beta", "sigma")}
    every |= {key: lane[key] for key in ("model", "step_size", "init")}
    frames = [
        _quartiles(nodes, coordinates).assign(time=time, **every)
        for time, nodes in result.coordinates.groupby("time")
    ]
    return pd.concat(frames, ignore_index=True)


def _quartiles(nodes: pd.DataFrame, coordinates: np.ndarray) -> pd.DataFrame:
    mean, variance = nodes["mean"], np.maximum(nodes["variance"], 1e-12 * nodes["mean"] ** 2)
    shape, scale = mean**2 / variance, variance / mean / nodes["target"]
    log_index = np.log(nodes["index"])
    columns = {
        name: np.interp(np.log(coordinates), log_index, gammaincinv(shape, level) * scale)
        for name, level in QUARTILES.items()
    }
    return pd.DataFrame({"coordinate": coordinates} | columns)


def predicted_front(theory: pd.DataFrame, fits: pd.DataFrame) -> pd.DataFrame:
    """Exponents of the growth time in ``theory``, of :func:`predicted_weights`, as in ``fits``.

    The growth time is when the median passes half of the target, between times interpolated in
    ``log t``. Over the coordinates of each fit. Columns: the problem, ``against, theory``.
    """
    keys = ["model", "alpha", "beta", "sigma"]
    rows = []
    for key, some in theory.groupby(keys):
        mine = select(fits, **dict(zip(keys, key, strict=True)))
        for fit in mine.to_dict("records"):
            inside = some[some["coordinate"].between(fit["window_low"], fit["window_high"])]
            times = inside.groupby("coordinate")[["time", "ratio"]].apply(_growth_time).dropna()
            target = times.index.to_numpy(float) ** ((key[1] - key[2]) / 2)
            delay = np.log(target / some["init"].iloc[0] ** 2 - 1)
            scaled = growth_scales(times.to_numpy(), delay)[fit["against"]]
            slope = curve_exponent(times.index, scaled, (0, np.inf))
            rows.append(dict(zip(keys, key, strict=True), against=fit["against"], theory=slope))
    return pd.DataFrame(rows)


def _growth_time(curve: pd.DataFrame) -> float:
    """When the ratio first passes ``GROWN``; nan if it never does, or began there."""
    later = int((curve["ratio"] > GROWN).to_numpy().argmax())
    if later == 0:
        return np.nan
    pair = curve.iloc[later - 1 : later + 1]
    return float(np.exp(np.interp(GROWN, pair["ratio"], np.log(pair["time"].clip(lower=1)))))


def mean_field_check(
    setting: dict, *, replicates: int, seed: int, schedule: Schedule, dtype: str
) -> dict:
    """One setting simulated, and predicted by both methods of the mean field.

    ``setting`` holds ``alpha, beta, sigma, model_size, samples, step_size, init``. Adds the mean
    risk over runs that did not diverge with its standard error, the share that did, and both
    predictions.
    """
    problem = PowerLaw(*(setting[key] for key in ("alpha", "beta", "sigma")))
    rest = {key: setting[key] for key in SETTING} | {"schedule": schedule}
    runs = simulate(problem, replicates=replicates, seed=seed, dtype=dtype, **rest)
    risk = runs.loc[~runs["diverged"], "excess_risk"]
    accurate = mean_field(problem, method="accurate", **rest)
    return setting | {
        "simulated": risk.mean(),
        "simulated_error": risk.sem(),
        "replicates": len(runs),
        "diverged_share": runs["diverged"].mean(),
        "accurate": accurate.risk,
        "accurate_error": accurate.error,
        "escaped_share": accurate.escaped,
        "closure": mean_field(problem, method="closure", **rest).risk,
    }


def mean_field_error(settings: pd.DataFrame) -> pd.DataFrame:
    """Mean over settings of ``log(particles / simulation)``, each weighted by its precision.

    ``settings`` holds rows of :func:`mean_field_check`; the interval is 1.96 standard errors of the
    Monte-Carlo means of both. Columns: those of :mod:`quadlaw.fit.estimates`.
    """
    error = np.log(settings["accurate"] / settings["simulated"])
    variance = (settings["simulated_error"] / settings["simulated"]) ** 2
    variance += (settings["accurate_error"] / settings["accurate"]) ** 2
    mean, half = np.average(error, weights=1 / variance), 1.96 / np.sqrt(np.sum(1 / variance))
    row = {"quantity": "log of particles over simulation", "model": "quadratic"}
    ends = {"estimate": mean, "ci_low": mean - half, "ci_high": mean + half}
    return estimates.table([row | ends])
