"""SGD of the learners of :mod:`quadlaw.sgd.learners`, on the streams of all others.

Lanes have the columns ``model`` (a learner), ``model_size, step_size, init`` and, where a study
varies them, ``inputs``, ``basis``, ``signs`` and ``start``. All lanes of a point see the same
normals and the same label noise.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from quadlaw.base.layout import rows, whole
from quadlaw.sgd.learners import (
    Learner,
    basis,
    blockwise,
    kink_risk,
    learner,
    start_weights,
    transformed,
)
from quadlaw.sgd.problem import PowerLaw, Spectrum
from quadlaw.sgd.run import DIVERGED, GROWN
from quadlaw.sgd.schedules import named
from quadlaw.sgd.streams import chunks

# What a lane has that its study does not vary.
USUAL = {"inputs": "gaussian", "basis": "eigenbasis", "signs": "positive", "start": "uniform"}
VIEW = ["signs", "inputs", "basis", "model_size"]


def with_signs(spectrum: Spectrum, signs: str) -> Spectrum:
    """The problem with a target of alternating signs for ``signs = "alternating"``."""
    flips = (-1.0) ** np.arange(spectrum.size) if signs == "alternating" else 1.0
    return replace(spectrum, target=spectrum.target * flips)


@dataclass
class Crew:
    """The lanes of one learner that see the same ``z``: parameters, one row a lane."""

    learner: Learner
    lanes: pd.DataFrame
    parameters: np.ndarray
    matrix: np.ndarray | None
    spectrum: Spectrum

    @classmethod
    def start(
        cls, name: str, lanes: pd.DataFrame, matrix: np.ndarray | None, spectrum: Spectrum,
        dtype: str,
    ) -> "Crew":  # fmt: skip
        one, target = learner(name), spectrum.target[: lanes["model_size"].iloc[0]]
        starts = [
            one.start(start_weights(lane.start, target, lane.init)) for lane in lanes.itertuples()
        ]
        parameters = laid_out([np.array(part, dtype) for part in zip(*starts, strict=True)])
        return cls(one, lanes, parameters, matrix, spectrum)

    def train(self, features: np.ndarray, y: np.ndarray, factor: np.ndarray) -> None:
        """Take one step a sample; ``features`` as of :func:`laid_out`."""
        steps, sizes = self._loop
        self.learner.model.train(self.parameters, features, y, factor, steps, sizes)

    @cached_property
    def _loop(self) -> tuple[np.ndarray, np.ndarray]:
        """Step sizes and, all the same, widths of the lanes, as the compiled loop takes them."""
        steps = self.lanes["step_size"].to_numpy(self.parameters.dtype)
        return steps, np.full(len(steps), whole(self.width))

    @cached_property
    def width(self) -> int:
        """Number of features."""
        number = len(self.learner.features(np.zeros((1, 1))))
        return number * int(self.lanes["model_size"].iloc[0])

    def parts(self) -> list[np.ndarray]:
        """The model's weights on each feature of the coordinates, shapes (L, M), float64."""
        number = self.width // int(self.lanes["model_size"].iloc[0])
        weights = self.learner.model.weight(self.parameters[:, : self.width].astype(float))
        return [weights[:, part::number] for part in range(number)]

    def weights(self) -> np.ndarray:
        """Linear weights in the eigenbasis, shape (L, N)."""
        w = self.learner.weights(self.parts())
        if self.matrix is not None:
            w = blockwise(w, self.matrix.swapaxes(1, 2), w.shape[1])
        return np.pad(w, ((0, 0), (0, self.spectrum.size - w.shape[1])))

    def excess_risk(self) -> np.ndarray:
        """Population risk less ``sigma^2`` of each lane, shape (L,).

        Exact for any inputs with independent coordinates; with a kink, for Gaussian ones.
        """
        error = self.weights() - self.spectrum.target
        risk = error**2 @ self.spectrum.eigenvalues + self.spectrum.tail[-1]
        if self.learner.kink is None:
            return risk
        kink = self.learner.kink(self.parts())
        return risk + kink_risk(kink, self.spectrum.eigenvalues[: kink.shape[1]])

    def grown(self) -> np.ndarray:
        """Which weights have passed half of their target, shape (L, N)."""
        target = self.spectrum.target
        return self.weights() * target > GROWN * target**2


def laid_out(parts: Sequence[np.ndarray], room: np.ndarray | None = None) -> np.ndarray:
    """Arrays of shape (n, M) as rows of :mod:`quadlaw.base.layout`, a coordinate's parts in a row.

    In ``room``, an earlier result, if that has as many rows: new memory costs more than what is
    written there.
    """
    (count, size), number = parts[0].shape, len(parts)
    if room is None or len(room) < count:
        room = rows(count, number * size, parts[0].dtype.name)
    room = room[:count]
    for k, part in enumerate(parts):
        room[:, k : number * size : number] = part
    return room


def crews_of(spectrum: Spectrum, lanes: pd.DataFrame, dtype: str) -> list[tuple[tuple, list[Crew]]]:
    """For each view (its key, of ``VIEW``): the crews that have it."""
    result = []
    for key, some in lanes.groupby(VIEW):
        signs, _, name, size = key
        matrix, ours = basis(name, size, spectrum.size), with_signs(spectrum, signs)
        matrix = None if matrix is None else matrix.astype(dtype)  # what trains is what is measured
        crews = [
            Crew.start(model, mine, matrix, ours, dtype) for model, mine in some.groupby("model")
        ]
        result.append((key, crews))
    return result


def trained(
    point: dict, spectrum: Spectrum, replicate: int, seed: int, dtype: str, times: Sequence[int]
) -> Iterator[tuple[int, list[Crew]]]:
    """One replicate of a point (:func:`quadlaw.fit.designs.points`): the crews at each of
    ``times``."""
    lanes = pd.DataFrame([USUAL | lane for lane in point["lanes"]])
    views = crews_of(spectrum, lanes, dtype)
    crews = [crew for _, some in views for crew in some]
    schedule, samples, rooms = named(point["schedule"]), point["samples"], {}
    if times[0] == 0:
        yield 0, crews
    for start, x, y in chunks(spectrum, samples, replicate, seed, list(times), dtype):
        done, x = start + len(y), x[:, : spectrum.size]
        factor = schedule.factor(np.arange(start, done), samples).astype(dtype)
        noise = y - x @ spectrum.target.astype(dtype)
        for view, some in views:
            _, inputs, _, size = view
            seen, target = transformed(x, spectrum, inputs), some[0].spectrum.target.astype(dtype)
            z = blockwise(seen, some[0].matrix, size)
            labels, features = (seen @ target + noise).astype(dtype), {}
            for crew in some:
                make = crew.learner.features
                if make not in features:
                    features[make] = laid_out(make(z), rooms.get((view, make)))
                    rooms[view, make] = max(features[make], rooms.get((view, make), ()), key=len)
                crew.train(features[make], labels, factor)
        if done in times:
            yield done, crews


def run_point(
    point: dict,
    seed: int,
    dtype: str,
    inputs: int | None = None,
    replicates: Iterable[int] | None = None,
) -> pd.DataFrame:
    """Last risks of a point's lanes, as of :func:`quadlaw.sgd.run.run_lanes`, with their labels.

    ``inputs`` is how many coordinates there are, by default those of the largest model; what lies
    beyond enters labels as one Gaussian. ``replicates`` are by default all of the point's.
    ``learned`` counts weights that have passed half of their target; ``front`` is 0.
    """
    law = PowerLaw(point["alpha"], point["beta"], point["sigma"])
    spectrum = law.spectrum(inputs or max(lane["model_size"] for lane in point["lanes"]))
    tables, every = [], range(*point.get("range", (0, point["replicates"])))
    with np.errstate(over="ignore", invalid="ignore"):
        for replicate in every if replicates is None else replicates:
            times = [0, point["samples"]]
            for time, crews in trained(point, spectrum, replicate, seed, dtype, times):
                if time == 0:
                    bounds = [_bound(crew) for crew in crews]
                    continue
                tables += [
                    _outcome(crew, bound).assign(replicate=replicate)
                    for crew, bound in zip(crews, bounds, strict=True)
                ]
    shared = {key: value for key, value in point.items() if key not in ("lanes", "range")}
    known = set(point["lanes"][0])
    runs = pd.concat(tables, ignore_index=True).assign(**shared)
    return runs.drop(columns=[key for key in USUAL if key not in known])


def _bound(crew: Crew) -> np.ndarray:
    return DIVERGED * np.maximum(crew.excess_risk(), crew.spectrum.tail[0])


def _outcome(crew: Crew, bound: np.ndarray) -> pd.DataFrame:
    risk = crew.excess_risk()
    return crew.lanes.assign(
        excess_risk=risk, diverged=~(risk <= bound), front=0, learned=crew.grown().sum(axis=1)
    )
