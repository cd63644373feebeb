"""Linear over quadratic risk as ``alpha - beta`` goes from below to above zero.

Prediction: for ``alpha > beta`` the ratio grows as ``T^p``, where ``p`` is the difference of the
two sample exponents; for ``alpha <= beta`` it does not grow (Ding et al. 2025). Both models have
the theory's best steps up to a quarter of their stability edge at the largest ``T``, and
the same initial values.
"""

import pandas as pd

from quadlaw.base.tables import select, stacked
from quadlaw.fit.curves import measured_curves, paired_ratios, ratio_curves, ratios_of
from quadlaw.fit.designs import IN_LEAPS, curve_rows
from quadlaw.fit.estimates import exponents, table
from quadlaw.models import PAPER
from quadlaw.studies import settings as keys

SMOKE = {
    "problems": [
        {"alpha": 1.5, "beta": 2.5},
        {"alpha": 3.0, "beta": 2.5},
        {"alpha": 5.0, "beta": 2.5},
    ],
    "samples": [64, 256, 1024, 4096],
    "replicates": 6,
    "window": [64, 4096],
}
REPORT = (
    "4. Where the quadratic model wins",
    "Does the ratio of linear to quadratic risk grow as the difference of the exponents says?",
)


class Settings(keys.Narrowed):
    """Both models from several initial values."""

    init_scales: keys.starts() = [0.5]


def rows(settings: dict) -> pd.DataFrame:
    """Both models at every problem, initial value and ``T``; ``setting`` says the initial value."""
    frames = [
        curve_rows(settings, one, model, init_scale=scale, setting=setting_of(scale))
        for one in settings["problems"]
        for scale in settings["init_scales"]
        for model in PAPER
    ]
    return stacked(frames).assign(**IN_LEAPS)


def setting_of(scale: float) -> str:
    """The initial value, as tables say it."""
    return f"v_0 scale {scale:g}"


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Risks, and their ratios as rows of ``part`` ``ratio``; exponents of the ratio in ``T``."""
    runs, theory = tables["runs"], tables["theory"]
    pairs, known = ratios(runs), ratios_of(theory)
    found = exponents(
        pairs, "ratio exponent", window=settings["window"],
        value="ratio", theory=known, theory_value="theory",
    )  # fmt: skip
    parts = measured_curves(runs, theory).assign(part="risk"), ratio_curves(pairs, known)
    return stacked([parts[0], parts[1].assign(part="ratio")]), table(found)


def ratios(runs: pd.DataFrame) -> pd.DataFrame:
    """Linear over quadratic risk of every replicate."""
    return paired_ratios(*(select(runs, model=model) for model in PAPER))
