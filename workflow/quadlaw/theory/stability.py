"""The step size from which the expected risk grows without bound, and the refusal beyond it."""

import numpy as np

from quadlaw.checks import count, real, require
from quadlaw.problem import PowerLaw
from quadlaw.theory.grids import Nodes


def stability_edge(problem: PowerLaw, model_size: int, model: str = "linear") -> float:
    """The step size from which the expected risk grows without bound.

    At a constant step the linear model's recursion contracts if and only if every ``e l_i < 1`` and
    ``sum_i e l_i / (2 (1 - e l_i)) < 1``: the gain of the risk's feedback on itself.

    For the quadratic model this is the edge of its linearization at the target, a linear model of
    eigenvalues ``l_i w*_i`` at twice the step size. Single runs may diverge well below it.
    """
    nodes = Nodes.of(problem, model_size)
    if model == "quadratic":
        rescaled = PowerLaw((problem.alpha + problem.beta) / 2, problem.beta, problem.sigma)
        return stability_edge(rescaled, model_size) / 2

    def gain(eta):
        return np.sum(nodes.count * eta * nodes.eigenvalues / (2 * (1 - eta * nodes.eigenvalues)))

    low, high = 0.0, 1.0 / nodes.eigenvalues[0]
    for _ in range(60):  # bisection to the last bits
        middle = (low + high) / 2
        low, high = (middle, high) if gain(middle) < 1 else (low, middle)
    return low


def require_stable(
    key: str, problem: PowerLaw, model_size: int, step_size: float, model: str
) -> None:
    """Raise ``ValueError`` if ``step_size``, known to the user as ``key``, is beyond the edge."""
    edge = stability_edge(problem, model_size, model)
    reason = f"beyond {edge:.6g} the expected risk grows forever"
    require(step_size < edge, key, step_size, reason)


def checked_run(
    model: str, problem: PowerLaw, model_size: int, samples: int, step_size: float, init: float
) -> tuple[int, int, float, float]:
    """``M, T, eta, v_0`` in their ranges, for either model's theory.

    Raises
    ------
    ValueError
        ``key = value: reason`` for the first that is not.
    """
    size, samples = count("model_size", model_size), count("samples", samples, least=2)
    eta = real("step_size", step_size, above=0, reason="must be positive, or SGD does not descend")
    zero = "must be positive: zero is a fixed point of the quadratic model"
    start = real("init", init, above=0, reason=zero)
    require_stable("step_size", problem, size, eta, model)
    return size, samples, eta, start
