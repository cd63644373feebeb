"""Studies of random bases: each replicate has a matrix of its own, and pilots choose step sizes.

A design has the columns ``draw``, the number of the lane's matrix, and ``fraction``, its step size
in units of a stability edge. Of ``n`` matrices, replicate ``r`` meets the one numbered ``r mod n``,
so that intervals over replicates are also over matrices.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from quadlaw.base.checks import require
from quadlaw.base.tables import stacked
from quadlaw.fit.curves import median_with_interval, with_divergence
from quadlaw.fit.estimates import SERIES, exponents
from quadlaw.fit.points import replicates_of
from quadlaw.sgd import variants

LINEAR, SIGNED = "linear from zero", "signed"
PROBLEM = ["alpha", "beta", "sigma"]


def run_point(point: dict, seed: int, dtype: str, inputs: int | None = None) -> pd.DataFrame:
    """Runs of a point, each lane on the replicates of its draw."""
    lanes = pd.DataFrame(point["lanes"])
    draws = lanes["draw"].max() + 1
    return stacked(
        variants.run_point(
            point | {"lanes": some.to_dict("records")}, seed, dtype, inputs,
            replicates_of(point, draw, draws),
        )
        for draw, some in lanes.groupby("draw")
    )  # fmt: skip


def chosen(
    runs: pd.DataFrame, theory: pd.DataFrame, pilots: int, series: Sequence[str] = SERIES
) -> pd.DataFrame:
    """The replicates that are not pilots at each series' best fraction, with ``risk, theory``.

    The best fraction has the least mean log risk over the pilots, the replicates ``r < pilots``, of
    those at which no run diverged, as one of few would make intervals infinite. There is one for a
    whole series, so that no exponent is one of the choice.
    """
    shared = [column for column in theory if column != "theory"]
    runs = with_divergence(runs.merge(theory, on=shared, validate="many_to_one"))
    keys = [*series, "fraction"]
    pilot = runs[runs["replicate"] < pilots].groupby(keys)["risk"]
    score = pilot.apply(lambda risk: np.log(risk).mean())
    score = score.where(~runs.groupby(keys)["diverged"].any(), np.inf)
    require(np.isfinite(score.groupby(list(series)).min()).all(), "fractions", "all", "diverge")
    best = pd.DataFrame(list(score.groupby(list(series)).idxmin()), columns=keys)
    return runs[runs["replicate"] >= pilots].merge(best, on=keys)


def curve(runs: pd.DataFrame, keys: Sequence[str], value: str = "risk") -> pd.DataFrame:
    """Median of ``value`` as ``risk`` with its 95 % interval, and of ``theory``, by ``keys``."""
    groups = runs.groupby(list(keys))
    table = groups[value].apply(median_with_interval).unstack()
    return table.join(groups[["theory", "fraction"]].median()).reset_index()


def ratios(runs: pd.DataFrame, others: pd.DataFrame, model: str) -> pd.DataFrame:
    """``runs`` with the ``ratio`` of the others' risk to theirs, on the same samples, and theory.

    ``others`` has one run a problem, ``samples``, ``replicate`` and ``draw``.
    """
    keys = [*PROBLEM, "samples", "replicate", "draw"]
    known = others[[*keys, "risk", "theory"]]
    both = runs.merge(known, on=keys, suffixes=("", "_other"), validate="many_to_one")
    return both.assign(
        ratio=(both["risk_other"] / both["risk"]).fillna(1.0),  # nan: both diverged, neither won
        theory=both["theory_other"] / both["theory"],
        model=model,
    )


def median_exponents(
    runs: pd.DataFrame, quantity: str, window: tuple[float, float], axis: str = "samples",
    value: str = "gain",
) -> Iterator[dict]:  # fmt: skip
    """Exponents of a column of runs beside those of the median theory; replicates keep matrices."""
    known = runs.groupby([*SERIES, axis])["theory"].median().reset_index()
    if value == "gain":
        runs, known = runs.assign(gain=1 / runs["risk"]), known.assign(theory=1 / known["theory"])
    return exponents(
        runs, quantity, window=window, axis=axis, value=lambda some: some[value], theory=known,
        theory_value=lambda some: some["theory"], paired=True,
    )  # fmt: skip
