"""All that the theory says about one setting: exponents, step size, initial value, risk."""

import numpy as np

from quadlaw.checks import count
from quadlaw.problem import PowerLaw
from quadlaw.theory import rates
from quadlaw.theory.linear import linear_risk, stability_edge
from quadlaw.theory.mean_field import mean_field_risk

# Constants c of the step size c D^p that are tried; at most half of the stability edge is taken.
CONSTANTS = tuple(2.0 ** np.arange(-6, 3.1, 0.5))


def _risk(model: str, problem: PowerLaw, **settings) -> float:
    solve = {"quadratic": mean_field_risk, "linear": linear_risk}[model]
    method = {"quadratic": "closure", "linear": "leaps"}[model]
    return solve(problem, method=method, **settings)


def predict(problem: PowerLaw, *, samples: float, model_size: float) -> dict:
    """Predictions for both models at ``T`` samples and ``M`` coordinates.

    Returns
    -------
    dict
        ``problem``, the settings, and for ``quadratic`` and ``linear``: ``sample_exponent``,
        ``model_exponent``, ``effective_dimension``, ``step_size`` (the rate's, with the constant of
        the least predicted risk), ``init`` (``v_0``) and ``excess_risk``.

    Raises
    ------
    ValueError
        ``key = value: reason``.
    """
    T, M = count("samples", samples, least=2), count("model_size", model_size)
    alpha, beta = problem.alpha, problem.beta
    result = {"alpha": alpha, "beta": beta, "sigma": problem.sigma, "samples": T, "model_size": M}
    init = rates.initial_value(
        alpha, beta, rates.effective_dimension("quadratic", alpha, beta, T, M)
    )
    for model in ("quadratic", "linear"):
        dimension = rates.effective_dimension(model, alpha, beta, T, M)
        edge = stability_edge(problem, M, model)
        steps = [rates.step_size(model, alpha, beta, dimension, c) for c in CONSTANTS]
        steps = [eta for eta in steps if eta <= edge / 2] or [edge / 2]
        common = {"model_size": M, "samples": T, "init": init}
        risk, eta = min((_risk(model, problem, step_size=eta, **common), eta) for eta in steps)
        result[model] = {
            "sample_exponent": float(rates.sample_exponent(model, alpha, beta)),
            "model_exponent": rates.model_exponent(beta),
            "effective_dimension": float(dimension),
            "step_size": float(eta),
            "init": float(init),
            "excess_risk": risk,
        }
    return result
