"""Excess risk against the model size: a power of ``M`` until the samples limit it.

Prediction: risk ``~ M^-(beta - 1)`` while ``M`` is well below ``D(T)`` (Ding et al. 2025, main
theorem), and so no change with ``T``. Every size has the theory's best step at every ``T``, as no
one constant suits sizes on both sides of ``D(T)``; the exponent is fitted at the largest ``T``.
"""

import pandas as pd
from pydantic import model_validator

from quadlaw.base import typed
from quadlaw.base.tables import stacked
from quadlaw.fit.curves import measured_curves
from quadlaw.fit.designs import IN_LEAPS, Tuning, own_replicates
from quadlaw.fit.estimates import exponents, table
from quadlaw.models import PAPER
from quadlaw.sgd.problem import PowerLaw, problem_of
from quadlaw.sgd.schedules.two_phase import TwoPhase
from quadlaw.studies import settings as keys
from quadlaw.theory import rates

SMOKE = {
    "samples": [256, 2048],
    "model_sizes": [4, 8, 16, 32, 64, 128],
    "replicates": 6,
    "window": [4, 32],
}
REPORT = (
    "2. Exponents",
    "Does the risk of a small model fall as the predicted power of its size, until the samples "
    "limit it?",
)
INIT_SCALE = 0.5


class Settings(typed.Settings):
    """Both models against M."""

    problems: keys.Problems
    samples: keys.SampleSizes
    model_sizes: typed.several(
        keys.ModelSize, "Model sizes.", f"must list at least one model size, {keys.RISING}",
        rising=True,
    )  # fmt: skip
    replicates: keys.Replicates = 16
    window: keys.Window

    @model_validator(mode="after")
    def _related(self):
        keys.check_window(self.window, self.model_sizes, "model_sizes")
        return self


def rows(settings: dict) -> pd.DataFrame:
    """Every model, size and ``T``."""
    frames = [
        _rows(settings, one, model, size)
        for one in settings["problems"]
        for model in PAPER
        for size in settings["model_sizes"]
    ]
    return stacked(frames)


def _rows(settings: dict, one: dict, model: str, size: int) -> pd.DataFrame:
    """One model of one size at every ``T``."""
    problem, samples = problem_of(settings | one), settings["samples"]
    starts = [_init(problem, T, size) for T in samples]
    tunings = [Tuning(problem, model, T, size, v) for T, v in zip(samples, starts, strict=True)]
    return pd.DataFrame({"samples": samples, "init": starts, "tuning": tunings}).assign(
        model=model, alpha=problem.alpha, beta=problem.beta, sigma=problem.sigma, setting="",
        schedule=TwoPhase().name, model_size=size, init_scale=INIT_SCALE,
        replicates=own_replicates(settings, one), **IN_LEAPS,
    )  # fmt: skip


def _init(problem: PowerLaw, samples: int, size: int) -> float:
    dimension = rates.effective_dimension("quadratic", problem.alpha, problem.beta, samples, size)
    return float(rates.initial_value(problem.alpha, problem.beta, dimension, INIT_SCALE))


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Median risks over the plane of ``T`` and ``M`` beside the theory; exponents in ``M``."""
    runs, theory = tables["runs"], tables["theory"]
    longest, known = (some[some["samples"] == some["samples"].max()] for some in (runs, theory))
    found = exponents(
        longest, "model exponent", window=settings["window"], axis="model_size", theory=known,
        paired=True,
    )  # fmt: skip
    return measured_curves(runs, theory).assign(part="risk"), table(found)
