"""Excess risk against the model size: a power of ``M`` until the samples limit it.

Prediction: risk ``~ M^-(beta - 1)`` while ``M`` is well below ``D(T)`` (Ding et al. 2025, main
theorem). All sizes share their streams; the exponent is fitted at the largest ``T``.
"""

import pandas as pd

from quadlaw.base import typed
from quadlaw.fit.estimates import SERIES, exponents, table
from quadlaw.studies import settings as keys
from quadlaw.studies import sweeps
from quadlaw.theory import rates

SMOKE = {
    "samples": [256, 2048],
    "model_sizes": [4, 8, 16, 32, 64, 128],
    "step_constants": {"quadratic": [0.05, 0.1], "linear": [0.1, 0.2]},
    "replicates": 9,
    "pilots": 3,
}
FITS_RATES = True
REPORT = (
    "2. Exponents",
    "Does the risk of a small model fall as the predicted power of its size, until the samples "
    "limit it?",
)
rows = sweeps.rows


class Settings(sweeps.SweepSettings):
    """A sweep of model sizes."""

    def check_axis(self) -> None:
        """The fit is against ``M``."""
        sizes = self.model_sizes
        typed.demand(sizes is not None, "model_sizes", None, "a fit against M needs model sizes")
        keys.check_window(self.window, sizes, "model_sizes")


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Median risks over the plane of ``T`` and ``M`` beside the theory; exponents in ``M``."""
    runs, curves, theory = sweeps.chosen(tables, settings, axis="model_size")
    longest, known = (some[some["samples"] == some["samples"].max()] for some in (runs, theory))
    found = exponents(
        longest, "model exponent", window=settings["window"], axis="model_size", theory=known,
        paired=True,
    )  # fmt: skip

    def predict(row):
        return rates.model_exponent(row["beta"])

    return curves, table(sweeps.labelled(found, longest, SERIES, predict))
