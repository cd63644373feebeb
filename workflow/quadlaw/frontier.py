"""The compute frontier ``C = M T``: where ``M = D(T)``, and what a model starts from."""

from quadlaw.problem import PowerLaw
from quadlaw.theory import rates


def unit_size(problem: PowerLaw, model: str, compute: float) -> float:
    """``C^(1/(s + 1))``, where ``M = D(T)``."""
    return compute ** (1 / (rates.rate_exponent(model, problem.alpha, problem.beta) + 1))


def setting(problem: PowerLaw, size: int, samples: int) -> dict:
    """``samples, model_size, init``: ``v_0`` by the rule for the quadratic model's ``D``."""
    alpha, beta = problem.alpha, problem.beta
    dimension = rates.effective_dimension("quadratic", alpha, beta, samples, size)
    init = float(rates.initial_value(alpha, beta, dimension))
    return {"samples": samples, "model_size": size, "init": init}
