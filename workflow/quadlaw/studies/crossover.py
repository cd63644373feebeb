"""The sample size from which the quadratic model wins.

For ``alpha > beta`` the ratio of linear to quadratic risk grows as a power of ``T``, but from a
value below one: a small ``v_0`` costs the quadratic model time. The *crossover* is where the ratio
passes one for the last time, between two ``T`` on a straight line in logarithms. By theory: over a
grid of problems and initial values, each model at its best step size. By simulation: where the
median of the paired ratio passes one within the simulated ``T``, beside the theory at the very same
settings. Problems with ``alpha <= beta``, whose ratio has no power to grow by, are left out.
Ding et al. 2025 (arXiv 2502.09106) state the powers; where they take effect is not in the paper.
"""

import numpy as np
import pandas as pd

from quadlaw.base import typed
from quadlaw.fit.crossings import by_samples, crossing, median_crossing, over_predicted
from quadlaw.fit.curves import paired_ratio, ratio_curves
from quadlaw.fit.estimates import table
from quadlaw.studies import settings as keys

SMOKE = {
    "grid": {
        "problems": [{"alpha": 3.0, "beta": 2.5}, {"alpha": 5.0, "beta": 2.5}],
        "decades": [2, 5],
        "init_scales": [0.7],
    },
}
REPORT = (
    "4. Where the quadratic model wins",
    "From which sample size on does the quadratic model win, and does the theory know it?",
)


class Settings(typed.Settings):
    """The sample size from which the quadratic model wins."""

    sweep: keys.Sweep
    grid: keys.Grid


PROBLEM = ["alpha", "beta", "sigma", "init_scale"]
QUANTITY = "log10 of simulated over predicted crossover"


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Ratios against ``T`` with the crossover of their curve; simulated over predicted crossovers.

    Curves: column ``source`` is ``grid``, ``theory`` (at the settings simulated) or ``simulation``;
    ``log_crossover`` is of base ten, with its interval where simulated. Estimates have a row for
    each series that crosses within the simulated ``T`` by simulation or by theory, without a number
    unless by both; if there is none, one row without numbers.
    """
    runs = tables["reported"]
    runs = runs[runs["alpha"] > runs["beta"]]
    pairs = {key: by_samples(some) for key, some in paired_ratio(runs).groupby(PROBLEM)}
    simulated = {key: median_crossing(*some) for key, some in pairs.items()}
    curves = pd.concat(
        [
            _with_crossover(_ratios(tables["tuned"]), "grid"),
            _with_crossover(_ratios(tables["predicted"]), "theory"),
            _with_crossover(ratio_curves(runs), "simulation", simulated),
        ],
        ignore_index=True,
    )
    theory = curves[curves["source"] == "theory"].groupby(PROBLEM)["log_crossover"].first()
    found = {key: over_predicted(simulated[key], theory[key]) for key in pairs}
    rows = [_labels(key) | row for key, row in found.items() if row is not None]
    return curves, table(rows or [_labels(next(iter(pairs)))])


def _ratios(theory: pd.DataFrame) -> pd.DataFrame:
    """Linear over quadratic risk of a table of both."""
    theory = theory[theory["alpha"] > theory["beta"]]
    wide = theory.pivot(index=[*PROBLEM, "samples"], columns="model", values="risk")
    return (wide["linear"] / wide["quadratic"]).rename("ratio").dropna().reset_index()


def _with_crossover(ratios: pd.DataFrame, source: str, known: dict | None = None) -> pd.DataFrame:
    """Ratios with their curve's crossover, or with the one that is known."""
    frames = []
    for key, some in ratios.groupby(PROBLEM):
        place = crossing(np.log10(some["samples"].to_numpy()), np.log(some["ratio"].to_numpy()))
        found = known[key] if known else {"estimate": place}
        names = {"estimate": "log_crossover", "ci_low": "cross_low", "ci_high": "cross_high"}
        frames.append(some.assign(**{names[name]: value for name, value in found.items()}))
    return pd.concat(frames).assign(source=source)


def _labels(key: tuple) -> dict:
    series = dict(zip(PROBLEM, key, strict=True))
    setting = f"v_0 scale {series.pop('init_scale'):g}"
    return series | {"model": "linear/quadratic", "quantity": QUANTITY, "setting": setting}
