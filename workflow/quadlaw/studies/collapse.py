"""The three-term formula over the plane of model size and sample size.

The main theorem of Ding et al. 2025 (arXiv 2502.09106) bounds the risk by

    c1 M^-(beta - 1) + c2 (sigma^2 D / T' + D^-(beta - 1) 1{D < M}),   D = min(T'^(1/s), M)

with constants that it does not give. Here both are fitted, for each problem and model, to the
logarithms of the measured medians; ``T' = T / log2 T`` stands for the theorem's logarithms. How
well the formula holds is then the slope of measured on fitted (1 if it does) and the largest
residual. The latter is a maximum, which the noise of medians only raises.
"""

import numpy as np
import pandas as pd
from scipy.optimize import least_squares

from quadlaw.base import typed
from quadlaw.base.tables import select
from quadlaw.fit.curves import measured_curves, with_divergence
from quadlaw.fit.estimates import SERIES, interval, table
from quadlaw.theory import rates
from quadlaw.theory.rates import natural_clock

SMOKE = {}
USES = "model_scaling"
REPORT = (
    "6. Limits and broken assumptions",
    "Is risk over the plane of model size and sample size one function of the three terms of "
    "the bound?",
)


class Settings(typed.Settings):
    """The three-term formula over the plane of M and T."""


PLANE = ["samples", "model_size"]


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Medians over the plane beside the fitted formula and the theory; slopes and residuals."""
    runs = with_divergence(tables["runs"])
    medians = measured_curves(tables["runs"], tables["theory"])
    frames, rows = [], []
    for key, some in medians.groupby(SERIES):
        series = dict(zip(SERIES, key, strict=True))
        terms = formula_terms(some, series)
        frames.append(
            some.assign(
                formula=np.exp(log_formula(fitted(terms, np.log(some["risk"])), terms)),
                dimension=rates.effective_dimension(*key[:3], natural_clock(some["samples"])),
            )
        )
        rows += _estimates(select(runs, **series), series)
    return pd.concat(frames, ignore_index=True), table(rows)


def formula_terms(plane: pd.DataFrame, series: dict) -> np.ndarray:
    """What the two constants multiply, shape (2, n): approximation, and the rest of the formula."""
    size, clock = plane["model_size"].to_numpy(float), natural_clock(plane["samples"].to_numpy())
    problem = [series[key] for key in ("model", "alpha", "beta", "sigma")]
    approximation = size ** -(series["beta"] - 1)
    return np.array([approximation, rates.risk_form(*problem, clock, size) - approximation])


def log_formula(log_constants: np.ndarray, terms: np.ndarray) -> np.ndarray:
    """Logarithm of the formula with its constants."""
    return np.log(np.exp(log_constants) @ terms)


def fitted(terms: np.ndarray, log_risk: np.ndarray) -> np.ndarray:
    """Logarithms of the two constants, by least squares in the logarithm of the risk."""

    def residuals(log_constants):
        return log_formula(log_constants, terms) - log_risk

    def shares(log_constants):  # of either term in the formula: the derivatives
        parts = np.exp(log_constants)[:, None] * terms
        return (parts / parts.sum(axis=0)).T

    return least_squares(residuals, np.zeros(2), jac=shares, method="lm").x


def slope(terms: np.ndarray, log_risk: np.ndarray) -> float:
    """Of the logarithm of the risk on that of the fitted formula."""
    return float(np.polyfit(log_formula(fitted(terms, log_risk), terms), log_risk, 1)[0])


def largest_residual(terms: np.ndarray, log_risk: np.ndarray) -> float:
    """``max |log(risk / formula)|``."""
    return float(np.max(np.abs(log_risk - log_formula(fitted(terms, log_risk), terms))))


def _estimates(runs: pd.DataFrame, series: dict) -> list[dict]:
    """Both quantities of one problem and model.

    All sizes at one ``T`` share their samples, so that the bootstrap draws replicates as a whole,
    and independently at every ``T``.
    """
    plane = runs.pivot(index=PLANE, columns="replicate", values="risk")
    terms = formula_terms(plane.index.to_frame(), series)
    log_risks = [np.log(one.to_numpy()) for _, one in plane.groupby(level="samples")]
    every = [np.arange(one.shape[1]) for one in log_risks]

    def medians(*drawn):
        pairs = zip(log_risks, drawn, strict=True)
        return np.concatenate([np.median(risk[:, columns], axis=1) for risk, columns in pairs])

    kept = series | {"points": len(plane), "diverged_share": runs["diverged"].mean()}
    quantities = {"collapse slope": slope, "largest residual": largest_residual}
    return [
        kept | {"quantity": name}
        | interval(every, lambda *drawn, of=of: of(terms, medians(*drawn)), paired=False)
        for name, of in quantities.items()
    ]  # fmt: skip
