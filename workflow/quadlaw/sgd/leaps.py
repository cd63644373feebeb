"""SGD in leaps: coordinates that move slowly are updated after many steps, by their law.

A step moves the parameter of coordinate ``i`` by ``-g_t z_ti phi(p_i)``, with ``g_t = eta_t r_t``
and the residual ``r_t = sum_i e_i z_ti + noise``, ``e = w - w*``. Hold the errors of the slow
coordinates for a block of steps. All that they and the noise add to a residual is one Gaussian
``q_t``, of variance ``S = sum_slow lambda_i e_i^2 + tail + sigma^2``. Given all ``q_t`` and
``r_t``, the slow inputs are independent over time,

    z_ti ~ N(lambda_i e_i q_t / S, lambda_i delta_ij - lambda_i e_i lambda_j e_j / S),

so that the block's ``G_i = sum_t g_t z_ti`` is Gaussian, with two sums that all coordinates share:

    G_i ~ N(lambda_i e_i A, lambda_i Q - ...),  A = B / S,  B = sum_t g_t q_t,  Q = sum_t g_t^2.

``p_i`` then moves along ``phi`` for the time ``G_i + lambda_i Q phi' / 2`` (:class:`Model.leap
<quadlaw.models.model.Model>`), where the change of ``e_i`` within the block is taken up to second
order, and cubes of single steps as far as they change means and stationary variances. The idea is
that of tau-leaping in chemistry (Gillespie 2001, J. Chem. Phys. 115, 1716).

A coordinate's rate is the share of its error that a step takes away. Fast ones are stepped with
their inputs. A slow one is updated every ``2^k`` steps, with the largest ``k`` that has

    rate_i (2^k + 2) <= accuracy.

An error that the run will have forgotten at its end may have ``FORGOTTEN`` times the accuracy.
Blocks are nested: a level gives its sums to the next one, less what is known by then, which is its
noise along the errors. So levels have their joint law. Where no coordinate is fast, ``r = q``, and
a block's ``sum q^2 / S`` is a chi square. Runs are exact as ``accuracy`` goes to 0.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from quadlaw.base.checks import real, require
from quadlaw.models import named
from quadlaw.models.leaps_loop import COLUMNS
from quadlaw.models.model import Model
from quadlaw.sgd.inputs import KURTOSIS, polynomial
from quadlaw.sgd.problem import Spectrum
from quadlaw.sgd.schedules import Schedule
from quadlaw.sgd.starts import start_values
from quadlaw.sgd.streams import stream_key
from quadlaw.sgd.train import Group
from quadlaw.sgd.views import USUAL, View, with_signs

METHODS = ("steps", "leaps")
LEAPS = METHODS[1]
ACCURACY = 0.5
LEAPS_STREAM = -1  # in place of a replicate, in the key of the normals
SINGLE = 2  # steps that a block counts for more, as its A and Q are noisy
LONGEST = 2**30  # steps of one stage
ROWS = 2**32  # of normals in a stage, each for four stepped coordinates
FAST = 0.2  # the share of a step from which a coordinate is stepped
FORGOTTEN = 4  # times the accuracy is enough for an error that will be forgotten by the end
LEAST_SLACK = 0.05
LEARNED = 20.0  # times its rate's inverse: by then a coordinate's error has gone
FIRST = 2**6  # steps of the first stage; each of the next ones is as long as all before
MOST_SEEN = 1024  # steps of a stretch that its mean factor is taken over
COARSE, FINE = 0.05, 0.01  # change of the factor within a stage, of itself and of 1 / T


def method_of(accuracy: float) -> str:
    """What the column ``method`` of a lane in leaps says, which is all that :func:`leapt` knows."""
    return f"{LEAPS} {accuracy:g}"


def checked_method(method: object, accuracy: object) -> str:
    """The column ``method``; ``ValueError`` for another one than ``METHODS``, or no accuracy."""
    require(method in METHODS, "method", method, f"must be one of {', '.join(METHODS)}")
    finite = "lies above 0 and at most at 1: the share of an error that a leap may change"
    share = real("accuracy", accuracy, above=0, reason=finite)
    require(share <= 1, "accuracy", accuracy, finite)
    return method_of(share) if method == LEAPS else method


def leapt(
    spectrum: Spectrum, lane: dict, samples: int, block: int, seed: int, stops: Sequence[int],
    schedule: Schedule,
) -> Iterator[tuple[int, list[Group]]]:  # fmt: skip
    """``COLUMNS`` runs of a lane in leaps: their group at each of ``stops``, in rising order.

    ``lane`` has the columns of :func:`quadlaw.sgd.run.run_lanes`. The group's lanes are the
    replicates of a ``block``, from ``COLUMNS block`` on. A replicate is the same numbers whatever
    is run beside it.
    """
    model, accuracy = require_leaps(lane), float(lane["method"].split()[1])
    inputs, signs = (lane.get(key, USUAL[key]) for key in ("inputs", "signs"))
    known = "leaps know its variance alone, and draw it as Gaussian"
    require(spectrum.noise is np.positive, "noise", spectrum.noise, known)
    ours = with_signs(spectrum.head(lane["model_size"]), signs)
    group, p = _start(model, View(ours), lane, block)
    if stops[0] == 0:
        yield 0, [group]
    rates = Rates(model, ours, _first_values(ours, lane), inputs)
    key = stream_key(spectrum, samples, LEAPS_STREAM, seed).copy()
    values, target = ours.eigenvalues.astype(np.float32), ours.target.astype(np.float32)
    law = np.float32(ours.tail[-1] + ours.sigma**2), polynomial(inputs), rates.kurtosis
    parts = rates.leveled(lane["step_size"], accuracy, list(stages(schedule, samples, stops)))
    for number, (end, steps, eta, *levels) in enumerate(parts):
        key[3], stepped = number, int(levels[0][0])
        many = f"takes too many normals, as {stepped} coordinates take single steps"
        require(steps * (stepped + 1) < 4 * ROWS, "samples", samples, many)
        numbers = key, 4 * COLUMNS * block, COLUMNS
        model.leaps(p, values, target, np.float32(eta), steps, *levels, *law, *numbers)
        if end in stops:
            yield end, [group]


def require_leaps(lane: dict) -> Model:
    """The lane's model; ``ValueError`` unless it and what it sees can be simulated in leaps."""
    model = named(lane["model"])
    known = "cannot be simulated in leaps, as its steps have no flow in closed form"
    require(model.leap is not None, "model", model.name, known)
    basis = lane.get("basis", USUAL["basis"])
    require(basis == USUAL["basis"], "basis", basis, f"leaps are for {USUAL['basis']} alone")
    return model


def _start(model: Model, view: View, lane: dict, block: int) -> tuple[Group, np.ndarray]:
    """The runs' group and its parameters, shape (M width ``COLUMNS``,), which it shows."""
    numbers = COLUMNS * block + np.arange(COLUMNS)
    lanes = pd.DataFrame([lane] * COLUMNS)
    first = np.stack(model.start(_first_values(view.spectrum, lane)), axis=1)
    p = np.repeat(first[:, :, None], COLUMNS, axis=2).astype(np.float32).ravel()
    sizes, steps = lanes["model_size"].to_numpy(), lanes["step_size"].to_numpy()
    return Group(model, view, lanes, p.reshape(-1, COLUMNS).T, sizes, steps, numbers), p


def _first_values(spectrum: Spectrum, lane: dict) -> np.ndarray:
    """``v_0`` of each coordinate."""
    return start_values(lane.get("start", USUAL["start"]), spectrum.target, lane["init"])


class Rates:
    """How fast the coordinates of a lane move, before any run.

    ``first`` are their ``v_0``, shape (M,).

    Attributes
    ----------
    drift : ndarray, shape (M,)
        ``lambda_i |w'(p) phi(p)|``, the larger one of the start's and the target's: the share of
        an error that is lost in a unit of training time.
    kick : ndarray, shape (M,)
        ``4 lambda_i phi'(p)^2``: with ``eta^2 S``, the variance of a weight's logarithm in a step.
    kurtosis : float32
        ``E z^4`` of the inputs. Beyond the Gaussian's it makes all rates larger.
    """

    def __init__(
        self, model: Model, spectrum: Spectrum, first: np.ndarray, inputs: str = "gaussian"
    ):
        values, target = spectrum.eigenvalues, np.abs(spectrum.target)
        at_target = _speeds(model, np.sqrt(target))
        at_start = _speeds(model, first)
        self.kurtosis = np.float32(KURTOSIS[inputs])
        heavy = max(1.0, KURTOSIS[inputs] / KURTOSIS["gaussian"])
        self.drift, self.kick = (
            heavy * values * np.maximum(*pair) for pair in zip(at_start, at_target, strict=True)
        )
        self._learning = values * at_target[0]
        self._signal = values * np.maximum(target, np.abs(first**2 - target)) ** 2
        self._noise = spectrum.tail[-1] + spectrum.sigma**2

    def at(self, eta: float, time: float) -> np.ndarray:
        """Shares of a step at the step size ``eta``, after ``time`` (the sum of step sizes)."""
        left = self._signal[self._learning * time < LEARNED].sum()
        return eta * self.drift + eta**2 * (left + self._noise) * self.kick

    def leveled(
        self, step_size: float, accuracy: float, parts: Sequence[tuple[int, int, float]]
    ) -> Iterator[tuple]:
        """``end, steps, eta, starts, levels`` of each of :func:`stages`, for the loop."""
        total = step_size * sum(steps * factor for _, steps, factor in parts)
        time = 0.0
        for start, steps, factor in parts:
            eta = step_size * factor
            rates, time = self.at(eta, time), time + eta * steps
            if rates.max() > FAST:
                allowed = np.full(len(rates), accuracy * _slack(rates))
            else:
                forgotten = self._learning * (total - time) > LEARNED
                allowed = np.where(forgotten, FORGOTTEN * accuracy, accuracy)
            yield start + steps, steps, eta, *leveled(rates, allowed, steps)


def _speeds(model: Model, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``|w' phi|`` and ``4 phi'^2`` of the quadratic model's values ``v``, of all features."""
    update, h = getattr(model.update, "py_func", model.update), 1e-4

    def field(p):
        return p - update(1.0, p, 1.0)

    drift, kick = np.zeros(len(v)), np.zeros(len(v))
    for p in model.start(v):
        slope = (model.weight(p + h) - model.weight(p - h)) / (2 * h)
        drift += np.abs(slope * field(p))
        kick = np.maximum(kick, 4 * ((field(p + h) - field(p - h)) / (2 * h)) ** 2)
    return drift, kick


def _slack(rates: np.ndarray) -> float:
    """How far steps are from the edge of stability, where the risk feeds itself, from 1 to 0."""
    slow = np.minimum(rates, 1 - LEAST_SLACK)
    return max(1 - float(np.sum(slow / (2 * (1 - slow)))), LEAST_SLACK)


def leveled(rates: np.ndarray, accuracy: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """``starts, levels`` of the loop (:func:`quadlaw.models.leaps_loop.compile_leaps`).

    Levels rise with the coordinate, so that a level is a range of them; none is longer than
    ``steps``.
    """
    blocks = np.where(rates > FAST, 1.0, np.minimum(accuracy / rates - SINGLE, float(steps)))
    exponents = np.log2(np.maximum(blocks, 1)).astype(np.int64)
    exponents = np.minimum.accumulate(exponents[::-1])[::-1]
    levels, starts = np.unique(exponents, return_index=True)
    ends = np.append(starts, len(rates))
    first = int(levels[0] == 0)
    return ends[first:].astype(np.uint64), levels[first:]


def stages(
    schedule: Schedule, samples: int, stops: Sequence[int]
) -> Iterator[tuple[int, int, float]]:
    """Stretches of a run: the first step, the number of steps, the mean factor on the step size.

    The factor hardly changes within one. They end at ``stops``; levels are chosen again for each,
    so that the first ones are short.
    """
    doubling = FIRST * 2 ** np.arange(64 - FIRST.bit_length(), dtype=object)
    long = range(LONGEST, samples, LONGEST)
    cuts = {0, *stops, *long, *(int(one) for one in doubling if one < stops[-1])}
    for first, last in pairwise(sorted(one for one in cuts if one <= stops[-1])):
        yield from _even(schedule, samples, first, last)


def _even(schedule: Schedule, samples: int, first: int, last: int) -> list[tuple]:
    """``first`` to ``last`` in stretches of about one factor."""
    high, low = schedule.factor(np.array([first, last - 1]), samples)
    if last - first == 1 or high - low <= COARSE * low + FINE / samples:
        some = np.linspace(first, last - 1, min(last - first, MOST_SEEN)).round().astype(np.int64)
        mean = high if high == low else schedule.factor(some, samples).mean()
        return [(first, last - first, float(mean))]
    middle = (first + last) // 2
    *before, one = _even(schedule, samples, first, middle)
    two, *after = _even(schedule, samples, middle, last)
    if one[2] == two[2]:
        return [*before, (one[0], one[1] + two[1], one[2]), *after]
    return [*before, one, two, *after]
