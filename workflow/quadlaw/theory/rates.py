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
    r"""``L`` of the :math:`f(x) = \langle x, v^L \rangle` that has the model's rates: 1 for
    ``linear``, 2 for ``quadratic`` and what is made of it, 3 for ``depth 3``.

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
    r"""``s`` such that coordinates up to ``D`` are learned from :math:`T = D^s` samples.

    :math:`\max(\beta, (\alpha + \beta) / 2)` for the quadratic model, :math:`\max(\alpha, \beta)`
    for the linear one at its best step size. The first entry is the statistical limit, the second
    the speed at which the coordinate is learned (:math:`\eta \lambda_i w^\ast_i` and
    ``eta lambda_i``). Deeper models have the quadratic one's exponent: from one initial value for
    all coordinates, :math:`v^L` escapes after :math:`w_0^{2/L - 1} / (\eta \lambda_i w^\ast_i)`
    steps, up to a constant.
    """
    speed = alpha if depth_of(model) == 1 else (alpha + beta) / 2
    return np.maximum(beta, speed)


def linearized_exponent(depth: int, alpha: float, beta: float) -> float:
    r"""``s`` of :func:`rate_exponent` if every coordinate starts in proportion to its target.

    Linearized at the target, coordinate ``i`` of :math:`\langle x, v^L \rangle` learns at the rate
    :math:`L \eta \lambda_i (w^\ast_i)^{2 - 2/L} \sim i^{-(\alpha/L + \beta (1 - 1/L))}`.
    """
    return np.maximum(beta, alpha / depth + beta * (1 - 1 / depth))


def effective_dimension(model: str, alpha: float, beta: float, samples, model_size=np.inf):
    r""":math:`D = \min(T^{1/s}, M)` with ``s`` of :func:`rate_exponent`; arrays allowed for T and
    M.
    """
    return np.minimum(np.power(samples, 1 / rate_exponent(model, alpha, beta)), model_size)


def sample_exponent(model: str, alpha: float, beta: float) -> float:
    r""":math:`(\beta - 1) / s`: risk ``~ T^-exponent`` for ``M >> D(T)``, up to logarithms."""
    return (beta - 1) / rate_exponent(model, alpha, beta)


def model_exponent(beta: float) -> float:
    """``beta - 1``: risk ``~ M^-exponent`` for ``M << D(T)``, either model."""
    return beta - 1


def minimax_exponent(beta: float) -> float:
    r""":math:`1 - 1/\beta`: no algorithm's risk falls faster than ``T^-exponent``."""
    return 1 - 1 / beta


def front_exponent(alpha: float, beta: float) -> float:
    r""":math:`2 / (\alpha + \beta)`: the quadratic model's front in the adaptation phase.

    After ``t`` steps, coordinates ``i <~ (eta t)^exponent`` have grown, since coordinate ``i``
    grows at the rate :math:`\eta \lambda_i w^\ast_i = \eta i^{-(\alpha + \beta) / 2}`.
    """
    return 2 / (alpha + beta)


def step_size(model: str, alpha: float, beta: float, dimension, constant=1.0):
    r"""``constant * D^min(0, p)``: the step size of the adaptation phase.

    :math:`p = (\alpha - \beta) / 2` for the quadratic model (the paper's choice). For the linear
    model :math:`p = \alpha - \beta`, which makes ``eta lambda_D T = 1`` at :math:`D = T^{1/\beta}`:
    the largest bias reduction that the variance :math:`\sigma^2 D / T` allows. At depth ``L``,
    :math:`p = (\alpha - \beta) / L` for the same reason. ``dimension`` is the effective dimension.
    """
    power = (alpha - beta) / depth_of(model)
    return constant * np.power(dimension, np.minimum(0.0, power))


def initial_value(alpha: float, beta: float, dimension, scale=0.5):
    """``scale * sqrt(min(1, w*_D))``: the quadratic model's ``v_0``.

    With ``scale = 1/2``, :math:`v_0^2` is a quarter of the smallest target among the first ``D``
    coordinates: "sufficiently small", so that what is not learned stays small.
    """
    return scale * np.power(dimension, np.minimum(0.0, (alpha - beta) / 4))


def fixed_step_exponent(alpha: float, beta: float) -> float:
    r""":math:`\min((\beta - 1) / \alpha, 1 - 1/\alpha)`: the linear model at a step size of order
    one.

    Coordinates up to :math:`D = T^{1/\alpha}` are learned; what lies beyond is
    :math:`D^{-(\beta - 1)}`, what the noise costs :math:`\sigma^2 D / T` (Lin et al. 2024; valid
    for :math:`\sigma > 0`, ``M >> D``).
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
    r""":math:`(\beta - 1) / (s + 1)`: risk ``~ C^-exponent`` of compute ``C = M T`` at
    ``M = D(T)``.

    With ``s`` of :func:`rate_exponent`: :math:`C = D^{s + 1}` and the risk is
    :math:`D^{-(\beta - 1)}`, from minimizing :func:`risk_form` at a given ``C``.
    """
    return (beta - 1) / (rate_exponent(model, alpha, beta) + 1)


def natural_clock(samples: np.ndarray) -> np.ndarray:
    r""":math:`T / \log_2 T`: about two stages of the halving schedule."""
    return samples / np.log2(samples)


def escape_clock(samples, alpha, beta, start=0.25):
    r""":math:`T / L`, with the logarithm of the last coordinate that the quadratic model reaches.

    Coordinate ``i`` has grown to half of its target after :math:`L_i / (2 \eta \lambda_i w^\ast_i)`
    steps, :math:`L_i = \log(w^\ast_i / w_0 - 1)` (:mod:`quadlaw.fit.fronts`). So the last one has
    :math:`D^{(\alpha + \beta) / 2} = T / L_D`, with a constant of one. As :math:`w^\ast_i =
    i^{(\alpha - \beta) / 2}`, the logarithm grows as that of ``T`` in the end, but more slowly than
    :math:`\log_2 T` before.

    Parameters
    ----------
    samples, alpha, beta : array_like
        They are broadcast together; ``alpha > beta``.
    start : array_like, optional
        :math:`w_0 = v_0^2`, by default that of :func:`initial_value`.

    Returns
    -------
    ndarray
        It rises with ``samples``. Missing where :math:`w_0 \geq 1/2`: the first coordinate, of
        target 1, has grown at the start then.
    """
    rise, speed = (alpha - beta) / 2, (alpha + beta) / 2
    start = np.where(np.asarray(start) < 0.5, start, np.nan)
    first = np.log(2 * start) / rise  # of log D, where L is 0
    last = np.maximum(np.log((1 + np.e) * start) / rise, np.log(samples) / speed)
    low, high = np.broadcast_arrays(first, last)
    for _ in range(60):  # bisections: to the last digit
        middle = (low + high) / 2
        below = speed * middle + np.log(_delay(middle, rise, start)) < np.log(samples)
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return samples / _delay(high, rise, start)


def _delay(log_dimension, rise, start):
    return np.log(np.exp(rise * log_dimension) / start - 1)


def escapes(model: str, alpha: float, beta: float, start: str = "uniform") -> bool:
    """Whether coordinates grow from one small start for all, to targets that grow: ``L = 2``,
    ``alpha > beta``, and a start that is not in proportion to the target."""
    return start == "uniform" and alpha > beta and depth_of(model) == 2


def limiting_clock(model: str, alpha: float, beta: float, start: str = "uniform") -> str:
    r"""``"T"``, ``"T/log2 T"`` or ``"T/L"``: the variable that the largest term of the risk is a
    power of.

    Of :math:`\langle x, v^L \rangle` at its best step size under the default schedule, whose step
    is halved :math:`\log_2 T` times. The paper drops logarithms; these follow from its terms:

    * :math:`\alpha \leq \beta`: noise, :math:`\sigma^2 D` over the :math:`T / \log_2 T` samples of
      one halving (:func:`natural_clock`);
    * :math:`\alpha > \beta`: what lies beyond the last coordinate that was reached,
      :math:`D^{-(\beta - 1)}`.
      At ``L = 1`` it is reached after :math:`1 / (\eta \lambda_i)` steps. At ``L = 2`` it takes
      :math:`\log(w^\ast_i / w_0) / (\eta \lambda_i w^\ast_i)` from one ``w_0`` for all
      (:func:`escape_clock`). Deeper models escape after a power of ``w_0``, and a start in
      proportion to the target leaves nothing to escape from: no logarithm.
    """
    if escapes(model, alpha, beta, start):
        return "T/L"
    return "T/log2 T" if alpha <= beta else "T"


def clock(name: str, samples, alpha: float, beta: float):
    """The values of a variable that :func:`limiting_clock` names, at these sample sizes."""
    if name == "T/L":
        return escape_clock(samples, alpha, beta)
    return {"T": np.asarray, "T/log2 T": natural_clock}[name](samples)
