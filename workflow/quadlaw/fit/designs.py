"""Designs: tables of settings, one row a curve's point, simulated and predicted row by row.

A design has the columns ``SETTING`` and any labels besides. Rows that agree in ``STREAM`` are the
lanes of one *point*: they share their samples. Step sizes are the theory's, so that no simulated
run chooses them.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import pandas as pd

from quadlaw.fit.stopping import FLOOR
from quadlaw.fit.stopping import half_width as asked_width
from quadlaw.models import leaps_loop
from quadlaw.sgd.leaps import ACCURACY, METHODS, method_of
from quadlaw.sgd.problem import Finite, PowerLaw, problem_of, setting_of
from quadlaw.sgd.run import LANE_COLUMNS, log_spaced
from quadlaw.sgd.schedules import named
from quadlaw.sgd.schedules.two_phase import TwoPhase
from quadlaw.sgd.workload import batches, stream_of
from quadlaw.theory import predicted_risk, rates
from quadlaw.theory.tuning import SAFE, tuned_constant

STREAM = ["alpha", "beta", "sigma", "schedule", "samples", "replicates"]
SETTING = [*STREAM, *LANE_COLUMNS]
LANE_LABELS = [*LANE_COLUMNS, "step_constant", "init_scale"]
COLUMNS = ["schedule", "samples", "model_size", "init", "step_factor"]  # of a curve's rows
TOGETHER = leaps_loop.COLUMNS  # runs in leaps that are made at once
CURVE = (
    "replicates",
    "size_factor",
    "step_factors",
    "schedules",
    "half_width",
)  # keys of many settings
IN_STEPS, IN_LEAPS = {"method": METHODS[0]}, {"method": method_of(ACCURACY)}  # labels of rows
POINT_SECONDS = 30.0  # the replicates of a costlier point are split into points of about this


@dataclass(frozen=True)
class Tuning:
    """How a curve's step size is found: ``eta = c D^p`` with the ``c`` of least theory risk.

    Attributes
    ----------
    problem : PowerLaw
    model : str
        Whose ``D`` and ``p`` (:func:`quadlaw.theory.rates.step_size`).
    samples, size, init
        Where ``c`` is tuned: at the curve's largest ``T``.
    share : float
        The largest step size that is tried, in units of the stability edge at that ``T``. At
        smaller ones ``D^p`` is larger for ``alpha < beta``, and so is the share.
    """

    problem: PowerLaw
    model: str
    samples: int
    size: int
    init: float
    share: float = SAFE

    @cached_property
    def constant(self) -> float:
        """``c``, by :func:`quadlaw.theory.tuning.tuned_constant`."""
        where = self.samples, self.size, self.init
        return tuned_constant(self.problem, self.model, *where, self.share)

    def step_size(self, samples: int, size: int, factor: float = 1.0) -> float:
        """``factor c D^p`` at another ``T``."""
        problem = self.model, self.problem.alpha, self.problem.beta
        dimension = rates.effective_dimension(*problem, samples, size)
        return float(rates.step_size(*problem, dimension, self.constant * factor))


def scaling_rows(
    problem: PowerLaw,
    model: str,
    samples: Sequence[int],
    *,
    replicates: int,
    size_factor: float = 4.0,
    init_scale: float = 0.5,
    step_factors: Sequence[float] = (1.0,),
    schedules: Sequence[str] = (TwoPhase().name,),
    share: float = SAFE,
    half_width: float | None = None,
    window: tuple[float, float] = (0.0, np.inf),
    **labels,
) -> pd.DataFrame:
    """A curve against ``T`` by the paper's rules: ``M = ceil(size_factor D)``, ``eta = c D^p``.

    The step size itself is left to :func:`with_steps`: rows have its :class:`Tuning`, the same for
    the whole curve, and ``step_factor``, which multiplies it. ``D`` in ``M`` and ``v_0`` is the
    quadratic model's. ``labels`` are further columns, the same in all rows.

    With ``half_width``, that of an exponent over the ``window`` of ``T``, ``replicates`` are the
    most that are run (:func:`quadlaw.fit.stopping.until_narrow`).
    """
    alpha, beta = problem.alpha, problem.beta

    def scales(T):
        dimension = float(rates.effective_dimension("quadratic", alpha, beta, T))
        init = float(rates.initial_value(alpha, beta, dimension, init_scale))
        return int(np.ceil(size_factor * dimension)), init

    tuning = Tuning(problem, model, max(samples), *scales(max(samples)), share)
    rows = [
        (name, T, *scales(T), factor)
        for T in samples
        for factor in step_factors
        for name in schedules
    ]
    columns = dict(zip(COLUMNS, zip(*rows, strict=True), strict=True))
    if half_width is not None and replicates > FLOOR:  # fewer are never stopped
        labels["half_width"] = half_width * spread(samples, window)
    shared = {
        "model": model, "alpha": alpha, "beta": beta, "sigma": problem.sigma,
        "replicates": replicates, "init_scale": init_scale, "tuning": tuning,
    }  # fmt: skip
    return pd.DataFrame(columns | shared | labels)  # much faster than a column after another


def spread(samples: Sequence[int], window: tuple[float, float]) -> float:
    """The half-width of each ``log y`` in units of a slope's against ``log T`` in the window."""
    log_x = np.log([T for T in samples if window[0] <= T <= window[1]])
    return float(np.sqrt(np.sum((log_x - log_x.mean()) ** 2)))


def curve_rows(settings: dict, one: dict, model: str, **options) -> pd.DataFrame:
    """:func:`scaling_rows` of a problem by a study's settings, with ``options`` of its own.

    A problem ``one`` may have ``replicates`` and ``half_width`` of its own. With a half-width, the
    settings' window counts.
    """
    problem = problem_of(settings | one)
    known = {key: settings[key] for key in CURVE if key in settings}
    known |= {key: one[key] for key in ("replicates", "half_width") if key in one}
    if "half_width" in known:
        known["window"] = settings["window"]
    return scaling_rows(problem, model, settings["samples"], **known | options)


def own_replicates(settings: dict, one: dict) -> int:
    """The replicates of a problem ``one``, or else those of its study."""
    return one.get("replicates", settings["replicates"])


def rule_lane(
    model: str, alpha: float, beta: float, samples: int, size: int, constant: float, scale: float
) -> tuple:
    """One lane by the rules of :mod:`quadlaw.theory.rates`; columns ``LANE_LABELS``."""
    dimension = rates.effective_dimension(model, alpha, beta, samples, size)
    quadratic = rates.effective_dimension("quadratic", alpha, beta, samples, size)
    eta = rates.step_size(model, alpha, beta, dimension, constant)
    return model, size, eta, rates.initial_value(alpha, beta, quadratic, scale), constant, scale


def trajectory_grid(point: dict) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates and times that a trajectory looks at, both log-spaced, time 0 among them."""
    coordinates = log_spaced(point["model_size"], point["coordinates"])[1:]
    return coordinates, log_spaced(point["samples"], point["times"])


def with_steps(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with ``step_size`` in place of ``tuning``; those that have none keep their own."""
    if "tuning" not in rows:
        return rows
    own = rows["step_size"] if "step_size" in rows else pd.Series(np.nan, rows.index)
    factor = rows["step_factor"] if "step_factor" in rows else pd.Series(1.0, rows.index)
    settings = zip(rows["tuning"], rows["samples"], rows["model_size"], factor, own, strict=True)
    steps = [
        tuning.step_size(T, size, factor) if isinstance(tuning, Tuning) else step
        for tuning, T, size, factor, step in settings
    ]
    rest = rows.drop(columns=["tuning", "step_size"], errors="ignore")
    rest.insert(rest.columns.get_loc("model_size") + 1, "step_size", steps)
    return rest


def points(design: pd.DataFrame) -> list[dict]:
    """The design's points, the costly ones first, as JSON: ``STREAM``, ``lanes`` and ``range``.

    ``range`` is that of the replicates: the points that take long are split. It depends on the
    point alone, so that one that is computed is found again.
    """
    lanes = defaultdict(list)
    for row in design.to_dict("records"):
        lanes[tuple(row.pop(key) for key in STREAM)].append(row)
    whole = [
        dict(zip(STREAM, key, strict=True)) | {"lanes": lanes[key], "range": [0, int(key[-1])]}
        for key in sorted(lanes)
    ]
    parts = [part for point in whole for part in _split(point)]
    return sorted(parts, key=lambda part: stream_of(part).seconds(), reverse=True)


def _split(point: dict) -> list[dict]:
    """A point in parts of about ``POINT_SECONDS`` at most, unless its runs decide their number."""
    if asked_width(point):
        return [point]
    total = point["replicates"]
    block = max(1, int(total * POINT_SECONDS / stream_of(point).seconds()))
    if any(lane.get("method", "steps") != "steps" for lane in point["lanes"]):
        block = -(-block // TOGETHER) * TOGETHER
    starts = range(0, total, block)
    return [point | {"range": [first, min(first + block, total)]} for first in starts]


def problems(rows: pd.DataFrame) -> list[dict]:
    """The power laws of rows, ``alpha, beta, sigma``, with the largest ``size`` that is drawn."""
    sizes = rows["model_size"]
    if "input_size" in rows:
        sizes = sizes.combine(rows["input_size"], max)
    keys = ["alpha", "beta", "sigma"]
    largest = sizes.rename("size").groupby([rows[key] for key in keys]).max().reset_index()
    return largest[largest["alpha"] > 1].to_dict("records")


def jobs(points: Sequence[dict], seconds: float) -> list[slice]:
    """Which points are one job, of about ``seconds`` at most."""
    return batches([stream_of(point).seconds() for point in points], seconds)


def by_learner(table: pd.DataFrame) -> pd.DataFrame:
    """A table with what was trained, its ``learner``, as its ``model``."""
    return table.assign(model=table["learner"]).drop(columns="learner")


def predicted(design: pd.DataFrame, problem: PowerLaw | Finite | None = None) -> pd.DataFrame:
    """The design with its column ``theory``: expected risk, missing where there is none."""
    return design.assign(theory=[_theory(row, problem) for row in design.to_dict("records")])


def _theory(row: dict, problem: PowerLaw | Finite | None) -> float:
    problem, schedule = problem or problem_of(row), named(row["schedule"])
    ask = partial(predicted_risk, row["model"], problem, schedule=schedule, **setting_of(row))
    return or_missing(row, ask)


def or_missing(row: dict, ask: Callable, missing: object = np.nan) -> object:
    """What a theory says of a row if asked; ``missing`` and a line of output where it refuses."""
    try:
        return ask()
    except ValueError as fault:
        print(f"no prediction for {row}: {fault}")
        return missing
