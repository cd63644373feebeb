"""Step-size schedules, one file each, known by their names.

A schedule is an object of the parts of :class:`Schedule`. A class of this folder that also has a
``kind`` (or several) is known by its name, which is the kind and the class's arguments, see
:func:`named`.
Classes are found when Python runs and imported by nothing here, so that the code hash of what
trains models is not that of the schedules (see :func:`quadlaw.sgd.ingredients.modules_of`).
"""

from importlib import import_module
from itertools import takewhile
from pkgutil import iter_modules
from typing import Protocol

import numpy as np

from quadlaw.base.checks import require

PARTS = ("name", "factor", "adaptation_steps", "averaging")


class Schedule(Protocol):
    """The factor by which step ``t`` of ``T`` scales the step size.

    Attributes
    ----------
    name : str
        What the column ``schedule`` shows.
    averaging : float
        The fraction of the run, its end, over which weights are averaged; 0 for the last iterate.
    """

    name: str
    averaging: float

    def factor(self, step: np.ndarray, samples: int) -> np.ndarray:
        """Factor at the 0-based ``step`` of a run of ``samples`` steps; it never rises."""

    def adaptation_steps(self, samples: int) -> int:
        """How many steps the constant part has; 0 if there is none."""


def checked_schedule(schedule: object) -> Schedule:
    """The schedule; ``ValueError`` in one line if it lacks a part."""
    missing = [part for part in PARTS if not hasattr(schedule, part)]
    reason = f"must be a schedule: it has no {' and no '.join(missing)}"
    require(not missing, "schedule", schedule, reason)
    return schedule


def _scan() -> dict[str, type]:
    """Classes by what their names begin with."""
    modules = [import_module(f"{__name__}.{one.name}") for one in iter_modules(__path__)]
    classes = [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__
    ]
    known = [one for one in classes if hasattr(one, "kind")]
    return {kind: one for one in known for kind in _words(one.kind)}


def _words(kind: str | tuple[str, ...]) -> tuple[str, ...]:
    return (kind,) if isinstance(kind, str) else kind


KINDS = _scan()
# `from quadlaw.sgd.schedules import Cosine` finds it here.
globals().update({one.__name__: one for one in KINDS.values()})


def named(name: str) -> Schedule:
    """The schedule of a ``name``: a kind and its numbers, as in ``two-phase 0.1``.

    Raises
    ------
    ValueError
        If no schedule has that name, or not with these numbers.
    """
    words = str(name).split()
    kind = _kind(words)
    numbers = words[len(kind.split()) :]
    require(kind in KINDS, "schedule", name, f"must begin with one of {', '.join(KINDS)}")
    try:
        values = [int(word) if word.isdigit() else float(word) for word in numbers]
        schedule = KINDS[kind](*values)
    except (TypeError, ValueError) as fault:
        raise ValueError(f"schedule = {name!r}: {fault}") from None
    same = _kind(schedule.name.split()) == kind
    require(same, "schedule", name, f"with these numbers it is {schedule.name!r}")
    return schedule


def _kind(words: list[str]) -> str:
    """Those before the first number."""
    return " ".join(takewhile(lambda word: word[0].isalpha(), words))
