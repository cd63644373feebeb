"""What a model is: how its parameters predict, how SGD moves them, how weights are read off.

:class:`Model` is its description, checked when it is made, and holds the training loop, compiled
once for each model (:mod:`quadlaw.models.loop`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from quadlaw.base.checks import real, require
from quadlaw.models.contract import broken
from quadlaw.models.leaps_loop import compile_leaps
from quadlaw.models.loop import compile_loop


def itself(p: np.ndarray) -> np.ndarray:
    """``p``."""
    return p


def alone(p: np.ndarray) -> list[np.ndarray]:
    """``[p]``: one feature, or one parameter, a coordinate."""
    return [p]


def only(parts: list[np.ndarray]) -> np.ndarray:
    """The weight of the only feature."""
    return parts[0]


@dataclass(frozen=True, eq=False)
class Model:
    """A predictor ``f(z) = sum_i sum_k predict(z_ik, p_ik)`` trained by SGD.

    ``z_ik`` are the features of coordinate ``i``, by default the coordinate itself.

    Attributes
    ----------
    name : str
        What users give and what the column ``model`` shows.
    predict : callable ``(z, p) -> float``
        Contribution of one feature, ``z weight(p)``. Compiled (``register_jitable``).
    update : callable ``(z, p, g) -> p``
        The parameter after a step with ``g = eta_t (f - y)``; ``p`` at ``z = 0`` and at ``g = 0``.
        Compiled.
    weight : callable ``(p) -> w``, default ``p``
        The linear weight of a feature, on arrays.
    start : callable ``(v_0) -> list of p_0``, default ``[v_0]``
        Parameters of each feature at the start, on arrays, from the quadratic model's ``v_0``.
    features : callable ``(z) -> list of arrays``, default ``[z]``
        The features of each coordinate, 0 at ``z = 0``.
    combine : callable ``(list of weights) -> w``, default the only one
        A coordinate's linear weight from those of its features; linear.
    leap : callable ``(p, g, q) -> p``, or None
        The parameter after many small steps whose products ``g z`` sum to ``g`` and their squares
        to ``q``: its way along ``dp/ds = -phi(p)`` for the time ``g + q phi'(p) / 2``, where
        ``update`` subtracts ``g z phi(p)``. Compiled. None: it cannot leap
        (:mod:`quadlaw.sgd.leaps`).
    pull : callable ``(p) -> float``, or None
        ``weight'(p) phi(p)``, how strongly a weight is pulled to its target. Compiled.
    kink : callable or None
        For a predictor that is not linear: the weight of ``|z|`` beside that of ``z``, as
        ``combine``.
    depth : int or None
        ``L`` of the diagonal network ``<x, v^L>`` whose exponents and stability edge it has
        (:mod:`quadlaw.theory.rates`), 1 for the linear, 2 for the quadratic model. None: unknown.
    theory : str or None
        What predicts its risk, a name of :data:`quadlaw.theory.tuning.SOLVERS`. None: nothing does.
    colour, marker, label : str
        In figures; ``label`` is by default the name.

    Raises
    ------
    ValueError
        ``model = name: reason`` if one of the functions does not do what is said here.
    """

    name: str
    predict: Callable
    update: Callable
    weight: Callable = itself
    start: Callable = alone
    features: Callable = alone
    combine: Callable = only
    leap: Callable | None = None
    pull: Callable | None = None
    kink: Callable | None = None
    depth: int | None = None
    theory: str | None = None
    colour: str = "#555555"
    marker: str = "X"
    label: str = ""

    def __post_init__(self):
        reason = broken(self)
        require(reason is None, "model", self.name, reason or "")
        object.__setattr__(self, "label", self.label or self.name)

    @cached_property
    def train(self) -> Callable:
        """The compiled training loop, see :func:`quadlaw.models.loop.compile_loop`."""
        return compile_loop(self.name, self.predict, self.update)

    @cached_property
    def leaps(self) -> Callable:
        """The compiled loop of leaps, see :func:`quadlaw.models.leaps_loop.compile_leaps`."""
        signs = tuple(float(feature[0]) for feature in self.features(np.ones(1)))
        return compile_leaps(self.name, signs, self.predict, self.update, self.leap, self.pull)

    @cached_property
    def width(self) -> int:
        """Number of features of a coordinate."""
        return len(self.features(np.zeros(1)))

    @cached_property
    def stuck_at_zero(self) -> bool:
        """Whether SGD from ``v_0 = 0`` never moves."""
        update = getattr(self.update, "py_func", self.update)
        return all(float(update(1.0, float(p), 1.0)) == p for p in self.start(0.0))

    def checked_init(self, init: object) -> float:
        """``v_0`` as a float; refuse what no run can start from."""
        zero = "must be positive: zero is a fixed point of the quadratic model"
        if self.stuck_at_zero:
            return real("init", init, above=0, reason=zero)
        number = real("init", init, above=-np.inf, reason="")
        require(number >= 0, "init", init, "must not be negative")
        return number
