"""How fast the power laws set in: the theory's local exponents up to sizes beyond simulation."""

from itertools import product

import numpy as np
import pandas as pd

from quadlaw.models import PAPER
from quadlaw.sgd.problem import PowerLaw
from quadlaw.sgd.schedules import Schedule
from quadlaw.sgd.schedules.two_phase import TwoPhase
from quadlaw.theory import rates, tuned_step
from quadlaw.theory.rates import natural_clock
from quadlaw.theory.tuning import SAFE

KEYS = ["model", "alpha", "beta", "sigma"]


def decades(first: int, last: int, per_decade: float) -> list[int]:
    """Whole sample sizes, log-spaced from ``10^first`` to ``10^last``."""
    exponents = np.linspace(first, last, round((last - first) * per_decade) + 1)
    return [round(10.0**exponent) for exponent in exponents]


def tuned_risks(
    problem: PowerLaw,
    model: str,
    samples: list[int],
    *,
    size_factor: float,
    init_scale: float,
    share: float = SAFE,
    schedule: Schedule = TwoPhase(),
) -> pd.DataFrame:
    """The theory's risk at its best step size for every ``T``, with models of ``size_factor D(T)``.

    ``D`` and ``v_0`` are the quadratic model's for both models, as in the simulated sweeps. Steps
    are at most ``share`` of the stability edge.
    """
    alpha, beta, rows = problem.alpha, problem.beta, []
    for T in samples:
        dimension = rates.effective_dimension("quadratic", alpha, beta, T)
        size = int(np.ceil(size_factor * dimension))
        init = float(rates.initial_value(alpha, beta, dimension, init_scale))
        tuned = tuned_step(
            model, problem, model_size=size, samples=T, init=init, schedule=schedule, share=share
        )
        rows.append({"samples": T, "model_size": size, "init": init} | tuned._asdict())
    every = {"model": model, "alpha": alpha, "beta": beta, "sigma": problem.sigma}
    return pd.DataFrame(rows).assign(**every)


def grid_cells(grid: dict) -> list[dict]:
    r"""Problems x initial scales x models of a grid of the configuration, the costly ones first.

    Costly: :math:`\beta > \alpha`, where the best step size lies inside of the range that is
    searched.
    """
    problems = grid.get("problems") or [
        {"alpha": alpha, "beta": beta} for alpha, beta in product(grid["alphas"], grid["betas"])
    ]
    cells = [
        {"alpha": one["alpha"], "beta": one["beta"], "model": model, "init_scale": scale}
        for one, scale, model in product(problems, grid["init_scales"], PAPER)
    ]
    return sorted(cells, key=lambda cell: cell["alpha"] - cell["beta"])


def grid_risks(cells: list[dict], grid: dict, sigma: float) -> pd.DataFrame:
    """:func:`tuned_risks` of every cell, with its ``init_scale``."""
    samples = decades(*grid["decades"], grid["per_decade"])
    frames = []
    for cell in cells:
        problem, scale = PowerLaw(cell["alpha"], cell["beta"], sigma), cell["init_scale"]
        options = {"size_factor": grid["size_factor"], "init_scale": scale}
        options["share"] = grid["linear_share"] if cell["model"] == "linear" else SAFE
        risks = tuned_risks(problem, cell["model"], samples, **options)
        frames.append(risks.assign(init_scale=scale))
    return pd.concat(frames, ignore_index=True)


def local_exponents(risks: pd.DataFrame) -> pd.DataFrame:
    r""":math:`-d \log R / d \log x` between neighbouring ``T``, for ``x = T``,
    :math:`x = T / \log_2 T` and, where the model escapes,
    :func:`quadlaw.theory.rates.escape_clock`.

    ``risks`` as from :func:`tuned_risks`, of several models and problems. Columns: the problem,
    ``samples`` (the geometric middle), ``against_T, against_clock, against_escape, predicted``.
    """
    frames = []
    for key, some in risks.sort_values("samples").groupby(KEYS):
        T = some["samples"].to_numpy(float)
        fall, escape = -np.diff(np.log(some["risk"])), np.full(len(T), np.nan)
        if rates.escapes(*key[:3]):
            escape = rates.escape_clock(T, *key[1:3], some["init"].to_numpy() ** 2)
        frames.append(
            pd.DataFrame(
                {
                    "samples": np.sqrt(T[1:] * T[:-1]),
                    "against_T": fall / np.diff(np.log(T)),
                    "against_clock": fall / np.diff(np.log(natural_clock(T))),
                    "against_escape": fall / np.diff(np.log(escape)),
                    "predicted": rates.sample_exponent(*key[:3]),
                }
            ).assign(**dict(zip(KEYS, key, strict=True)))
        )
    return pd.concat(frames, ignore_index=True)
