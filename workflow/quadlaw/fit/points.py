"""One point of a study's design: its runs, and the key under which they are kept.

A module of its own, so that the key's hash of the code is that of what makes the runs.
"""

import hashlib

import pandas as pd

from quadlaw.sgd.problem import Finite, PowerLaw
from quadlaw.sgd.run import run_lanes
from quadlaw.sgd.schedules import named


def run_point(
    point: dict, seed: int, dtype: str, problem: PowerLaw | Finite | None = None
) -> pd.DataFrame:
    """Runs of one point, as of :func:`quadlaw.sgd.run.run_lanes`, with the lanes' labels.

    ``problem`` is by default the power law of the point's ``alpha, beta, sigma``.
    """
    lanes = pd.DataFrame(point["lanes"])
    problem = problem or PowerLaw(point["alpha"], point["beta"], point["sigma"])
    runs = run_lanes(
        problem.spectrum(lanes["model_size"].max()), lanes, point["samples"],
        replicates=range(point["replicates"]), seed=seed, dtype=dtype,
        schedule=named(point["schedule"]),
    )  # fmt: skip
    return runs.assign(replicates=point["replicates"])


def point_key(point: dict, seed: int, dtype: str, code: str) -> dict:
    """All that a point's runs depend on."""
    lanes = hashlib.sha256(repr(point["lanes"]).encode()).hexdigest()
    return {"point": point | {"lanes": lanes}, "seed": seed, "dtype": dtype, "code": code}
