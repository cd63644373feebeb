"""Where the theory is evaluated: nodes over the coordinates, steps over the time.

Both are exact for small models and short runs (every coordinate, every step) and grow as the
logarithm of ``M`` and ``T`` beyond.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from quadlaw.problem import PowerLaw
from quadlaw.schedules import TwoPhase

SINGLE = 64  # leading coordinates that have a node of their own
PER_DECADE = 24  # nodes for ten times as many coordinates beyond these


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
    def of(cls, problem: PowerLaw, size: int, exact: bool = False) -> "Nodes":
        """Nodes for a model of ``size`` coordinates; ``exact`` gives each its own.

        Beyond the first ``SINGLE`` coordinates, blocks ``(a, b]`` of log-spaced ends stand at the
        geometric middle of ``a + 1/2`` and ``b + 1/2``. Their sum of ``i^-p`` has a relative error
        of ``((p - 1)^2 - 1) h^2 / 24``, where ``h`` is a block's logarithmic width: below ``3e-3``
        up to ``p = 4``, and where it is larger, nearly all of the sum is in the first coordinates.
        """
        blocks = 0 if exact or size <= SINGLE else np.ceil(PER_DECADE * np.log10(size / SINGLE))
        ends = np.unique(np.geomspace(SINGLE, size, int(blocks) + 1).round()) if blocks else [size]
        singles = np.arange(1, int(ends[0]) + 1, dtype=float)
        edges = np.asarray(ends, dtype=float)
        index = np.concatenate([singles, np.sqrt((edges[:-1] + 0.5) * (edges[1:] + 0.5))])
        count = np.concatenate([np.ones_like(singles), np.diff(edges)])
        return cls(
            index, count, index**-problem.alpha, index ** ((problem.alpha - problem.beta) / 2)
        )


def whole_steps(samples: int, schedule: TwoPhase) -> tuple[np.ndarray, np.ndarray]:
    """Every step of a run: lengths (all one) and step-size factors, both of shape (T,)."""
    return np.ones(samples, dtype=np.int64), schedule.factor(np.arange(samples), samples)


def log_steps(samples: int, schedule: TwoPhase, growth: float) -> tuple[np.ndarray, np.ndarray]:
    """Leaps through a run: whole lengths, and the step-size factor that holds during each.

    A leap lasts ``max(1, growth * (time since the step size last changed))`` steps, and none
    crosses a change of the step size.
    """
    lengths, factors = [], []
    start = 0
    while start < samples:
        factor = float(schedule.factor(start, samples))
        stop = _change(start, samples, schedule, factor)
        leaps = _leaps(stop - start, growth)
        lengths.append(leaps)
        factors.append(np.full(len(leaps), factor))
        start = stop
    return np.concatenate(lengths), np.concatenate(factors)


def _change(start: int, samples: int, schedule: TwoPhase, factor: float) -> int:
    """The first step after ``start`` with another factor, by bisection; factors never rise."""
    return _first(lambda step: schedule.factor(step, samples) < factor, start, samples)


def _first(true_at: Callable[[int], bool], low: int, high: int) -> int:
    """Smallest step in ``(low, high]`` where a monotone statement holds; ``high`` if none."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if true_at(middle) else (middle, high)
    return high


def _leaps(steps: int, growth: float) -> np.ndarray:
    done, result = 0, []
    while done < steps:
        leap = min(max(1, int(growth * done)), steps - done)
        result.append(leap)
        done += leap
    return np.array(result, dtype=np.int64)
