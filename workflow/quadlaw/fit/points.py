"""One point of a study's design: its runs, and the key under which they are kept.

A module of its own, so that the key's hash of the code is that of what makes the runs.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence

import pandas as pd

from quadlaw.sgd import run
from quadlaw.sgd.ingredients import ingredients_hash
from quadlaw.sgd.problem import Finite, PowerLaw
from quadlaw.sgd.schedules import named
from quadlaw.sgd.train import Group


def problem_of(point: dict) -> PowerLaw:
    """The power law of the point's ``alpha, beta, sigma``."""
    return PowerLaw(point["alpha"], point["beta"], point["sigma"])


def run_point(
    point: dict,
    seed: int,
    dtype: str,
    problem: PowerLaw | Finite | None = None,
    *,
    inputs: int | None = None,
    replicates: Iterable[int] | None = None,
) -> pd.DataFrame:
    """Runs of one point, as of :func:`quadlaw.sgd.run.run_lanes`, with the lanes' labels.

    ``problem`` is by default that of :func:`problem_of`; ``inputs``, how many coordinates a sketch
    reaches, by default those of the largest model; ``replicates``, by default all of the point's.
    """
    lanes = pd.DataFrame(point["lanes"])
    spectrum = (problem or problem_of(point)).spectrum(inputs or lanes["model_size"].max())
    runs = run.run_lanes(
        spectrum, lanes, point["samples"], seed=seed, dtype=dtype,
        replicates=range(point["replicates"]) if replicates is None else replicates,
        schedule=named(point["schedule"]),
    )  # fmt: skip
    return runs.assign(replicates=point["replicates"])


def trained(
    point: dict, seed: int, dtype: str, replicate: int, stops: Sequence[int]
) -> Iterator[tuple[int, list[Group]]]:
    """One replicate of a point, for studies that look at other things than last risks.

    The groups of its lanes, as of :func:`quadlaw.sgd.run.trained`, at each of ``stops``.
    """
    lanes = pd.DataFrame(point["lanes"])
    spectrum = problem_of(point).spectrum(lanes["model_size"].max())
    options = {"schedule": named(point["schedule"]), "dtype": dtype}
    return run.trained(spectrum, lanes, point["samples"], replicate, seed, stops, **options)


def shared(point: dict) -> dict:
    """What a point's lanes have in common."""
    return {key: value for key, value in point.items() if key != "lanes"}


def point_key(point: dict, seed: int, dtype: str, code: str) -> dict:
    """All that a point's runs depend on, the code of its models and schedule among it."""
    lanes = hashlib.sha256(repr(point["lanes"]).encode()).hexdigest()
    models = ingredients_hash((lane["model"] for lane in point["lanes"]), point["schedule"])
    key = {"point": point | {"lanes": lanes}, "seed": seed, "dtype": dtype, "code": code}
    return key | {"ingredients": models}
