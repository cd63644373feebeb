"""Whether the bound's form is the truth: risk over it, as ``alpha`` crosses ``beta``.

The main theorem of Ding et al. 2025 (arXiv 2502.09106) is an upper bound, and its lower bound
``T^-(1 - 1/beta)`` meets it for ``alpha <= beta`` alone. If the form
``M^-(beta-1) + sigma^2 D/T' + D^-(beta-1)``, with ``T' = T / log2 T`` for its logarithms
(:func:`quadlaw.theory.rates.risk_form`), is the truth, then risk over it becomes a constant.
Measured: medians at the largest initial value of :mod:`quadlaw.studies.spectral_mismatch`. Theory:
at the settings that were simulated, and at its own best step sizes far beyond.
"""

import numpy as np
import pandas as pd

from quadlaw.base import typed
from quadlaw.fit.curves import measured_curves
from quadlaw.fit.estimates import table
from quadlaw.fit.exponents import theory_row
from quadlaw.studies import settings as keys
from quadlaw.theory import rates
from quadlaw.theory.rates import natural_clock

SMOKE = {"grid": {"alphas": [2.0, 3.0], "betas": [2.5], "decades": [3, 5]}}
USES = "spectral_mismatch"
REPORT = (
    "2. Exponents",
    "Is the bound's form tight, or does the ratio of risk to bound drift with the sample size?",
)


class Settings(typed.Settings):
    """Risk over the bound's form."""

    grid: keys.Grid


KEYS = ["model", "alpha", "beta", "sigma"]
RISKS = ["risk", "ci_low", "ci_high"]


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Risk over the form, by simulation and theory; the slope at the end of the theory's range.

    The estimate is ``d log(risk / form) / d log T`` over the last decade, its range that over the
    last two. Curves: ``source`` is ``simulation``, ``theory`` (at its settings) or ``tuned``.
    """
    sources = {
        "simulation": _largest_start(measured_curves(tables["runs"])),
        "theory": _largest_start(tables["theory"].rename(columns={"theory": "risk"})),
        "tuned": _largest_start(tables["tuned"]),
    }
    found = pd.concat(
        [over_form(some).assign(source=name) for name, some in sources.items()], ignore_index=True
    )
    tuned = found[found["source"] == "tuned"]
    return found, table([_row(key, some) for key, some in tuned.groupby(KEYS)])


def _largest_start(risks: pd.DataFrame) -> pd.DataFrame:
    return risks[risks["init_scale"] == risks["init_scale"].max()]


def over_form(risks: pd.DataFrame) -> pd.DataFrame:
    """Risks, and their intervals if there are any, divided by the bound's form."""
    frames = []
    for key, some in risks.groupby(KEYS):
        clock = natural_clock(some["samples"].to_numpy(float))
        form = rates.risk_form(*key, clock, some["model_size"].to_numpy(float))
        known = [column for column in RISKS if column in some]
        ratios = {column.replace("risk", "ratio"): some[column] / form for column in known}
        columns = [*KEYS, "init_scale", "samples", "model_size", "risk"]
        frames.append(some[columns].assign(**ratios, form=form))
    return pd.concat(frames, ignore_index=True)


def _row(key: tuple, curve: pd.DataFrame) -> dict:
    """Slopes between points of the last two decades; the estimate is that of the last."""
    curve = curve.sort_values("samples")
    T, ratio = (np.log(curve[name].to_numpy(float)) for name in ("samples", "ratio"))

    before = (T[-1] - T) / np.log(10) - 1e-6  # in decades
    last, late = before <= max(1, before[-2]), before <= max(2, before[-2])
    local = np.diff(ratio[late]) / np.diff(T[late])
    estimate = np.polyfit(T[last], ratio[last], 1)[0]
    labels = {"quantity": "ratio slope", "against": "T", "setting": ""}
    return dict(zip(KEYS, key, strict=True)) | labels | theory_row(estimate, local)
