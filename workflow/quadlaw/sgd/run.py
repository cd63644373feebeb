"""One-pass SGD: many runs on shared sample streams, as tidy tables.

A *lane* is one run: a model, its size, its step size and its initial value. All lanes of a
replicate see the same samples. What lies beyond the largest model size among them enters the labels
as one Gaussian.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from quadlaw.base.checks import count, real, require, several
from quadlaw.base.layout import rows, whole
from quadlaw.models import MODELS, Model
from quadlaw.sgd.problem import PowerLaw, Spectrum
from quadlaw.sgd.schedules import Schedule, TwoPhase
from quadlaw.sgd.streams import chunks

LANE_COLUMNS = ["model", "model_size", "step_size", "init"]
DIVERGED = 10.0  # see run_lanes
GROWN = 0.5  # a coordinate has grown when its weight exceeds this share of its target
SNAPSHOTS = 512  # weights that are averaged where a schedule asks for an average


@dataclass
class Group:
    """The lanes of one model: parameters (rows of :mod:`quadlaw.base.layout`), sizes, step
    sizes."""

    model: Model
    lanes: pd.DataFrame
    parameters: np.ndarray
    sizes: np.ndarray
    step_sizes: np.ndarray

    @classmethod
    def start(cls, model: Model, lanes: pd.DataFrame, dtype: str) -> "Group":
        first = model.initial(lanes["init"].to_numpy()).astype(dtype)
        sizes, steps = lanes["model_size"].to_numpy(), lanes["step_size"].to_numpy(dtype)
        parameters = rows(len(lanes), sizes.max(), dtype)
        parameters[:, : sizes.max()] = first[:, None]
        return cls(model, lanes, parameters, sizes, steps)

    def train(self, x: np.ndarray, y: np.ndarray, factor: np.ndarray, size: int) -> None:
        """Take one step a sample; ``factor``, shape (n,), scales the lanes' step sizes.

        Beyond ``size`` all inputs are zero: lanes of that size are trained on them too, which
        changes nothing and makes their vectors whole.
        """
        ends = np.where(self.sizes == size, whole(size), self.sizes)
        self.model.train(self.parameters, x, y, factor, self.step_sizes, ends)

    def weights(self) -> np.ndarray:
        """The linear weights ``w``, float64, shape (L, M)."""
        return self.model.weight(self.parameters[:, : self.sizes.max()].astype(float))

    def excess_risk(self, spectrum: Spectrum, weights: np.ndarray | None = None) -> np.ndarray:
        """``sum_{i<=M} lambda_i (w_i - w*_i)^2 + tail(M)`` of each lane, shape (L,)."""
        size = self.sizes.max()
        weights = self.weights() if weights is None else weights
        error = np.where(self.seen(), weights - spectrum.target[:size], 0)
        return error**2 @ spectrum.eigenvalues[:size] + spectrum.tail[self.sizes]

    def seen(self) -> np.ndarray:
        """Which coordinates belong to each lane's model, shape (L, M)."""
        return np.arange(self.sizes.max()) < self.sizes[:, None]

    def grown(self, spectrum: Spectrum) -> np.ndarray:
        """Which coordinates of each lane have passed half of their target, shape (L, M)."""
        return self.seen() & (self.weights() > GROWN * spectrum.target[: self.sizes.max()])

    def divergence_limit(self, spectrum: Spectrum) -> np.ndarray:
        """The risk beyond which a run counts as diverged, shape (L,); call before training."""
        return DIVERGED * np.maximum(self.excess_risk(spectrum), spectrum.tail[0])


def _groups(lanes: pd.DataFrame, dtype: str) -> list[Group]:
    return [Group.start(MODELS[name], some, dtype) for name, some in lanes.groupby("model")]


def _train(
    spectrum: Spectrum,
    groups: list[Group],
    samples: int,
    replicate: int,
    seed: int,
    stops: Sequence[int],
    schedule: Schedule,
) -> Iterator[int]:
    """Train all groups on one stream; yield each number of steps in ``stops`` as it is reached."""
    dtype = groups[0].parameters.dtype.name
    spectrum = spectrum.head(max(group.sizes.max() for group in groups))
    if stops[0] == 0:
        yield 0
    for start, x, y in chunks(spectrum, samples, replicate, seed, stops, dtype):
        done = start + len(y)
        factor = schedule.factor(np.arange(start, done), samples).astype(dtype)
        for group in groups:
            group.train(x, y, factor, spectrum.size)
        if done in stops:
            yield done


def _labels(spectrum: Spectrum, samples: int, schedule: Schedule) -> dict:
    return {
        "alpha": spectrum.alpha,
        "beta": spectrum.beta,
        "sigma": spectrum.sigma,
        "samples": samples,
        "schedule": schedule.name,
    }


def run_lanes(
    spectrum: Spectrum,
    lanes: pd.DataFrame,
    samples: int,
    *,
    replicates: Sequence[int],
    seed: int = 0,
    schedule: Schedule = TwoPhase(),
    dtype: str = "float32",
) -> pd.DataFrame:
    """Final risk of every lane in every replicate.

    Parameters
    ----------
    spectrum : Spectrum
        The problem, listed up to the largest ``model_size`` or further.
    lanes : DataFrame
        One row a lane, with the columns ``model, model_size, step_size, init``; further columns
        are carried into the result.
    samples : int
        ``T``, the number of samples and of steps.
    replicates : sequence of int
        Numbers of the replicates to run.
    seed : int, default 0
        Replicate ``r`` uses the stream keyed by ``(seed, problem, T, r)``.
    schedule : Schedule
        Step-size schedule.
    dtype : {"float32", "float64"}
        Precision of the parameters and of the arithmetic.

    Returns
    -------
    DataFrame
        One row a lane and replicate: the lane's columns, ``alpha, beta, sigma, samples, schedule,
        replicate``, then

        * ``excess_risk``, of the mean of ``SNAPSHOTS`` weights if the schedule averages;
        * ``diverged``: whether the risk is not finite or more than ten times that of ``w = 0`` and
          of the start. Diverged runs stay in the table;
        * ``front``: how many leading coordinates had all grown, ``w_i > w*_i / 2``, at the end of
          the constant step size (0 without one);
        * ``learned``: how many coordinates that had not at the start have grown at the end.
    """
    tables, outcomes = [], []
    for replicate in replicates:
        groups = _groups(lanes, dtype)
        limits = [group.divergence_limit(spectrum) for group in groups]
        with np.errstate(over="ignore", invalid="ignore"):
            results = _results(spectrum, groups, samples, replicate, seed, schedule)
        for group, limit, result in zip(groups, limits, results, strict=True):
            risk = result["excess_risk"]
            diverged = ~(risk <= limit)  # also for nan
            tables.append(group.lanes)
            number = np.full(len(risk), replicate)
            outcomes.append(result | {"replicate": number, "diverged": diverged})
    table = pd.concat(tables, ignore_index=True).assign(**_labels(spectrum, samples, schedule))
    order = ("replicate", "excess_risk", "diverged", "front", "learned")
    return table.assign(**{key: np.concatenate([one[key] for one in outcomes]) for key in order})


def _averaged_steps(samples: int, schedule: Schedule) -> set[int]:
    """After which steps to look at the weights that are averaged; none for the last iterate."""
    first = samples - int(schedule.averaging * samples)
    return set(np.ceil(np.linspace(first, samples, SNAPSHOTS + 1)[1:]).astype(int)) - {first}


def _results(
    spectrum: Spectrum,
    groups: list[Group],
    samples: int,
    replicate: int,
    seed: int,
    schedule: Schedule,
) -> list[dict[str, np.ndarray]]:
    """Train, and read off what :func:`run_lanes` returns of each group."""
    at_start = [group.grown(spectrum) for group in groups]
    front = [np.zeros(len(group.sizes), int) for group in groups]
    sums, averaged = [0.0] * len(groups), _averaged_steps(samples, schedule)
    adapted = schedule.adaptation_steps(samples)
    stops = sorted({samples, adapted} | averaged)
    for time in _train(spectrum, groups, samples, replicate, seed, stops, schedule):
        if time == adapted > 0:
            front = [np.argmin(_closed(group.grown(spectrum)), axis=1) for group in groups]
        if time in averaged:
            sums = [s + group.weights() for s, group in zip(sums, groups, strict=True)]
    return [
        {
            "excess_risk": group.excess_risk(spectrum, total / len(averaged) if averaged else None),
            "front": first,
            "learned": np.sum(group.grown(spectrum) & ~before, axis=1),
        }
        for group, total, first, before in zip(groups, sums, front, at_start, strict=True)
    ]


def _closed(grown: np.ndarray) -> np.ndarray:
    """With a last column of False, so that the first False is also found where all have grown."""
    return np.pad(grown, ((0, 0), (0, 1)))


def _check_settings(replicates, seed, dtype, schedule) -> None:
    count("replicates", replicates)
    count("seed", seed, least=0)
    require(dtype in ("float32", "float64"), "dtype", dtype, "must be float32 or float64")
    require(isinstance(schedule, Schedule), "schedule", schedule, "must be a schedule")


def _lane_table(model, model_size, step_size, init) -> pd.DataFrame:
    models = several("model", model)
    for name in models:
        require(name in MODELS, "model", name, f"must be one of {', '.join(MODELS)}")
    sizes = [count("model_size", size) for size in several("model_size", model_size)]
    positive = "must be positive, or SGD does not descend"
    steps = [
        real("step_size", eta, above=0, reason=positive) for eta in several("step_size", step_size)
    ]
    zero = "must be positive: zero is a fixed point of the quadratic model"
    inits = [real("init", v, above=0, reason=zero) for v in several("init", init)]
    return pd.DataFrame(list(product(models, sizes, steps, inits)), columns=LANE_COLUMNS)


def simulate(
    problem: PowerLaw,
    *,
    model: str | Sequence[str] = "quadratic",
    model_size: int | Sequence[int],
    samples: int | Sequence[int],
    step_size: float | Sequence[float],
    init: float | Sequence[float],
    replicates: int = 16,
    seed: int = 0,
    schedule: Schedule = TwoPhase(),
    dtype: str = "float32",
) -> pd.DataFrame:
    """Excess risk of one-pass SGD after ``T`` samples, for every combination of the settings.

    Parameters
    ----------
    problem : PowerLaw
        The regression problem.
    model : {"quadratic", "linear"} or list of them
    model_size : int or list of int
        ``M``, the number of leading coordinates that the model sees.
    samples : int or list of int
        ``T``; each value is a run of its own, as the schedule depends on it.
    step_size : float or list of float
        ``eta`` of the adaptation phase.
    init : float or list of float
        ``v_0 > 0``; the linear model starts at ``w_0 = v_0^2``.
    replicates : int, default 16
        Independent repetitions, each on a stream of its own.
    seed, schedule, dtype
        As in :func:`run_lanes`.

    Returns
    -------
    DataFrame
        As from :func:`run_lanes`, one row a combination and replicate.

    Raises
    ------
    ValueError
        ``key = value: reason``, for a value out of its range or an empty or repeating list.
    """
    lanes = _lane_table(model, model_size, step_size, init)
    horizons = [count("samples", T) for T in several("samples", samples)]
    _check_settings(replicates, seed, dtype, schedule)
    spectrum = problem.spectrum(lanes["model_size"].max())
    options = {"replicates": range(replicates), "seed": seed, "schedule": schedule, "dtype": dtype}
    tables = [run_lanes(spectrum, lanes, T, **options) for T in horizons]
    return pd.concat(tables, ignore_index=True)


def log_spaced(samples: int, count: int) -> np.ndarray:
    """0, and about ``count`` whole times from 1 to ``samples``, evenly spaced in logarithm."""
    times = np.unique(np.geomspace(1, samples, count).round().astype(int))
    return np.concatenate([[0], times])


def trajectory(
    problem: PowerLaw | Spectrum,
    *,
    model: str = "quadratic",
    model_size: int,
    samples: int,
    step_size: float | Sequence[float],
    init: float,
    coordinates: Sequence[int],
    times: Sequence[int] | None = None,
    replicates: int = 16,
    seed: int = 0,
    schedule: Schedule = TwoPhase(),
    dtype: str = "float32",
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Risk and chosen weights along the runs of one model.

    Parameters
    ----------
    problem, model, model_size, samples, step_size, init, replicates, seed, schedule, dtype
        As in :func:`simulate`, one value each but for the step sizes, which share their streams; a
        ``Spectrum`` serves in place of the problem.
    coordinates : list of int
        Coordinates to follow, counted from 1.
    times : list of int, optional
        Numbers of steps at which to look; by default about 100, evenly spaced in logarithm.

    Returns
    -------
    risk : DataFrame
        ``model, alpha, beta, sigma, model_size, samples, step_size, init, schedule, replicate,
        time, excess_risk``.
    weights : DataFrame
        The same columns up to ``time``, then ``coordinate, weight`` (``v_i^2`` of the quadratic
        model) and ``target`` (``w*_i``).

    Raises
    ------
    ValueError
        As :func:`simulate`; also for a coordinate beyond the model or a time beyond ``samples``.
    """
    lanes = _lane_table(model, model_size, step_size, init)
    samples = count("samples", samples)
    _check_settings(replicates, seed, dtype, schedule)
    settings = len(lanes.drop(columns="step_size").drop_duplicates())
    require(settings == 1, "trajectory", settings, "takes several step sizes, but one of the rest")
    chosen = np.array([count("coordinates", i) for i in several("coordinates", coordinates)])
    require(max(chosen) <= model_size, "coordinates", max(chosen), "lies beyond model_size")
    times = log_spaced(samples, 100) if times is None else several("times", times)
    times = sorted(count("times", time, least=0) for time in times)
    require(times[-1] <= samples, "times", times[-1], "lies beyond samples")
    spectrum = problem if isinstance(problem, Spectrum) else problem.spectrum(model_size)
    return follow_lanes(
        spectrum, lanes, samples, coordinates=chosen, times=times, replicates=range(replicates),
        seed=seed, schedule=schedule, dtype=dtype,
    )  # fmt: skip


def follow_lanes(
    spectrum: Spectrum,
    lanes: pd.DataFrame,
    samples: int,
    *,
    coordinates: np.ndarray,
    times: Sequence[int],
    replicates: Sequence[int],
    seed: int = 0,
    schedule: Schedule = TwoPhase(),
    dtype: str = "float32",
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Risk and weights over time of lanes that differ in their step sizes alone.

    As :func:`trajectory`, unchecked, with lanes and numbered replicates as of :func:`run_lanes`.
    """
    lanes, seen, risks, weights = lanes[LANE_COLUMNS], [], [], []
    for replicate in replicates:
        (group,) = _groups(lanes, dtype)
        with np.errstate(over="ignore", invalid="ignore"):
            for time in _train(spectrum, [group], samples, replicate, seed, times, schedule):
                seen.append((replicate, int(time)))
                risks.append(group.excess_risk(spectrum))
                weights.append(group.weights()[:, coordinates - 1])
    times = pd.DataFrame(seen, columns=["replicate", "time"])
    here = times.merge(lanes.assign(**_labels(spectrum, samples, schedule)), how="cross")
    here = here[[*here.columns[2:], "replicate", "time"]]
    table = here.loc[here.index.repeat(len(coordinates))].reset_index(drop=True)
    target = np.tile(spectrum.target[coordinates - 1], len(here))
    return here.assign(excess_risk=np.concatenate(risks)), table.assign(
        coordinate=np.tile(coordinates, len(here)),
        weight=np.concatenate(weights).ravel(),
        target=target,
    )
