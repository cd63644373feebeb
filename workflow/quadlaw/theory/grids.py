"""Where the theory is evaluated: nodes over the coordinates, steps over the time.

Both are exact for small models and short runs (every coordinate, every step) and grow as the
logarithm of ``M`` and ``T`` beyond.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from quadlaw.base.checks import require
from quadlaw.sgd.problem import Finite, PowerLaw
from quadlaw.sgd.schedules import Schedule, checked_schedule

SINGLE = 64  # leading coordinates that have a node of their own
PER_DECADE = 24  # nodes for ten times as many coordinates beyond these
FALL = 0.05  # largest relative fall of the step size within a leap


@dataclass(frozen=True)
class Nodes:
    """Coordinates that stand for all: ``sum_{i<=M} g(i) ~ sum_k count_k g(index_k)``.

    Attributes
    ----------
    index, count, eigenvalues, target : ndarray, shape (K,)
        Real index of each node, the number of coordinates that it stands for, ``lambda`` and
        ``w*`` there.
    """

    index: np.ndarray
    count: np.ndarray
    eigenvalues: np.ndarray
    target: np.ndarray

    @classmethod
    def of(cls, problem: PowerLaw | Finite, size: int, exact: bool = False) -> "Nodes":
        """Nodes for a model of ``size`` coordinates; ``exact`` gives each its own.

        A finite problem's equal coordinates share a node.

        Beyond the first ``SINGLE`` coordinates, blocks ``(a, b]`` of log-spaced ends stand at the
        geometric middle of ``a + 1/2`` and ``b + 1/2``. Their sum of ``i^-p`` has a relative error
        of ``((p - 1)^2 - 1) h^2 / 24``, where ``h`` is a block's logarithmic width: below ``3e-3``
        up to ``p = 4``, and where it is larger, nearly all of the sum is in the first coordinates.
        """
        if isinstance(problem, Finite):
            seen = problem.spectrum(size)
            pairs = np.stack([seen.eigenvalues, seen.target])
            _, index, count = np.unique(pairs, axis=1, return_index=True, return_counts=True)
            return cls(index + 1.0, count.astype(float), *problem.at(index + 1))
        blocks = 0 if exact or size <= SINGLE else np.ceil(PER_DECADE * np.log10(size / SINGLE))
        ends = np.unique(np.geomspace(SINGLE, size, int(blocks) + 1).round()) if blocks else [size]
        singles = np.arange(1, int(ends[0]) + 1, dtype=float)
        edges = np.asarray(ends, dtype=float)
        index = np.concatenate([singles, np.sqrt((edges[:-1] + 0.5) * (edges[1:] + 0.5))])
        count = np.concatenate([np.ones_like(singles), np.diff(edges)])
        return cls(index, count, *problem.at(index))


def whole_steps(samples: int, schedule: Schedule) -> tuple[np.ndarray, np.ndarray]:
    """Every step of a run: lengths (all one) and step-size factors, both of shape (T,)."""
    _refuse_averages(schedule)
    return _shared(np.ones(samples, dtype=np.int64), schedule.factor(np.arange(samples), samples))


def log_steps(samples: int, schedule: Schedule, growth: float) -> tuple[np.ndarray, np.ndarray]:
    """Leaps through a run: whole lengths, and the step-size factor in the middle of each.

    A leap lasts ``max(1, growth * (time since the step size last jumped))`` steps. None crosses a
    jump of the step size, nor a fall by more than ``FALL``.
    """
    _refuse_averages(schedule)
    kept = isinstance(schedule, Hashable)
    return (_kept_log_steps if kept else _log_steps)(samples, schedule, growth)


def _log_steps(samples: int, schedule: Schedule, growth: float) -> tuple[np.ndarray, np.ndarray]:
    lengths, factors = [], []
    start = jumped = 0
    while start < samples:
        least = (1 - FALL) * float(schedule.factor(start, samples))
        stop = _first(start, samples, schedule, least)
        leaps = _leaps(stop - start, growth, start - jumped)
        middles = start + np.cumsum(leaps) - (leaps + 1) / 2
        lengths.append(leaps)
        factors.append(schedule.factor(middles, samples))
        last, after = schedule.factor(np.array([stop - 1, stop]), samples)
        start, jumped = stop, stop if after < (1 - FALL) * last else jumped
    return _shared(np.concatenate(lengths), np.concatenate(factors))


# A search for the best step size asks for the same leaps each time.
_kept_log_steps = lru_cache(maxsize=16)(_log_steps)


def _shared(*arrays: np.ndarray) -> tuple[np.ndarray, ...]:
    """The arrays, which nobody can change from now on."""
    for array in arrays:
        array.flags.writeable = False
    return arrays


def _refuse_averages(schedule: Schedule) -> None:
    checked_schedule(schedule)
    reason = "the theory predicts the last iterate, not an average"
    require(not schedule.averaging, "schedule", schedule.name, reason)


def _first(start: int, samples: int, schedule: Schedule, least: float) -> int:
    """The first step after ``start`` with a factor below ``least``, by bisection; else ``samples``.

    Factors never rise.
    """
    low, high = start, samples
    while high - low > 1:
        middle = (low + high) // 2
        below = schedule.factor(middle, samples) < least
        low, high = (low, middle) if below else (middle, high)
    return high


def _leaps(steps: int, growth: float, since: int) -> np.ndarray:
    done, result = 0, []
    while done < steps:
        leap = min(max(1, int(growth * (since + done))), steps - done)
        result.append(leap)
        done += leap
    return np.array(result, dtype=np.int64)
