"""Excess risk against the sample size: the exponents of both models.

Prediction: risk ``~ T^-p`` up to logarithms, with ``p = (beta - 1) / max(beta, (alpha + beta) /
2)`` for the quadratic model and ``(beta - 1) / max(alpha, beta)`` for the linear one (Ding et al.
2025, section 4; Lin et al. 2024).
"""

import pandas as pd

from quadlaw.fit.estimates import SERIES, exponents, table
from quadlaw.studies import sweeps
from quadlaw.theory import rates

Settings = sweeps.SweepSettings
SMOKE = {
    "samples": [64, 256, 1024, 4096],
    "step_constants": {"quadratic": [0.05, 0.1], "linear": [0.1, 0.2]},
    "replicates": 9,
    "pilots": 3,
    "window": [64, 4096],
}
FITS_RATES = True
REPORT = (
    "2. Exponents",
    "Does risk fall as the predicted power of the sample size, on both sides of alpha = beta?",
)
rows = sweeps.rows


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Median risks at the chosen step sizes beside the theory; exponents in ``T``."""
    runs, curves, theory = sweeps.chosen(tables, settings)
    found = exponents(runs, "sample exponent", window=settings["window"], theory=theory)

    def predict(row):
        return rates.sample_exponent(row["model"], row["alpha"], row["beta"])

    return curves, table(sweeps.labelled(found, runs, SERIES, predict))
