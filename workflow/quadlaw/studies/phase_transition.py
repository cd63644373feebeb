"""Weights over time: the two phases, and the front of the first.

Prediction: coordinate ``i`` has grown at ``eta t ~ i^((alpha + beta) / 2)``, up to a logarithm, so
that ``i ~ (eta t)^(2 / (alpha + beta))`` coordinates have (Ding et al. 2025, section 5.1). Theory:
the Gamma law of the mean field's mean and variance, at every coordinate and time.
"""

import numpy as np
import pandas as pd
from pydantic import model_validator
from scipy.special import gammaincinv

from quadlaw.base import typed
from quadlaw.base.tables import select, stacked
from quadlaw.fit.designs import LANE_LABELS, own_replicates, rule_lane, trajectory_grid
from quadlaw.fit.estimates import table
from quadlaw.fit.fitting import curve_exponent
from quadlaw.fit.fronts import front_exponents, growth_scales, weight_curves
from quadlaw.fit.points import replicates_of, spectrum_of
from quadlaw.sgd.problem import Spectrum, problem_of, setting_of
from quadlaw.sgd.run import follow_lanes, log_spaced
from quadlaw.sgd.schedules import named
from quadlaw.sgd.train import GROWN
from quadlaw.studies import settings as keys
from quadlaw.theory import mean_field

SMOKE = {
    "samples": 8192,
    "model_size": 64,
    "coordinates": 24,
    "times": 60,
    "replicates": 6,
    "window": [2, 16],
}
REPORT = (
    "3. Two phases",
    "Do coordinates grow one after another, at the predicted times, before they settle?",
)
FINE = 0.02  # growth of the theory's leaps
QUARTILES = {"quartile_low": 0.25, "ratio": 0.5, "quartile_high": 0.75}
KEYS = ["model", "alpha", "beta", "sigma"]


class Settings(typed.Settings):
    """Runs followed over time."""

    problems: keys.Problems
    samples: keys.SampleSize
    model_size: keys.ModelSize
    step_constant: keys.positive("Constant c of the step size c * D^p.")
    init_scale: keys.positive("Initial value v_0 in units of sqrt(min(1, w*_D)).") = 0.1
    coordinates: keys.Followed = 64
    times: keys.Times = 200
    replicates: keys.Replicates = 16
    window: keys.Window

    @model_validator(mode="after")
    def _related(self):
        coordinates, size = self.coordinates, self.model_size
        reason = f"the model has only {size}"
        typed.demand(coordinates <= size, "coordinates", coordinates, reason)
        keys.check_window(self.window, log_spaced(size, coordinates)[1:], "coordinates")
        return self


def followed(settings: dict, problem: dict, model: str = "quadratic") -> dict:
    """A row of a model that is followed over time."""
    alpha, beta, samples = problem["alpha"], problem["beta"], settings["samples"]
    how = settings["model_size"], settings["step_constant"], settings["init_scale"]
    lane = dict(zip(LANE_LABELS, rule_lane("quadratic", alpha, beta, samples, *how), strict=True))
    kept = {key: settings[key] for key in ("samples", "coordinates", "times", "replicates")}
    return lane | {"model": model} | kept | problem


def rows(settings: dict) -> pd.DataFrame:
    """One row a problem."""
    lanes = [followed(settings, one) for one in settings["problems"]]
    labels = {"sigma": settings["sigma"], "schedule": settings["schedule"]}
    return pd.DataFrame(lanes).assign(**labels)


def extra(settings: dict) -> dict:
    """Looks at weights over time."""
    replicates = [own_replicates(settings, one) for one in settings["problems"]]
    looks = sum(replicates) * settings["times"] * settings["coordinates"]
    return {"sgd_runs": {"looks": looks}}


def run_point(point: dict, seed: int, dtype: str, listed: Spectrum | None = None) -> pd.DataFrame:
    """Weights of log-spaced coordinates along the runs of one problem, one row an observation.

    The second table of :func:`quadlaw.sgd.run.trajectory`, with ``adaptation_steps``, the end of
    the first phase.
    """
    (lane,) = point["lanes"]
    schedule = named(point["schedule"])
    coordinates, times = trajectory_grid(point | lane)
    _, weights = follow_lanes(
        spectrum_of(point, lane["model_size"], listed), pd.DataFrame([lane]), point["samples"],
        coordinates=coordinates, times=times, replicates=replicates_of(point), seed=seed,
        schedule=schedule, dtype=dtype,
    )  # fmt: skip
    return weights.assign(adaptation_steps=schedule.adaptation_steps(point["samples"]))


# --- theory ---------------------------------------------------------------------------------------


def predicted(design: pd.DataFrame) -> pd.DataFrame:
    """Quartiles of ``v_i^2 / w*_i`` over time.

    Those of the Gamma law with the mean field's mean and variance, between nodes interpolated in
    ``log i``. Columns: ``model, alpha, beta, sigma, step_size, init, time, coordinate`` and the
    three quartiles.
    """
    return stacked(map(_predicted, design.to_dict("records")))


def _predicted(row: dict) -> pd.DataFrame:
    coordinates, times = trajectory_grid(row)
    how = {"schedule": named(row["schedule"]), "growth": FINE}
    result = mean_field(problem_of(row), times=times, **how, **setting_of(row))
    every = {key: row[key] for key in (*KEYS, "step_size", "init")}
    return stacked(
        _quartiles(nodes, coordinates).assign(time=time, **every)
        for time, nodes in result.coordinates.groupby("time")
    )


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
    """Exponents of the growth time in ``theory``, of :func:`predicted`, as in ``fits``.

    The growth time is when the median passes half of the target, between times interpolated in
    ``log t``. Over the coordinates of each fit. Columns: the problem, ``against, theory``.
    """
    rows = []
    for key, some in theory.groupby(KEYS):
        series = dict(zip(KEYS, key, strict=True))
        for fit in select(fits, **series).to_dict("records"):
            inside = some[some["coordinate"].between(fit["window_low"], fit["window_high"])]
            times = inside.groupby("coordinate")[["time", "ratio"]].apply(_growth_time).dropna()
            target = times.index.to_numpy(float) ** ((key[1] - key[2]) / 2)
            delay = np.log(target / some["init"].iloc[0] ** 2 - 1)
            scaled = growth_scales(times.to_numpy(), delay)[fit["against"]]
            slope = curve_exponent(times.index, scaled, (0, np.inf))
            rows.append(series | {"against": fit["against"], "theory": slope})
    return pd.DataFrame(rows)


def _growth_time(curve: pd.DataFrame) -> float:
    """When the ratio first passes ``GROWN``; nan if it never does, or began there."""
    later = int((curve["ratio"] > GROWN).to_numpy().argmax())
    if later == 0:
        return np.nan
    pair = curve.iloc[later - 1 : later + 1]
    return float(np.exp(np.interp(GROWN, pair["ratio"], np.log(pair["time"].clip(lower=1)))))


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Medians and quartiles over time; exponents of the front.

    Curves: ``part`` is ``simulation`` or ``theory``, which has times of its own.
    """
    theory, runs = tables["theory"], tables["runs"]
    curves = [weight_curves(runs).assign(part="simulation"), theory.assign(part="theory")]
    fits = front_exponents(runs, tuple(settings["window"]))
    fits = fits.merge(predicted_front(theory, fits), on=[*KEYS, "against"], validate="1:1")
    return stacked(curves), table(fits.assign(setting="").to_dict("records"))
