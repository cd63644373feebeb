"""From an experiment's settings to its points, its lanes and its table of runs.

A *sweep* is a grid of problems and sample sizes. Each of its *points*, one problem at one ``T``
for a range of replicates, runs all models, model sizes, step sizes and initial values as lanes on
shared streams. Points are plain dictionaries, so that they can be written down and hashed.
"""

import hashlib
from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd

from quadlaw.sgd.ingredients import ingredients_hash
from quadlaw.sgd.problem import Spectrum
from quadlaw.sgd.run import log_spaced, run_lanes, trajectory
from quadlaw.sgd.schedules.two_phase import TwoPhase
from quadlaw.theory import rates

# Rough times on one core, which only balance jobs.
SECONDS_PER_DRAW, SECONDS_PER_UPDATE = 1.2e-9, 1.0e-10
POINT_SECONDS = 30.0  # the replicates of a costlier point are split into points of about this


def sweep_points(sweep: dict, common: dict) -> list[dict]:
    """The points of a sweep, the costly ones first.

    Parameters
    ----------
    sweep : dict
        Settings as under ``sweeps`` in the configuration; ``pilots`` and ``fit`` concern no run.
    common : dict
        ``sigma, seed, precision, schedule`` of the configuration.
    """
    grid = ("problems", "samples", "pilots", "fit")
    rest = {key: value for key, value in sweep.items() if key not in grid}
    rest |= {key: common[key] for key in ("sigma", "seed", "precision", "schedule")}
    points = [
        part
        for problem, samples in product(sweep["problems"], sweep["samples"])
        for part in split(rest | problem | {"samples": samples})
    ]
    return sorted(points, key=cost, reverse=True)


def split(point: dict) -> list[dict]:
    """A point in parts of at most ``POINT_SECONDS``, each with its range of ``replicates``.

    The ranges depend on the point alone, so that a part once computed is found again.
    """
    total = point["replicates"]
    one = cost(point | {"replicates": [0, 1]})
    block = max(1, int(POINT_SECONDS / one))
    starts = range(0, total, block)
    return [point | {"replicates": [start, min(start + block, total)]} for start in starts]


def model_sizes(point: dict) -> list[int]:
    """Sizes listed, or else one of ``ceil(size_factor * D(T))`` for the quadratic model's ``D``."""
    if point["model_sizes"]:
        return point["model_sizes"]
    alpha, beta, samples = point["alpha"], point["beta"], point["samples"]
    dimension = rates.effective_dimension("quadratic", alpha, beta, samples)
    return [int(np.ceil(point["size_factor"] * dimension))]


def cost(point: dict) -> float:
    """Rough time of a point on one core, in seconds."""
    first, stop = point["replicates"]
    sizes, constants = model_sizes(point), point["step_constants"].values()
    lanes = sum(map(len, constants)) * len(point["init_scales"])
    step = max(sizes) * SECONDS_PER_DRAW + lanes * sum(sizes) * SECONDS_PER_UPDATE
    return point["samples"] * (stop - first) * step


def batches(points: Sequence[dict], seconds: float) -> list[list[dict]]:
    """Split points, in order, into batches of at most ``seconds`` of work, or of one point."""
    result, spent = [], np.inf
    for point in points:
        if spent + cost(point) > seconds:
            result.append([])
            spent = 0.0
        result[-1].append(point)
        spent += cost(point)
    return result


def settings(model: str, point: dict, size: int, constant: float, scale: float) -> dict:
    """One lane: step size and initial value by the rules of :mod:`quadlaw.theory.rates`."""
    alpha, beta, samples = point["alpha"], point["beta"], point["samples"]
    dimension = rates.effective_dimension(model, alpha, beta, samples, size)
    quadratic = rates.effective_dimension("quadratic", alpha, beta, samples, size)
    return {
        "model": model,
        "model_size": size,
        "step_size": rates.step_size(model, alpha, beta, dimension, constant),
        "init": rates.initial_value(alpha, beta, quadratic, scale),
        "step_constant": constant,
        "init_scale": scale,
    }


def point_lanes(point: dict) -> pd.DataFrame:
    """All lanes of a point: model x model size x step constant x initial scale."""
    return pd.DataFrame(
        settings(model, point, size, constant, scale)
        for model, constants in point["step_constants"].items()
        for size, constant, scale in product(model_sizes(point), constants, point["init_scales"])
    )


def point_key(point: dict, spectrum: Spectrum, code: str) -> dict:
    """All that a point's runs depend on, as JSON; ``code`` is the hash of :mod:`quadlaw.sgd.run`.

    The code of the point's models and of its schedule is added.
    """
    numbers = spectrum.to_frame().to_numpy().tobytes()
    key = {name: point[name] for name in ("samples", "replicates", "seed", "precision", "schedule")}
    lanes = point_lanes(point).to_dict("records")
    models = ingredients_hash(point["step_constants"], TwoPhase(**point["schedule"]))
    key |= {"lanes": lanes, "spectrum": hashlib.sha256(numbers).hexdigest()}
    return key | {"code": code, "ingredients": models}


def run_point(point: dict, spectrum: Spectrum) -> pd.DataFrame:
    """The runs of one point, as from :func:`quadlaw.sgd.run.run_lanes`."""
    return run_lanes(
        spectrum,
        point_lanes(point),
        point["samples"],
        replicates=range(*point["replicates"]),
        seed=point["seed"],
        schedule=TwoPhase(**point["schedule"]),
        dtype=point["precision"],
    )


def trajectory_grid(point: dict) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates and times that a trajectory looks at, both log-spaced, time 0 among them."""
    coordinates = log_spaced(point["model_size"], point["coordinates"])[1:]
    return coordinates, log_spaced(point["samples"], point["times"])


def run_trajectory(point: dict, spectrum: Spectrum) -> pd.DataFrame:
    """Weights of log-spaced coordinates along the runs of one problem, one row an observation.

    ``point`` holds a trajectory's settings of the configuration for one problem. The table is the
    second one of :func:`quadlaw.sgd.run.trajectory`, with ``adaptation_steps``, the end of phase I.
    """
    schedule = TwoPhase(**point["schedule"])
    lane = settings(
        "quadratic", point, point["model_size"], point["step_constant"], point["init_scale"]
    )
    coordinates, times = trajectory_grid(point)
    _, weights = trajectory(
        spectrum,
        model=lane["model"],
        model_size=lane["model_size"],
        samples=point["samples"],
        step_size=lane["step_size"],
        init=lane["init"],
        coordinates=coordinates.tolist(),
        times=times.tolist(),
        replicates=point["replicates"],
        seed=point["seed"],
        schedule=schedule,
        dtype=point["precision"],
    )
    return weights.assign(adaptation_steps=schedule.adaptation_steps(point["samples"]))
