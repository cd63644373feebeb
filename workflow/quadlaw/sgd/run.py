"""One-pass SGD: many runs on shared sample streams, as tidy tables.

A *lane* is one run: a model, its size, its step size, its initial value and, where they are not the
usual ones, what it sees of the samples. All lanes of a replicate see the same samples. What lies
beyond the largest model size among them enters the labels as one Gaussian.
"""

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
import pandas as pd

from quadlaw.base.checks import count, real, require, several
from quadlaw.models import named
from quadlaw.sgd.problem import PowerLaw, Spectrum
from quadlaw.sgd.schedules import Schedule, checked_schedule
from quadlaw.sgd.schedules.two_phase import TwoPhase
from quadlaw.sgd.streams import chunks
from quadlaw.sgd.train import Group, groups_of, reach, train

LANE_COLUMNS = ["model", "model_size", "step_size", "init"]
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
) -> Iterator[tuple[int, list[Group]]]:
    """One replicate of the lanes of :func:`run_lanes`: their groups at each of ``stops``."""
    spectrum = spectrum.head(reach(lanes, spectrum.size))
    groups = groups_of(spectrum, lanes, dtype)
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
        :data:`quadlaw.sgd.views.USUAL`. Further columns are carried into the result.
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
    tables = []
    with np.errstate(over="ignore", invalid="ignore"):
        for replicate in replicates:
            arguments = (spectrum, lanes, samples, replicate, seed, schedule, dtype)
            tables += [one.assign(replicate=replicate) for one in _outcomes(*arguments)]
    table = pd.concat(tables, ignore_index=True).assign(**_labels(spectrum, samples, schedule))
    order = ["replicate", "excess_risk", "diverged", "front", "learned"]
    return table[[*(column for column in table if column not in order), *order]]


def _averaged_steps(samples: int, schedule: Schedule) -> set[int]:
    """After which steps to look at the weights that are averaged; none for the last iterate."""
    first = samples - int(schedule.averaging * samples)
    return set(np.ceil(np.linspace(first, samples, SNAPSHOTS + 1)[1:]).astype(int)) - {first}


def _outcomes(
    spectrum: Spectrum,
    lanes: pd.DataFrame,
    samples: int,
    replicate: int,
    seed: int,
    schedule: Schedule,
    dtype: str,
) -> Iterator[pd.DataFrame]:
    """Train one replicate; the lanes of each group with what :func:`run_lanes` returns of them."""
    averaged, adapted = _averaged_steps(samples, schedule), schedule.adaptation_steps(samples)
    stops, sums, fronts = sorted({0, samples, adapted} | averaged), {}, {}
    options = {"schedule": schedule, "dtype": dtype}
    for time, groups in trained(spectrum, lanes, samples, replicate, seed, stops, **options):
        if time == 0:
            before = [(group.grown(), group.divergence_limit()) for group in groups]
        if time == adapted > 0:
            fronts = {group: np.argmin(_closed(group.grown()), axis=1) for group in groups}
        if time in averaged:
            sums = {group: _added(sums.get(group), group.parts()) for group in groups}
    for group, (grown, limit) in zip(groups, before, strict=True):
        means = [total / len(averaged) for total in sums[group]] if averaged else None
        risk = group.excess_risk(means)
        yield group.lanes.assign(
            excess_risk=risk,
            diverged=~(risk <= limit),  # also for nan
            front=fronts.get(group, 0),
            learned=np.sum(group.grown() & ~grown, axis=1),
        )


def _added(sums: list[np.ndarray] | None, parts: list[np.ndarray]) -> list[np.ndarray]:
    return [total + part for total, part in zip(sums or [0.0] * len(parts), parts, strict=True)]


def _closed(grown: np.ndarray) -> np.ndarray:
    """With a last column of False, so that the first False is also found where all have grown."""
    return np.pad(grown, ((0, 0), (0, 1)))


def _check_settings(replicates, seed, dtype, schedule) -> None:
    count("replicates", replicates)
    count("seed", seed, least=0)
    require(dtype in ("float32", "float64"), "dtype", dtype, "must be float32 or float64")
    checked_schedule(schedule)


def _lane_table(model, model_size, step_size, init) -> pd.DataFrame:
    models = several("model", model)
    kinds = [named(name) for name in models]
    sizes = [count("model_size", size) for size in several("model_size", model_size)]
    positive = "must be positive, or SGD does not descend"
    steps = [
        real("step_size", eta, above=0, reason=positive) for eta in several("step_size", step_size)
    ]
    inits = [max(kind.checked_init(v) for kind in kinds) for v in several("init", init)]
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
    options = {"schedule": schedule, "dtype": dtype}
    for replicate in replicates:
        with np.errstate(over="ignore", invalid="ignore"):
            for time, (group,) in trained(
                spectrum, lanes, samples, replicate, seed, times, **options
            ):
                seen.append((replicate, int(time)))
                risks.append(group.excess_risk())
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
