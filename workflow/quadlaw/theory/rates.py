"""The paper's predictions in closed form, as functions of ``alpha`` and ``beta``.

Sources: quadratic model, Ding et al. 2025 (arXiv 2502.09106), Theorem and discussion of the
effective dimension; linear model, Lin et al. 2024 (arXiv 2406.08466) in the same notation. All are
rates: constants are one and logarithms are dropped. ``model`` is the name of a model of
:mod:`quadlaw.models`, whose rates are those of its ``depth``, or ``"depth L"``.
"""

import numpy as np

from quadlaw.base.checks import require
from quadlaw.models import named


def depth_of(model: str) -> int:
    """``L`` of the ``f(x) = <x, v^L>`` that has the model's rates: 1 for ``linear``, 2 for
    ``quadratic`` and what is made of it, 3 for ``depth 3``.

    Raises
    ------
    ValueError
        If no model has that name, or if its rates are not known.
    """
    depth = str(model).removeprefix("depth ")
    if depth != model and depth.isdigit() and int(depth) > 0:
        return int(depth)
    found = named(model).depth
    require(found is not None, "model", model, "has no theory: its depth is not stated")
    return found


def name_of(depth: int) -> str:
    """Inverse of :func:`depth_of`."""
    return {1: "linear", 2: "quadratic"}.get(depth, f"depth {depth}")


def rate_exponent(model: str, alpha: float, beta: float) -> float:
    """``s`` such that coordinates up to ``D`` are learned from ``T = D^s`` samples.

    ``max(beta, (alpha + beta) / 2)`` for the quadratic model, ``max(alpha, beta)`` for the linear
    one at its best step size. The first entry is the statistical limit, the second the speed at
    which the coordinate is learned (``eta lambda_i w*_i`` and ``eta lambda_i``). Deeper models have
    the quadratic one's exponent: from one initial value for all coordinates, ``v^L`` escapes after
    ``w_0^(2/L - 1) / (eta lambda_i w*_i)`` steps, up to a constant.
    """
    speed = alpha if depth_of(model) == 1 else (alpha + beta) / 2
    return np.maximum(beta, speed)


def linearized_exponent(depth: int, alpha: float, beta: float) -> float:
    """``s`` of :func:`rate_exponent` if every coordinate starts in proportion to its target.

    Linearized at the target, coordinate ``i`` of ``<x, v^L>`` learns at the rate
    ``L eta lambda_i (w*_i)^(2 - 2/L) ~ i^-(alpha/L + beta (1 - 1/L))``.
    """
    return np.maximum(beta, alpha / depth + beta * (1 - 1 / depth))


def effective_dimension(model: str, alpha: float, beta: float, samples, model_size=np.inf):
    """``D = min(T^(1/s), M)`` with ``s`` of :func:`rate_exponent`; arrays allowed for T and M."""
    return np.minimum(np.power(samples, 1 / rate_exponent(model, alpha, beta)), model_size)


def sample_exponent(model: str, alpha: float, beta: float) -> float:
    """``(beta - 1) / s``: risk ``~ T^-exponent`` for ``M >> D(T)``, up to logarithms."""
    return (beta - 1) / rate_exponent(model, alpha, beta)


def model_exponent(beta: float) -> float:
    """``beta - 1``: risk ``~ M^-exponent`` for ``M << D(T)``, either model."""
    return beta - 1


def minimax_exponent(beta: float) -> float:
    """``1 - 1/beta``: no algorithm's risk falls faster than ``T^-exponent``."""
    return 1 - 1 / beta


def front_exponent(alpha: float, beta: float) -> float:
    """``2 / (alpha + beta)``: the quadratic model's front in the adaptation phase.

    After ``t`` steps, coordinates ``i <~ (eta t)^exponent`` have grown, since coordinate ``i``
    grows at the rate ``eta lambda_i w*_i = eta i^-((alpha + beta) / 2)``.
    """
    return 2 / (alpha + beta)


def step_size(model: str, alpha: float, beta: float, dimension, constant=1.0):
    """``constant * D^min(0, p)``: the step size of the adaptation phase.

    ``p = (alpha - beta) / 2`` for the quadratic model (the paper's choice). For the linear model
    ``p = alpha - beta``, which makes ``eta lambda_D T = 1`` at ``D = T^(1/beta)``: the largest bias
    reduction that the variance ``sigma^2 D / T`` allows. At depth ``L``, ``p = (alpha - beta) / L``
    for the same reason. ``dimension`` is the effective dimension.
    """
    power = (alpha - beta) / depth_of(model)
    return constant * np.power(dimension, np.minimum(0.0, power))


def initial_value(alpha: float, beta: float, dimension, scale=0.5):
    """``scale * sqrt(min(1, w*_D))``: the quadratic model's ``v_0``.

    With ``scale = 1/2``, ``v_0^2`` is a quarter of the smallest target among the first ``D``
    coordinates: "sufficiently small", so that what is not learned stays small.
    """
    return scale * np.power(dimension, np.minimum(0.0, (alpha - beta) / 4))


def fixed_step_exponent(alpha: float, beta: float) -> float:
    """``min((beta - 1) / alpha, 1 - 1/alpha)``: the linear model at a step size of order one.

    Coordinates up to ``D = T^(1/alpha)`` are learned; what lies beyond is ``D^-(beta - 1)``, what
    the noise costs ``sigma^2 D / T`` (Lin et al. 2024; valid for ``sigma > 0``, ``M >> D``).
    """
    return np.minimum((beta - 1) / alpha, 1 - 1 / alpha)


def risk_form(model: str, alpha: float, beta: float, sigma: float, samples, model_size=np.inf):
    """``M^-(beta-1) + sigma^2 D/T + D^-(beta-1) 1{D < M}``, all constants one and no logarithms.

    Ding et al. 2025, main theorem, for the quadratic model; the linear one with its own ``D`` at
    the tuned step size. Arrays allowed for T and M.
    """
    dimension = effective_dimension(model, alpha, beta, samples, model_size)
    size = np.asarray(model_size, dtype=float)
    missed = np.where(dimension < size, dimension ** -(beta - 1), 0.0)
    return size ** -(beta - 1) + sigma**2 * dimension / samples + missed


def compute_exponent(model: str, alpha: float, beta: float) -> float:
    """``(beta - 1) / (s + 1)``: risk ``~ C^-exponent`` of compute ``C = M T`` at ``M = D(T)``.

    With ``s`` of :func:`rate_exponent`: ``C = D^(s + 1)`` and the risk is ``D^-(beta - 1)``, from
    minimizing :func:`risk_form` at a given ``C``.
    """
    return (beta - 1) / (rate_exponent(model, alpha, beta) + 1)


def natural_clock(samples: np.ndarray) -> np.ndarray:
    """``T / log2 T``: about two stages of the halving schedule."""
    return samples / np.log2(samples)


def limiting_clock(model: str, alpha: float, beta: float, start: str = "uniform") -> str:
    """``"T"`` or ``"T/log2 T"``: the variable that the largest term of the risk is a power of.

    Of ``<x, v^L>`` at its best step size under the default schedule, whose step is halved
    ``log2 T`` times. The paper drops logarithms; these follow from its terms:

    * ``alpha <= beta``: noise, ``sigma^2 D`` over the ``T / log2 T`` samples of one halving;
    * ``alpha > beta``: what lies beyond the last coordinate that was reached, ``D^-(beta - 1)``.
      At ``L = 1`` it is reached after ``1 / (eta lambda_i)`` steps. At ``L = 2`` it takes
      ``log(w*_i / w_0) / (eta lambda_i w*_i)`` from one ``w_0`` for all, with a logarithm that
      grows as that of ``T``. Deeper models escape after a power of ``w_0``, and a start in
      proportion to the target leaves nothing to escape from: no logarithm.
    """
    escapes = depth_of(model) == 2 and start == "uniform"
    return "T/log2 T" if alpha <= beta or escapes else "T"
