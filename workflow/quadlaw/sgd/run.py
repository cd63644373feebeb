"""One-pass SGD: many runs on shared sample streams, as tidy tables.

A *lane* is one run: a model, its size, its step size, its initial value and, where they are not the
usual ones, what it sees of the samples. All lanes of a replicate see the same samples. What lies
beyond the largest model size among them enters the labels as one Gaussian.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import product

import numpy as np
import pandas as pd

from quadlaw.base.checks import count, real, require, several
from quadlaw.models import named
from quadlaw.models.leaps_loop import COLUMNS
from quadlaw.sgd.leaps import ACCURACY, checked_method, leapt, require_leaps
from quadlaw.sgd.problem import PowerLaw, Spectrum
from quadlaw.sgd.schedules import Schedule, checked_schedule
from quadlaw.sgd.schedules.two_phase import TwoPhase
from quadlaw.sgd.streams import chunks
from quadlaw.sgd.train import Group, diverged, groups_of, reach, train

LANE_COLUMNS = ["model", "model_size", "step_size", "init"]
MOST = 2**40  # steps of a run in leaps
SNAPSHOTS = 512  # weights that are averaged where a schedule asks for an average


def trained(
    spectrum: Spectrum,
    lanes: pd.DataFrame,
    samples: int,
    replicate: int,
    seed: int,
    stops: Sequence[int],
    *,
    schedule: Schedule = TwoPhase(),
    dtype: str = "float32",
    fresh: list[Group] | None = None,
) -> Iterator[tuple[int, list[Group]]]:
    """One replicate of the lanes of :func:`run_lanes`: their groups at each of ``stops``.

    ``fresh`` are the lanes' groups at the start, if they are at hand, of a problem no longer than
    they see.
    """
    if fresh is None:
        spectrum = spectrum.head(reach(lanes, spectrum.size))
        fresh = groups_of(spectrum, lanes, dtype)
    groups = [group.again(replicate) for group in fresh]
    stream = chunks(spectrum, samples, replicate, seed, list(stops), dtype)
    for time in train(groups, stream, schedule, samples, stops):
        yield time, groups


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
        One row a lane, with the columns ``model, model_size, step_size, init`` and, unless they
        are the usual ones, ``signs`` (of the target: positive or alternating), ``inputs`` (their
        law), ``basis`` (:func:`quadlaw.sgd.bases.basis`) and ``start`` (uniform or target), see
        :data:`quadlaw.sgd.views.USUAL`, and ``method``: steps, or leaps with their accuracy
        (:mod:`quadlaw.sgd.leaps`). Further columns are carried into the result.
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
        * ``adapted``: how many coordinates that had not at the start had grown, ``w_i > w*_i / 2``,
          at the end of the constant step size (0 without one);
        * ``learned``: the same at the end of the run.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        parts = [
            part
            for states in _runs(spectrum, lanes, samples, replicates, seed, schedule, dtype)
            for part in _outcomes(states, samples, schedule)
        ]
    table = pd.concat([some for some, _ in parts], ignore_index=True)
    columns = {name: np.concatenate([found[name] for _, found in parts]) for name in parts[0][1]}
    table = table.assign(**_labels(spectrum, samples, schedule), **columns)
    if "method" in table:
        table = table[table["replicate"].isin(replicates)].sort_values("replicate", kind="stable")
        table = table.reset_index(drop=True)
    order = ["replicate", "excess_risk", "diverged", "adapted", "learned"]
    return table[[*(column for column in table if column not in order), *order]]


def _runs(
    spectrum: Spectrum, lanes: pd.DataFrame, samples: int, replicates: Sequence[int], seed: int,
    schedule: Schedule, dtype: str,
) -> Iterator[Callable]:  # fmt: skip
    """Runs that move together, as functions of stops: each gives ``(time, groups)`` at each.

    A replicate of all lanes in steps, a block of replicates of each lane in leaps.
    """
    in_leaps = lanes.get("method", pd.Series("steps", lanes.index)) != "steps"
    some, options = lanes[~in_leaps], {"schedule": schedule, "dtype": dtype}
    if len(some):
        seen = spectrum.head(reach(some, spectrum.size))
        options["fresh"] = groups_of(seen, some, dtype)
        for replicate in replicates:
            yield partial(trained, seen, some, samples, replicate, seed, **options)
    for lane in lanes[in_leaps].to_dict("records"):
        for block in sorted({replicate // COLUMNS for replicate in replicates}):
            yield partial(leapt, spectrum, lane, samples, block, seed, schedule=schedule)


def _averaged_steps(samples: int, schedule: Schedule) -> set[int]:
    """After which steps to look at the weights that are averaged; none for the last iterate."""
    if not schedule.averaging:
        return set()
    first = samples - int(schedule.averaging * samples)
    return set(np.ceil(np.linspace(first, samples, SNAPSHOTS + 1)[1:]).astype(int)) - {first}


def _outcomes(
    states: Callable, samples: int, schedule: Schedule
) -> Iterator[tuple[pd.DataFrame, dict]]:
    """Train; the lanes of each group, and the columns that :func:`run_lanes` returns of them."""
    averaged, adapted = _averaged_steps(samples, schedule), schedule.adaptation_steps(samples)
    stops, sums, then = sorted({0, samples, adapted} | averaged), {}, {}
    for time, groups in states(stops):
        if time == 0:
            before = [(group.grown(), group.first_risk()) for group in groups]
        if time == adapted > 0:
            then = {group: group.grown() for group in groups}
        if time in averaged:
            sums = {group: _added(sums.get(group), group.parts()) for group in groups}
    for group, (grown, first) in zip(groups, before, strict=True):
        means = [total / len(averaged) for total in sums[group]] if averaged else None
        risk = group.excess_risk(means)
        yield (
            group.lanes,
            {
                "replicate": group.replicates,
                "excess_risk": risk,
                "diverged": diverged(risk, first),
                "adapted": np.sum(then.get(group, grown) & ~grown, axis=1),
                "learned": np.sum(group.grown() & ~grown, axis=1),
            },
        )


def _added(sums: list[np.ndarray] | None, parts: list[np.ndarray]) -> list[np.ndarray]:
    return [total + part for total, part in zip(sums or [0.0] * len(parts), parts, strict=True)]


def _checked(replicates, seed, dtype, schedule, method, samples) -> dict:
    """The options of :func:`run_lanes`."""
    replicates, seed = range(count("replicates", replicates)), count("seed", seed, least=0)
    require(dtype in ("float32", "float64"), "dtype", dtype, "must be float32 or float64")
    checked_schedule(schedule)
    if method != "steps":
        require(dtype == "float32", "dtype", dtype, "leaps compute in float32")
        require(samples <= MOST, "samples", samples, "leaps take up to 2^40 steps")
    return {"replicates": replicates, "seed": seed, "schedule": schedule, "dtype": dtype}


def _lane_table(model, model_size, step_size, init, method, accuracy) -> pd.DataFrame:
    models = several("model", model)
    kinds = [named(name) for name in models]
    sizes = [count("model_size", size) for size in several("model_size", model_size)]
    positive = "must be positive, or SGD does not descend"
    steps = [
        real("step_size", eta, above=0, reason=positive) for eta in several("step_size", step_size)
    ]
    inits = [max(kind.checked_init(v) for kind in kinds) for v in several("init", init)]
    lanes = pd.DataFrame(list(product(models, sizes, steps, inits)), columns=LANE_COLUMNS)
    method = checked_method(method, accuracy)
    if method == "steps":
        return lanes
    lanes = lanes.assign(method=method)
    for lane in lanes.to_dict("records"):
        require_leaps(lane)
    return lanes


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
    method: str = "steps",
    accuracy: float = ACCURACY,
) -> pd.DataFrame:
    """Excess risk of one-pass SGD after ``T`` samples, for every combination of the settings.

    Parameters
    ----------
    problem : PowerLaw
        The regression problem.
    model : str or list of str
        Names of :data:`quadlaw.models.MODELS`.
    model_size : int or list of int
        ``M``, the number of leading coordinates that the model sees.
    samples : int or list of int
        ``T``; each value is a run of its own, as the schedule depends on it.
    step_size : float or list of float
        ``eta`` of the adaptation phase.
    init : float or list of float
        ``v_0 > 0``, or 0 for linear models; these start at ``w_0 = v_0^2``.
    replicates : int, default 16
        Independent repetitions, each on a stream of its own.
    seed, schedule, dtype
        As in :func:`run_lanes`.
    method : {"steps", "leaps"}
        Every step, or in leaps (:mod:`quadlaw.sgd.leaps`), whose cost does not grow with ``M``; in
        float32, for models that can. The table then has a column ``method``, as ``leaps 0.5``.
    accuracy : float, default 0.5
        Of leaps, above 0 and at most 1: what a leap may change. They are exact as it goes to 0.

    Returns
    -------
    DataFrame
        As from :func:`run_lanes`, one row a combination and replicate.

    Raises
    ------
    ValueError
        ``key = value: reason``, for a value out of its range or an empty or repeating list.
    """
    lanes = _lane_table(model, model_size, step_size, init, method, accuracy)
    horizons = [count("samples", T) for T in several("samples", samples)]
    options = _checked(replicates, seed, dtype, schedule, method, max(horizons))
    spectrum = problem.spectrum(lanes["model_size"].max())
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
    method: str = "steps",
    accuracy: float = ACCURACY,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Risk and chosen weights along the runs of one model.

    Parameters
    ----------
    problem, model, model_size, samples, step_size, init, replicates, seed, schedule, dtype, \
    method, accuracy
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
    lanes = _lane_table(model, model_size, step_size, init, method, accuracy)
    samples = count("samples", samples)
    options = _checked(replicates, seed, dtype, schedule, method, samples)
    settings = len(lanes.drop(columns="step_size").drop_duplicates())
    require(settings == 1, "trajectory", settings, "takes several step sizes, but one of the rest")
    chosen = np.array([count("coordinates", i) for i in several("coordinates", coordinates)])
    size = lanes["model_size"].max()
    require(max(chosen) <= size, "coordinates", max(chosen), "lies beyond model_size")
    times = log_spaced(samples, 100) if times is None else several("times", times)
    times = sorted(count("times", time, least=0) for time in times)
    require(times[-1] <= samples, "times", times[-1], "lies beyond samples")
    spectrum = problem if isinstance(problem, Spectrum) else problem.spectrum(size)
    return follow_lanes(spectrum, lanes, samples, coordinates=chosen, times=times, **options)


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
    lanes = lanes[[column for column in (*LANE_COLUMNS, "method") if column in lanes]]
    with np.errstate(over="ignore", invalid="ignore"):
        runs = _runs(spectrum, lanes, samples, replicates, seed, schedule, dtype)
        here, weights = _followed(runs, coordinates, times)
    if "method" in here:
        here = here[here["replicate"].isin(replicates)].sort_values(["replicate", "time"])
        weights = weights[here.index]
    labels = _labels(spectrum, samples, schedule)
    here = here.assign(**labels)[[*lanes, *labels, "replicate", "time", "excess_risk"]]
    table = here.drop(columns="excess_risk")
    table = table.loc[table.index.repeat(len(coordinates))].reset_index(drop=True)
    return here.reset_index(drop=True), table.assign(
        coordinate=np.tile(coordinates, len(here)),
        weight=weights.ravel(),
        target=np.tile(spectrum.target[coordinates - 1], len(here)),
    )


def _followed(
    runs: Iterable[Callable], coordinates: np.ndarray, times: Sequence[int]
) -> tuple[pd.DataFrame, np.ndarray]:
    """Lanes with ``replicate, time, excess_risk``, one row a look, and their weights in each."""
    seen, weights = [], []
    for states in runs:
        for time, (group,) in states(times):
            times_of = np.full(len(group.lanes), int(time))
            seen.append((group.lanes, group.replicates, times_of, group.excess_risk()))
            weights.append(group.weights()[:, coordinates - 1])
    lanes, *columns = zip(*seen, strict=True)
    names, columns = ("replicate", "time", "excess_risk"), map(np.concatenate, columns)
    here = pd.concat(lanes, ignore_index=True).assign(**dict(zip(names, columns, strict=True)))
    return here, np.concatenate(weights)
