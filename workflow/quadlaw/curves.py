"""From runs to curves: the step size is chosen on pilot replicates, the others are reported."""

import numpy as np
import pandas as pd
from scipy.stats import quantile_test

from quadlaw.checks import require

SERIES = ["model", "alpha", "beta", "sigma", "init_scale"]  # what distinguishes one curve


def with_divergence(runs: pd.DataFrame) -> pd.DataFrame:
    """Runs with ``risk``, the excess risk, infinite for a diverged run."""
    return runs.assign(risk=runs["excess_risk"].where(~runs["diverged"], np.inf))


def choose_steps(
    runs: pd.DataFrame, pilots: int, axis: str, window: tuple[float, float]
) -> pd.DataFrame:
    """Choose each series' step constant on the pilot replicates.

    The constant of the least mean log risk over the pilots and over the window, among those of
    which no pilot diverged there. Pilots are the replicates ``r < pilots``; they are independent
    of the others, so what the others show at that constant is not biased by the choice.

    Returns
    -------
    DataFrame
        ``SERIES``, ``step_constant``, ``mean_log_risk``, ``admissible`` (no pilot diverged),
        ``chosen``, ``at_edge`` (chosen, and the grid ends there: a better one may lie beyond),
        one row a series and constant.

    Raises
    ------
    ValueError
        If a series has no admissible constant.
    """
    inside = (runs["replicate"] < pilots) & runs[axis].between(*window)
    risk = with_divergence(runs[inside])["risk"]
    score = np.log(risk).groupby([runs[key] for key in [*SERIES, "step_constant"]]).mean()
    table = score.rename("mean_log_risk").reset_index()
    table["admissible"] = np.isfinite(table["mean_log_risk"])
    for series, some in table.groupby(SERIES):
        require(
            some["admissible"].any(),
            "step_constants",
            series,
            "some pilot diverged at each of them",
        )
    by_series = table.groupby(SERIES)
    table["chosen"] = table.index.isin(by_series["mean_log_risk"].idxmin())
    constant, grid = table["step_constant"], by_series["step_constant"]
    at_end = (constant == grid.transform("min")) | (constant == grid.transform("max"))
    table["at_edge"] = table["chosen"] & at_end
    return table


def reported(runs: pd.DataFrame, steps: pd.DataFrame, pilots: int) -> pd.DataFrame:
    """The replicates that are not pilots, at every admissible constant, with ``chosen`` marked."""
    keep = steps.loc[steps["admissible"], [*SERIES, "step_constant", "chosen", "at_edge"]]
    rest = with_divergence(runs[runs["replicate"] >= pilots])
    return rest.merge(keep, on=[*SERIES, "step_constant"], validate="many_to_one")


def _median(risk: pd.Series) -> pd.Series:
    interval = quantile_test(risk, p=0.5).confidence_interval(0.95)
    return pd.Series(
        {
            "risk": risk.median(),
            "ci_low": interval.low,
            "ci_high": interval.high,
            "diverged_share": np.isinf(risk).mean(),
            "replicates": len(risk),
        }
    )


def curves(runs: pd.DataFrame) -> pd.DataFrame:
    """Median risk at the chosen step size with its exact (binomial) 95 % interval.

    ``runs`` as from :func:`reported`. One row a series, ``samples`` and ``model_size``. With fewer
    than six replicates no 95 % interval exists and its ends are nan.
    """
    keys = [*SERIES, "step_constant", "step_size", "init", "samples", "model_size"]
    chosen = runs[runs["chosen"]]
    table = chosen.groupby(keys)["risk"].apply(_median).unstack().reset_index()
    return table.sort_values([*SERIES, "samples", "model_size"], ignore_index=True)


def paired_ratio(runs: pd.DataFrame) -> pd.DataFrame:
    """Linear over quadratic risk, replicate by replicate on the same samples, at chosen steps.

    One row a problem, initial scale, ``samples`` and ``replicate``; the column is ``ratio``.
    """
    keys = [*SERIES[1:], "samples", "model_size", "replicate"]
    wide = runs[runs["chosen"]].pivot(index=keys, columns="model", values="risk")
    return (wide["linear"] / wide["quadratic"]).rename("ratio").reset_index()


def ratio_curves(runs: pd.DataFrame) -> pd.DataFrame:
    """Median of the paired ratio with its 95 % interval, as :func:`curves`."""
    keys = [*SERIES[1:], "samples", "model_size"]
    table = paired_ratio(runs).groupby(keys)["ratio"].apply(_median).unstack().reset_index()
    return table.rename(columns={"risk": "ratio"}).drop(columns="diverged_share")
