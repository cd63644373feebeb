"""The linear model where the target decays fast, ``beta >= alpha + 1``: what limits its exponent.

At a *fixed step* all coordinates up to ``(eta T)^(1/alpha)`` are fitted, most of them to noise, so
that risk falls as ``(T / log2 T)^-p`` with ``p = min((beta - 1)/alpha, 1 - 1/alpha)`` however fast
the target decays (Lin et al. 2024). At the *tuned step* ``c D^(alpha - beta)`` only ``D =
T^(1/beta)`` are, and ``p = 1 - 1/beta``, which is minimax.

The formula for the fixed step speaks of noise. For ``beta = alpha + 1`` what is not yet fitted is
as large as the noise until ``T ~ 10^4`` if the step is a tenth of the stability edge. The step is
therefore ``SHARE`` of the edge, a quarter; a smaller one runs beside it.

At the fixed step models hold ``size_factor (eta T)^(1/alpha)`` coordinates: with four times
``T^(1/beta)``, as in other figures, all of them would be fitted, and the size, not the step, would
set the exponent. At the tuned step they hold ``size_factor T^(1/beta)``. Neither this nor the start
``w_0 = w*_D / 4`` limits an exponent: by theory models of 64 times these units, or a start 25 times
smaller, change it by less than .03, and less at larger ``T``. The tuned step learns a dozen
coordinates, whose risk varies more from run to run: it has ``MORE`` times the replicates.
"""

import numpy as np
import pandas as pd

from quadlaw.base.tables import stacked
from quadlaw.fit import designs
from quadlaw.fit.curves import measured_curves
from quadlaw.fit.designs import Tuning, predicted
from quadlaw.fit.estimates import exponents, far_exponents, table
from quadlaw.sgd.problem import PowerLaw, problem_of
from quadlaw.sgd.schedules.two_phase import TwoPhase
from quadlaw.studies import settings as keys
from quadlaw.theory import rates, stability_edge
from quadlaw.theory.asymptotics import decades

SMOKE = keys.SMALL
REPORT = (
    "6. Limits and broken assumptions",
    "Is the linear model held back where the target is very smooth?",
)


class Settings(keys.Curves):
    """The linear model where beta is large."""

    problems: keys.Pairs
    step_factors: keys.StepFactors = [1.0]


FIXED, TUNED = "fixed step", "tuned step"
MORE = 2
SHARE = 0.25
LARGEST = 12  # power of ten up to which the theory is drawn


def rows(settings: dict) -> pd.DataFrame:
    """Rows with the label ``setting``."""
    return _rows(settings, settings["samples"], settings["step_factors"])


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Risks by ``T``, the theory's up to ``10^12`` (rows without a measured one); exponents."""
    runs, theory = tables["runs"], tables["theory"]
    first = int(np.ceil(np.log10(max(settings["samples"]))))
    far = predicted(designs.with_steps(_rows(settings, decades(first, LARGEST, 1), [1.0])))
    rows = exponents(runs, "sample exponent", window=settings["window"], theory=theory)
    return stacked([measured_curves(runs, theory), far]), table([*rows, *far_exponents(far)])


def _rows(settings: dict, samples: list[int], factors: list[float]) -> pd.DataFrame:
    frames, size_factor = [], settings["size_factor"]
    for one in settings["problems"]:
        problem = problem_of(settings | one)
        tuning = _tuning(problem, max(settings["samples"]), size_factor)
        for name, more in ((FIXED, 1), (TUNED, MORE)):
            rows = [point(problem, name, T, size_factor, tuning) for T in samples]
            labels = one | {"setting": name, "replicates": more * settings["replicates"]}
            frame = pd.DataFrame(rows).assign(**labels, sigma=problem.sigma, model="linear")
            frame = frame.assign(**designs.IN_LEAPS)
            frames += [
                frame.assign(step_size=factor * frame["step_size"], step_factor=factor)
                for factor in factors
            ]
    return stacked(frames).assign(schedule=TwoPhase().name)


def point(problem: PowerLaw, name: str, samples: int, size_factor: float, tuning: Tuning) -> dict:
    """``T``, ``M``, ``v_0`` and ``eta``, or how that is found."""
    alpha, beta = problem.alpha, problem.beta
    eta, fitted = np.nan, rates.effective_dimension("linear", alpha, beta, samples)
    if name == FIXED:
        eta = SHARE * stability_edge(problem, 10**6)  # of a model that is as good as infinite
        fitted, tuning = (eta * samples) ** (1 / alpha), None
    size = int(np.ceil(size_factor * fitted))
    init = _init(problem, samples)
    setting = {"samples": samples, "model_size": size, "init": init}
    return setting | {"step_size": eta, "tuning": tuning}


def _tuning(problem: PowerLaw, samples: int, size_factor: float) -> Tuning:
    """Of the tuned step ``c D^(alpha - beta)``."""
    dimension = rates.effective_dimension("linear", problem.alpha, problem.beta, samples)
    size = int(np.ceil(size_factor * dimension))
    return Tuning(problem, "linear", samples, size, _init(problem, samples))


def _init(problem: PowerLaw, samples: int) -> float:
    """``v_0``, as in other figures by the quadratic model's ``D``."""
    dimension = rates.effective_dimension("quadratic", problem.alpha, problem.beta, samples)
    return float(rates.initial_value(problem.alpha, problem.beta, dimension))
