"""The trainer: groups of lanes, each of one model and one view, on the samples of one stream."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from quadlaw.base.layout import rows, whole
from quadlaw.models import named
from quadlaw.models.model import Model, alone
from quadlaw.sgd.bases import EIGENBASIS
from quadlaw.sgd.inputs import kink_risk
from quadlaw.sgd.problem import Spectrum
from quadlaw.sgd.schedules import Schedule
from quadlaw.sgd.starts import start_values
from quadlaw.sgd.views import USUAL, View, laid_out, view_of

DIVERGED = 10.0  # a run whose risk is more than so many times that at the start has diverged
GROWN = 0.5  # a coordinate has grown when its weight exceeds this share of its target
Sample = tuple[int, np.ndarray, np.ndarray]  # number of the first step, x, y


@dataclass(eq=False)
class Group:
    """The lanes of one model that share their view; sizes may differ in the eigenbasis.

    Attributes
    ----------
    lanes : DataFrame
        One row a lane: ``model_size, step_size, init``, any labels.
    parameters : ndarray
        Rows of :mod:`quadlaw.base.layout`: the parameters of all features of a coordinate, then
        those of the next.
    sizes, step_sizes : ndarray, shape (L,)
    replicates : ndarray, shape (L,), or None
        Which replicate each lane is of, where that is asked for.
    """

    model: Model
    view: View
    lanes: pd.DataFrame
    parameters: np.ndarray
    sizes: np.ndarray
    step_sizes: np.ndarray
    replicates: np.ndarray | None = None

    @classmethod
    def start(
        cls, model: Model, view: View, lanes: pd.DataFrame, dtype: str,
        values: np.ndarray | None = None,
    ) -> "Group":  # fmt: skip
        """From ``v_0`` by the lanes' ``init`` and, if there is one, ``start``.

        Or from ``values``, shape (L, M): square roots of the weights of ``z`` at the start.
        """
        sizes, steps = lanes["model_size"].to_numpy(), lanes["step_size"].to_numpy(dtype)
        if values is None:
            target, starts = view.spectrum.target[: sizes.max()], lanes.get("start")
            starts = ["uniform"] * len(lanes) if starts is None else starts
            pairs = zip(starts, lanes["init"], strict=True)
            values = np.stack([start_values(start, target, init) for start, init in pairs])
        first = [np.asarray(part).astype(dtype) for part in model.start(values)]
        return cls(model, view, lanes, laid_out(first), sizes, steps)

    def again(self, replicate: int) -> "Group":
        """The same lanes, not trained yet, as those of a replicate."""
        p = rows(len(self.lanes), self.model.width * self.size, self.parameters.dtype.name)
        p[:] = self.parameters
        return replace(self, parameters=p, replicates=np.full(len(self.lanes), replicate))

    @property
    def size(self) -> int:
        """The largest."""
        return int(self.sizes.max())

    @property
    def takes_inputs(self) -> bool:
        """Whether its features are the inputs of the stream as they are."""
        return self.view.plain and self.model.features is alone

    def train(self, features: np.ndarray, y: np.ndarray, factor: np.ndarray, end: int) -> None:
        """Take one step a sample; ``factor``, shape (n,), scales the lanes' step sizes.

        From the column ``end`` on all features are zero: lanes of that width are trained on them
        too, which changes nothing and makes their vectors whole.
        """
        widths = self.sizes * self.model.width
        ends = np.where(widths == end, whole(end), widths)
        self.model.train(self.parameters, features, y, factor, self.step_sizes, ends)

    def parts(self) -> list[np.ndarray]:
        """The weights of each feature of the coordinates, shapes (L, M), float64."""
        number = self.model.width
        weights = self.model.weight(self.parameters[:, : number * self.size].astype(float))
        return [weights[:, part::number] for part in range(number)]

    def weights(self, parts: list[np.ndarray] | None = None) -> np.ndarray:
        """Linear weights in the eigenbasis, shape (L, N), zero beyond a lane's coordinates."""
        w = self.view.weights(self.model.combine(self.parts() if parts is None else parts))
        return np.where(self.seen(w.shape[1]), w, 0)

    def seen(self, size: int) -> np.ndarray:
        """Which of the first coordinates each lane sees, shape (L, size)."""
        return np.arange(size) < self.view.reach(self.sizes)[:, None]

    def excess_risk(self, parts: list[np.ndarray] | None = None) -> np.ndarray:
        """``sum_i lambda_i (w_i - w*_i)^2`` over all coordinates, shape (L,).

        Of ``parts`` in place of the weights as they are. Exact for any inputs of independent
        coordinates; with a kink, for Gaussian ones, and with that of the kink.
        """
        spectrum, weights = self.view.spectrum, self.weights(parts)
        size = weights.shape[1]
        error = np.where(self.seen(size), weights - spectrum.target[:size], 0)
        risk = error**2 @ spectrum.eigenvalues[:size] + spectrum.tail[self.view.reach(self.sizes)]
        return risk if self.model.kink is None else risk + self.kink_risk(parts)

    def kink_risk(self, parts: list[np.ndarray] | None = None) -> np.ndarray:
        """The risk of the kinks alone, shape (L,)."""
        kink = self.model.kink(self.parts() if parts is None else parts)
        kink = np.where(np.arange(self.size) < self.sizes[:, None], kink, 0)
        return kink_risk(kink, self.view.spectrum.eigenvalues[: self.size])

    def grown(self) -> np.ndarray:
        """Which coordinates of each lane have passed half of their target, shape (L, N)."""
        weights = self.weights()
        target = self.view.spectrum.target[: weights.shape[1]]
        return self.seen(len(target)) & (np.sign(target) * weights > GROWN * np.abs(target))

    def first_risk(self) -> np.ndarray:
        """What a last risk is measured by (:func:`diverged`), shape (L,); call before training.

        That of zero weights at least.
        """
        return np.maximum(self.excess_risk(), self.view.spectrum.tail[0])


def diverged(risk: np.ndarray, first: np.ndarray | float) -> np.ndarray:
    """Which risks are more than ``DIVERGED`` times the ``first``, or no number."""
    return ~(risk <= DIVERGED * first)


def groups_of(spectrum: Spectrum, lanes: pd.DataFrame, dtype: str) -> list[Group]:
    """The lanes, in groups that share model and view; columns of ``USUAL`` may be missing.

    A matrix belongs to one model size, so that lanes of several share a view only without one.
    """
    keys, lanes = ["signs", "inputs", "basis", "size", "model"], lanes.reset_index(drop=True)
    known = pd.DataFrame({key: lanes.get(key, usual) for key, usual in USUAL.items()}, lanes.index)
    shared = known["basis"] == EIGENBASIS
    known = known.assign(size=lanes["model_size"].mask(shared, 0), model=lanes["model"])
    groups, views = [], {}
    for key, some in known.groupby(keys):
        mine = lanes.loc[some.index]
        if key[:-1] not in views:
            lane = {**some.iloc[0], "model_size": mine["model_size"].iloc[0]}
            views[key[:-1]] = view_of(spectrum, lane, dtype)
        groups.append(Group.start(named(key[-1]), views[key[:-1]], mine, dtype))
    return groups


def reach(lanes: pd.DataFrame, listed: int) -> int:
    """How many of the coordinates ``listed`` lanes see: all, if they are sketched."""
    sketched = lanes.get("basis", pd.Series("")).str.startswith("sketch").any()
    return listed if sketched else int(lanes["model_size"].max())


def train(
    groups: list[Group], stream: Iterable[Sample], schedule: Schedule, samples: int,
    stops: Sequence[int],
) -> Iterator[int]:  # fmt: skip
    """Train all groups on one stream; yield each number of steps in ``stops`` as it is reached.

    ``stream`` yields samples as :func:`quadlaw.sgd.streams.chunks` does, of which none crosses a
    stop. Groups that are appended at a stop are trained from then on.
    """
    if stops[0] == 0:
        yield 0
    rooms: dict[tuple, np.ndarray] = {}
    for start, x, y in stream:
        done = start + len(y)
        factor = schedule.factor(np.arange(start, done), samples).astype(x.dtype)
        features: dict[tuple, tuple] = {}
        for group in groups:
            key = (group.view, group.size, group.model.features)
            if key not in features:
                features[key] = _features(group, x, y, rooms.get(key))
                rooms[key] = max(features[key][0], rooms.get(key, ()), key=len)
            z, labels, end = features[key]
            group.train(z, labels, factor, end)
        if done in stops:
            yield done


def _features(
    group: Group, x: np.ndarray, y: np.ndarray, room: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, int]:
    """A group's features and labels, and from which column on features are zero."""
    listed = group.view.spectrum.size
    z, labels = group.view.see(x[:, :listed], y, group.size)
    if group.takes_inputs:
        return x, labels, listed
    return laid_out(group.model.features(z), room), labels, group.model.width * group.size
