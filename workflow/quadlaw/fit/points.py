"""One point of a study's design: its runs, and the key under which they are kept.

A module of its own, so that the key's hash of the code is that of what makes the runs.
"""

import hashlib
from collections.abc import Iterator, Sequence
from functools import partial

import pandas as pd

from quadlaw.fit.stopping import half_width, until_narrow
from quadlaw.sgd import run
from quadlaw.sgd.ingredients import ingredients_hash
from quadlaw.sgd.problem import Spectrum, problem_of
from quadlaw.sgd.schedules import named
from quadlaw.sgd.train import Group


def spectrum_of(point: dict, size: int, listed: Spectrum | None = None) -> Spectrum:
    """The point's problem as a model of ``size`` sees it, from a longer one if that is at hand."""
    return problem_of(point).spectrum(size) if listed is None else listed.head(size)


def replicates_of(point: dict, first: int = 0, every: int = 1) -> range:
    """The replicates of a point, or every so many of them, counted from the ``first``."""
    low, stop = point.get("range", (0, point["replicates"]))
    return range(low + (first - low) % every, stop, every)


def labels_of(point: dict) -> dict:
    """What all lanes of a point have."""
    return {key: value for key, value in point.items() if key not in ("lanes", "range")}


def run_point(
    point: dict,
    seed: int,
    dtype: str,
    listed: Spectrum | None = None,
    *,
    inputs: int | None = None,
    replicates: Sequence[int] | None = None,
) -> pd.DataFrame:
    """Runs of one point, as of :func:`quadlaw.sgd.run.run_lanes`, with the lanes' labels.

    ``listed`` is the point's problem, by default its power law; ``inputs``, how many coordinates a
    sketch reaches, by default those of the largest model; ``replicates``, by default all of the
    point's.
    """
    lanes = pd.DataFrame(point["lanes"])
    size = inputs or lanes["model_size"].max()
    runs = partial(
        run.run_lanes, spectrum_of(point, size, listed), lanes, point["samples"],
        seed=seed, dtype=dtype, schedule=named(point["schedule"]),
    )  # fmt: skip
    chosen, narrow = replicates_of(point) if replicates is None else replicates, half_width(point)
    table = until_narrow(runs, chosen, narrow) if narrow else runs(replicates=chosen)
    return table.assign(replicates=point["replicates"])


def trained(
    point: dict,
    seed: int,
    dtype: str,
    replicate: int,
    stops: Sequence[int],
    listed: Spectrum | None = None,
) -> Iterator[tuple[int, list[Group]]]:
    """One replicate of a point, for studies that look at other things than last risks.

    The groups of its lanes, as of :func:`quadlaw.sgd.run.trained`, at each of ``stops``.
    """
    lanes = pd.DataFrame(point["lanes"])
    spectrum = spectrum_of(point, lanes["model_size"].max(), listed)
    options = {"schedule": named(point["schedule"]), "dtype": dtype}
    return run.trained(spectrum, lanes, point["samples"], replicate, seed, stops, **options)


def point_key(point: dict, seed: int, dtype: str, code: str) -> dict:
    """All that a point's runs depend on, the code of its models and schedule among it."""
    lanes = hashlib.sha256(repr(point["lanes"]).encode()).hexdigest()
    models = ingredients_hash((lane["model"] for lane in point["lanes"]), point["schedule"])
    key = {"point": point | {"lanes": lanes}, "seed": seed, "dtype": dtype, "code": code}
    return key | {"ingredients": models}
