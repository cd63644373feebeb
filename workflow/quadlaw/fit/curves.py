"""From runs to curves: medians with their intervals, and ratios of the two models' risks."""

import numpy as np
import pandas as pd
import scipy

from quadlaw.base.tables import select
from quadlaw.fit.stopping import MEASURED

RATIO = "linear/quadratic"  # the model that a ratio is reported of
PROBLEM = ["alpha", "beta", "sigma", "setting"]


def with_divergence(runs: pd.DataFrame) -> pd.DataFrame:
    """Runs with ``risk``, the excess risk, infinite for a diverged run."""
    return runs.assign(risk=runs["excess_risk"].where(~runs["diverged"], np.inf))


def median_with_interval(risk: pd.Series) -> pd.Series:
    """Median risk with its exact (binomial) 95 % interval, and the mean of what did not diverge.

    With fewer than six values no 95 % interval exists and its ends are nan. ``mean`` and its
    standard error ``mean_error`` are what theories of expected risk predict.
    """
    interval = scipy.stats.quantile_test(risk, p=0.5).confidence_interval(0.95)
    finite = risk[np.isfinite(risk)]
    return pd.Series(
        {
            "risk": risk.median(),
            "ci_low": interval.low,
            "ci_high": interval.high,
            "mean": finite.mean(),
            "mean_error": finite.sem(),
            "diverged_share": np.isinf(risk).mean(),
            "replicates": len(risk),
        }
    )


def paired_ratios(quadratic: pd.DataFrame, linear: pd.DataFrame) -> pd.DataFrame:
    """Linear over quadratic risk, replicate by replicate, at the same problem, setting and ``T``.

    Columns: the quadratic runs', with ``ratio`` and ``excess_risk``, which is its inverse;
    ``diverged`` says whether either run did. The ratio is then infinite or zero, or one if both
    did. ``model`` is ``RATIO``. Columns ``step_factor``, ``step_size`` and ``init`` are left out.
    """
    keys = [*PROBLEM, "samples", "replicate"]
    both = with_divergence(quadratic).merge(
        with_divergence(linear)[[*keys, "risk", "diverged"]], on=keys, suffixes=("", "_linear")
    )
    ratio = (both["risk_linear"] / both["risk"]).fillna(1.0)  # nan: both diverged, neither won
    diverged = both["diverged"] | both["diverged_linear"]
    left_out = ["risk", "risk_linear", "diverged_linear", "step_factor", "step_size", "init"]
    both = both.drop(columns=[name for name in left_out if name in both])
    found = {"ratio": ratio, "diverged": diverged, "excess_risk": 1 / ratio}
    return both.assign(model=RATIO, **found)


def ratios_of(theory: pd.DataFrame) -> pd.DataFrame:
    """The theory's ratio of linear to quadratic risk, in the column ``theory``."""
    keys = [*PROBLEM, "samples"]
    ours = select(theory, model="quadratic").set_index(keys)["theory"].rename("ours")
    both = select(theory, model="linear").join(ours, on=keys, how="inner")
    return both.assign(theory=both["theory"] / both["ours"], model=RATIO).drop(columns="ours")


def ratio_curves(pairs: pd.DataFrame, theory: pd.DataFrame) -> pd.DataFrame:
    """Medians of :func:`paired_ratios` by ``T``, in ``risk``, beside those of :func:`ratios_of`."""
    keys = ["model", *PROBLEM, "samples"]
    medians = pairs.groupby(keys)["ratio"].apply(median_with_interval).unstack().reset_index()
    return medians.merge(theory[[*keys, "theory"]], on=keys, validate="1:1")


def measured_curves(runs: pd.DataFrame, theory: pd.DataFrame | None = None) -> pd.DataFrame:
    """Median risk with its exact 95 % interval, one row a row of the design, beside the theory.

    Columns: the design's, ``risk, ci_low, ci_high, mean, mean_error, diverged_share``, the medians
    ``adapted`` and ``learned`` and, where ``theory`` is given, ``theory``; ``replicates``, the
    number of runs, which may be fewer than the design's.
    """
    keys = [column for column in runs.columns if column not in MEASURED]
    groups = with_divergence(runs).groupby(keys, dropna=False)
    table = groups["risk"].apply(median_with_interval).unstack()
    number = table.pop("replicates").astype(int).to_numpy()
    table = table.join(groups[["adapted", "learned"]].median()).reset_index()
    if theory is not None:
        table = table.merge(theory[[*keys, "theory"]], on=keys, how="left", validate="1:1")
    return table.assign(replicates=number)
