"""Step sizes beyond which the theory says nothing, and the refusals of values out of range."""

import numpy as np

from quadlaw.base.checks import count, real, require
from quadlaw.sgd.problem import Finite, PowerLaw
from quadlaw.theory import rates
from quadlaw.theory.grids import Nodes

LARGEST = 10**15  # model size and samples: whole numbers that are exact in float64


def stability_edge(problem: PowerLaw | Finite, model_size: int, model: str = "linear") -> float:
    r"""The step size from which the linear model's expected risk grows without bound.

    At a constant step its recursion contracts if and only if every ``e l_i < 1`` and
    :math:`\sum_i e l_i / (2 (1 - e l_i)) < 1`: the gain of the risk's feedback on itself.

    For the quadratic model: the edge of its linearization at the target, a linear model of
    eigenvalues :math:`l_i w^\ast_i` at twice the step size; at depth ``L``,
    :math:`l_i (w^\ast_i)^{2 - 2/L}` at ``L`` times the step size. The noise is multiplicative, so
    that single runs diverge below it too, the sooner the closer they are.
    """
    size = count("model_size", model_size)
    require(size <= LARGEST, "model_size", size, f"must be at most {LARGEST:g}")
    nodes = Nodes.of(problem, size)
    L = rates.depth_of(model)
    lams = nodes.eigenvalues * L * np.abs(nodes.target) ** (2 - 2 / L)
    silent = "must not be zero everywhere: nothing bounds the step then"
    require(lams.max() > 0, "target", 0.0, silent)

    def gain(eta):
        return np.sum(nodes.count * eta * lams / (2 * (1 - eta * lams)))

    low, high = 0.0, 1.0 / lams.max()
    for _ in range(60):  # bisection to the last bits
        middle = (low + high) / 2
        low, high = (middle, high) if gain(middle) < 1 else (low, middle)
    return low


def require_stable(
    key: str, problem: PowerLaw | Finite, model_size: int, step_size: float, model: str
) -> None:
    """Raise ``ValueError`` if ``step_size``, known to the user as ``key``, is beyond the edge."""
    edge = stability_edge(problem, model_size, model)
    grows = (
        "the expected risk" if rates.depth_of(model) == 1 else "the risk linearized at the target"
    )
    require(step_size < edge, key, step_size, f"beyond {edge:.6g} {grows} grows forever")


def checked_init(model: str, init: float) -> float:
    """``v_0`` as a float; zero is refused where no model of this depth moves from it."""
    if rates.depth_of(model) > 1:
        zero = "must be positive: zero is a fixed point of the quadratic model"
        return real("init", init, above=0, reason=zero)
    start = real("init", init, above=-np.inf, reason="")
    require(start >= 0, "init", init, "must not be negative")
    return start


def checked_run(
    model: str,
    problem: PowerLaw | Finite,
    model_size: int,
    samples: int,
    step_size: float,
    init: float,
) -> tuple[int, int, float, float]:
    """``M, T, eta, v_0`` in their ranges, for the theory of a model.

    Raises
    ------
    ValueError
        ``key = value: reason`` for the first that is not.
    """
    size, samples = count("model_size", model_size), count("samples", samples, least=2)
    for key, value in (("model_size", size), ("samples", samples)):
        require(value <= LARGEST, key, value, f"must be at most {LARGEST:g}")
    eta = real("step_size", step_size, above=0, reason="must be positive, or SGD does not descend")
    start = checked_init(model, init)
    far = "must lie between 1e-30 and 1e30, or the risk is no number"
    require(start == 0 or 1e-30 <= start <= 1e30, "init", init, far)
    require_stable("step_size", problem, size, eta, model)
    return size, samples, eta, start
