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
from quadlaw.base.tables import stacked
from quadlaw.fit.crossings import by_samples, crossing, median_crossing, over_predicted
from quadlaw.fit.curves import PROBLEM, RATIO, ratio_curves, ratios_of
from quadlaw.fit.estimates import table
from quadlaw.studies import settings as keys
from quadlaw.studies.spectral_mismatch import ratios, setting_of

SMOKE = {
    "grid": {
        "problems": [{"alpha": 3.0, "beta": 2.5}, {"alpha": 5.0, "beta": 2.5}],
        "decades": [2, 5],
        "init_scales": [0.7],
    },
}
USES = "spectral_mismatch"
REPORT = (
    "4. Where the quadratic model wins",
    "From which sample size on does the quadratic model win, and does the theory know it?",
)


class Settings(typed.Settings):
    """The sample size from which the quadratic model wins."""

    grid: keys.Grid


QUANTITY = "log10 of simulated over predicted crossover"


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Ratios against ``T`` with the crossover of their curve; simulated over predicted crossovers.

    Curves: column ``source`` is ``grid``, ``theory`` (at the settings simulated) or ``simulation``;
    ``log_crossover`` is of base ten, with its interval where simulated. Estimates have a row for
    each series that crosses within the simulated ``T`` by simulation or by theory, without a number
    unless by both; if there is none, one row without numbers.
    """
    tuned, theory = (_rising(tables[name]) for name in ("tuned", "theory"))
    tuned = tuned.rename(columns={"risk": "theory"})
    tuned = tuned.assign(setting=[setting_of(scale) for scale in tuned["init_scale"]])
    pairs, known = ratios(_rising(tables["runs"])), ratios_of(theory)
    places = {key: by_samples(some) for key, some in pairs.groupby(PROBLEM)}
    simulated = {key: median_crossing(*some) for key, some in places.items()}
    measured = ratio_curves(pairs, known).rename(columns={"risk": "ratio"})
    curves = [
        _with_crossover(ratios_of(tuned).rename(columns={"theory": "ratio"}), "grid"),
        _with_crossover(known.rename(columns={"theory": "ratio"}), "theory"),
        _with_crossover(measured.drop(columns="theory"), "simulation", simulated),
    ]
    theirs = curves[1].groupby(PROBLEM)["log_crossover"].first()
    found = {key: over_predicted(simulated[key], theirs[key]) for key in places}
    rows = [_labels(key) | row for key, row in found.items() if row is not None]
    return stacked(curves), table(rows or [_labels(next(iter(places)))])


def _rising(frame: pd.DataFrame) -> pd.DataFrame:
    """The problems whose ratio has a power to grow by."""
    return frame[frame["alpha"] > frame["beta"]]


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
    return dict(zip(PROBLEM, key, strict=True)) | {"model": RATIO, "quantity": QUANTITY}
