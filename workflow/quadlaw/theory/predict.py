"""All that the theory says about one setting: exponents, step size, initial value, risk."""

from quadlaw.base.checks import count
from quadlaw.models import PAPER
from quadlaw.sgd.problem import PowerLaw
from quadlaw.theory import rates
from quadlaw.theory.tuning import tuned_step


def predict(problem: PowerLaw, *, samples: float, model_size: float) -> dict:
    """Predictions for both models at ``T`` samples and ``M`` coordinates.

    Returns
    -------
    dict
        ``problem``, the settings, and for ``quadratic`` and ``linear``: ``sample_exponent``,
        ``model_exponent``, ``effective_dimension``, ``step_size`` (the rate's, with the
        constant of the least predicted risk), ``step_at_limit`` (whether that is the largest one
        allowed), ``init`` (``v_0``) and ``excess_risk``.

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
    for model in PAPER:
        dimension = rates.effective_dimension(model, alpha, beta, T, M)
        tuned = tuned_step(model, problem, model_size=M, samples=T, init=float(init))
        result[model] = {
            "sample_exponent": float(rates.sample_exponent(model, alpha, beta)),
            "model_exponent": rates.model_exponent(beta),
            "effective_dimension": float(dimension),
            "step_size": tuned.step_size,
            "step_at_limit": tuned.at_limit,
            "init": float(init),
            "excess_risk": tuned.risk,
        }
    return result
