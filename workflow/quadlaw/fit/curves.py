"""From runs to curves: the step size is chosen on pilot replicates, the others are reported."""

import numpy as np
import pandas as pd

from quadlaw.base.checks import require
from quadlaw.sgd.problem import PowerLaw
from quadlaw.theory.stability import stability_edge

SERIES = ["model", "alpha", "beta", "sigma", "init_scale"]  # what distinguishes one curve
MEASURED = ["replicate", "excess_risk", "diverged", "front", "learned"]
DIVERGED_SHARE = 0.1  # an admissible step constant lets no more of its runs diverge anywhere


def with_divergence(runs: pd.DataFrame) -> pd.DataFrame:
    """Runs with ``risk``, the excess risk, infinite for a diverged run."""
    return runs.assign(risk=runs["excess_risk"].where(~runs["diverged"], np.inf))


def beyond_edge(runs: pd.DataFrame) -> pd.Series:
    """Whether any step size of a series' constant lies beyond its model's stability edge.

    There the expected risk is infinite, even where the median of a few runs looks good.
    """
    keys = ["model", "alpha", "beta", "sigma", "model_size"]
    edges = {
        key: stability_edge(PowerLaw(*key[1:4]), key[4], key[0])
        for key in runs[keys].drop_duplicates().itertuples(index=False, name=None)
    }
    edge = pd.Series(runs[keys].itertuples(index=False, name=None), runs.index).map(edges)
    series = [runs[key] for key in [*SERIES, "step_constant"]]
    return (runs["step_size"] >= edge).groupby(series).any()


def choose_steps(
    runs: pd.DataFrame, pilots: int, axis: str, window: tuple[float, float]
) -> pd.DataFrame:
    """Choose each series' step constant: the least risk on pilots among the stable ones.

    A constant is *admissible* if nowhere in the window its step size lies beyond the stability
    edge, more than ``DIVERGED_SHARE`` of its runs, of all replicates, diverged, or a pilot did.
    Among these, the one of the least mean log risk over the pilots (the replicates ``r < pilots``)
    and the window is *chosen*. The pilots' streams are independent of the others, so the others'
    risk at that constant is not biased by the choice.

    Returns
    -------
    DataFrame
        ``SERIES``, ``step_constant``, ``mean_log_risk``, ``admissible``, ``chosen``, ``at_edge``
        (chosen, and the grid ends there: a better one may lie beyond), one row a series and
        constant.

    Raises
    ------
    ValueError
        If a series has no admissible constant.
    """
    inside = with_divergence(runs[runs[axis].between(*window)])
    keys = [*SERIES, "step_constant"]
    pilot = inside[inside["replicate"] < pilots].set_index(keys)["risk"]
    share = inside.groupby([*keys, "samples", "model_size"])["diverged"].mean()
    table = pd.DataFrame(
        {
            "mean_log_risk": np.log(pilot).groupby(keys).mean(),
            "worst_share": share.groupby(keys).max(),
            "beyond": beyond_edge(inside),
        }
    ).reset_index()
    stable = (table.pop("worst_share") <= DIVERGED_SHARE) & ~table.pop("beyond")
    table["admissible"] = stable & np.isfinite(table["mean_log_risk"])
    for series, some in table.groupby(SERIES):
        reason = "none is stable throughout the fit's window"
        require(some["admissible"].any(), "step_constants", series, reason)
    best = table[table["admissible"]].groupby(SERIES)["mean_log_risk"].idxmin()
    table["chosen"] = table.index.isin(best)
    constant, grid = table["step_constant"], table.groupby(SERIES)["step_constant"]
    at_end = (constant == grid.transform("min")) | (constant == grid.transform("max"))
    table["at_edge"] = table["chosen"] & at_end
    return table


def reported(runs: pd.DataFrame, steps: pd.DataFrame, pilots: int) -> pd.DataFrame:
    """The replicates that are not pilots, at every admissible constant, with ``chosen`` marked."""
    keep = steps.loc[steps["admissible"], [*SERIES, "step_constant", "chosen", "at_edge"]]
    rest = with_divergence(runs[runs["replicate"] >= pilots])
    return rest.merge(keep, on=[*SERIES, "step_constant"], validate="many_to_one")


def median_with_interval(risk: pd.Series) -> pd.Series:
    from scipy.stats import quantile_test  # takes half a second, and most jobs never ask

    interval = quantile_test(risk, p=0.5).confidence_interval(0.95)
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


def curves(runs: pd.DataFrame) -> pd.DataFrame:
    """Median risk at the chosen step size with its exact (binomial) 95 % interval.

    ``runs`` as from :func:`reported`. One row a series, ``samples`` and ``model_size``. With fewer
    than six replicates no 95 % interval exists and its ends are nan. ``mean`` and its standard
    error ``mean_error`` are over the runs that did not diverge: what theories of expected risk
    predict.
    """
    keys = [*SERIES, "step_constant", "step_size", "init", "samples", "model_size"]
    chosen = runs[runs["chosen"]]
    table = chosen.groupby(keys)["risk"].apply(median_with_interval).unstack().reset_index()
    return table.sort_values([*SERIES, "samples", "model_size"], ignore_index=True)


def paired_ratio(runs: pd.DataFrame) -> pd.DataFrame:
    """Linear over quadratic risk, replicate by replicate on the same samples, at chosen steps.

    One row a problem, initial scale, ``samples`` and ``replicate``; the columns are ``ratio`` and
    ``diverged``, whether either run did: the ratio is then infinite or zero, or one if both did.
    """
    keys = [*SERIES[1:], "samples", "model_size", "replicate"]
    wide = runs[runs["chosen"]].pivot(index=keys, columns="model", values="risk")
    ratio = (wide["linear"] / wide["quadratic"]).fillna(1.0)  # nan: both diverged, neither won
    diverged = np.isinf(wide).any(axis="columns")
    return pd.DataFrame({"ratio": ratio, "diverged": diverged}).reset_index()


def ratio_curves(runs: pd.DataFrame) -> pd.DataFrame:
    """Median of the paired ratio with its 95 % interval, as :func:`curves`.

    ``diverged_share`` counts the pairs in which either run diverged. No row where the runs are of
    one model.
    """
    keys = [*SERIES[1:], "samples", "model_size"]
    if runs["model"].nunique() < 2:
        return pd.DataFrame(columns=[*keys, "ratio", "ci_low", "ci_high", "diverged_share"])
    pairs = paired_ratio(runs)
    table = pairs.groupby(keys)["ratio"].apply(median_with_interval).unstack()
    table["diverged_share"] = pairs.groupby(keys)["diverged"].mean()
    table = table.drop(columns=["mean", "mean_error"])
    return table.reset_index().rename(columns={"risk": "ratio"})


def measured_curves(runs: pd.DataFrame, theory: pd.DataFrame | None = None) -> pd.DataFrame:
    """Median risk with its exact 95 % interval, one row a row of the design, beside the theory.

    Columns: the design's, ``risk, ci_low, ci_high, mean, mean_error, diverged_share``, the medians
    ``front`` and ``learned`` and, where ``theory`` is given, ``theory``.
    """
    keys = [column for column in runs.columns if column not in MEASURED]
    groups = with_divergence(runs).groupby(keys, dropna=False)
    table = groups["risk"].apply(median_with_interval).unstack().drop(columns="replicates")
    table = table.join(groups[["front", "learned"]].median()).reset_index()
    if theory is None:
        return table
    return table.merge(theory[[*keys, "theory"]], on=keys, how="left", validate="1:1")
