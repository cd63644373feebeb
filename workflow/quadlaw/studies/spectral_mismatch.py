"""Linear over quadratic risk as ``alpha - beta`` goes from below to above zero.

Prediction: for ``alpha > beta`` the ratio grows as ``T^p``, where ``p`` is the difference of the
two sample exponents; for ``alpha <= beta`` it does not grow (Ding et al. 2025). Both models see the
same samples, so that ratios are taken replicate by replicate.
"""

import pandas as pd

from quadlaw.base import typed
from quadlaw.base.tables import stacked
from quadlaw.fit.curves import ratio_curves
from quadlaw.fit.estimates import SERIES, exponents, table
from quadlaw.studies import sweeps
from quadlaw.theory import rates

SMOKE = {
    "problems": [
        {"alpha": 1.5, "beta": 2.5},
        {"alpha": 3.0, "beta": 2.5},
        {"alpha": 5.0, "beta": 2.5},
    ],
    "samples": [64, 256, 1024, 4096],
    "step_constants": {"quadratic": [0.05, 0.1], "linear": [0.1, 0.2]},
    "replicates": 9,
    "pilots": 3,
    "window": [64, 4096],
}
FITS_RATES = True
REPORT = (
    "4. Where the quadratic model wins",
    "Does the ratio of linear to quadratic risk grow as the difference of the exponents says?",
)
PROBLEM = SERIES[1:]
rows = sweeps.rows


class Settings(sweeps.SweepSettings):
    """A sweep of both models."""

    def check_axis(self) -> None:
        """A ratio is of two models."""
        super().check_axis()
        models = sorted(self.step_constants.model_dump())
        typed.demand(len(models) == 2, "step_constants", models, "a ratio needs both models")


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Risks, and their ratios as rows of ``part`` ``ratio``; exponents of the ratio in ``T``."""
    runs, curves, theory = sweeps.chosen(tables, settings)
    known = sweeps.theory_ratios(theory)
    drawn = ratio_curves(runs).rename(columns={"ratio": "risk"})
    drawn = drawn.assign(model=sweeps.RATIO, part="ratio", setting=sweeps.setting_of(drawn))
    keys = [*SERIES, "samples", "model_size"]
    drawn = drawn.merge(known, on=keys, how="left", validate="1:1").drop(columns="setting")
    found = exponents(
        sweeps.pairs(runs), "ratio exponent", window=settings["window"],
        value=lambda some: some["ratio"], theory=known, theory_value=lambda some: some["theory"],
    )  # fmt: skip
    estimates = sweeps.labelled(found, runs, PROBLEM, _difference)
    return stacked([curves, drawn]), table(estimates)


def _difference(row: dict) -> float:
    """Of the two models' exponents."""
    quadratic, linear = (
        rates.sample_exponent(model, row["alpha"], row["beta"]) for model in ("quadratic", "linear")
    )
    return quadratic - linear
