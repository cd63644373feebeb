"""Exponents over the plane of alpha and beta, by theory and by simulation, beside the paper's.

Prediction: risk ``~ (T / log2 T)^-p`` with ``p = (beta - 1) / max(beta, (alpha + beta) / 2)`` for
the quadratic model and ``(beta - 1) / max(alpha, beta)`` for the linear one (Ding et al. 2025,
section 4; Lin et al. 2024): the former is larger where ``alpha > beta``.

By theory, an exponent is the slope between the smallest and the largest ``T`` of the grid, each at
its best step size. It hardly depends on the model's size: between models of 4 and of 1000 ``D``
the largest difference is .001. By simulation, it is fitted to median risks on a coarser grid of
problems; both models see the same samples, so that their ratio is fitted in pairs.

Both models' steps are at most a quarter of their stability edges. The quadratic model needs that,
or runs diverge. The linear model does not: simulated beside it is a stronger one, with steps of up
to nine tenths of its edge.
"""

from collections.abc import Iterator
from itertools import product

import numpy as np
import pandas as pd
from pydantic import Field

from quadlaw.base.tables import stacked
from quadlaw.fit.curves import measured_curves, with_divergence
from quadlaw.fit.designs import curve_rows
from quadlaw.fit.estimates import exponents, interval, table
from quadlaw.fit.exponents import SCALES, scale_fits
from quadlaw.fit.fitting import curve_exponent
from quadlaw.studies import settings as keys
from quadlaw.theory import rates
from quadlaw.theory.rates import natural_clock
from quadlaw.theory.tuning import SAFE

SMOKE = keys.SMALL | {
    "grid": {"alphas": [1.5, 2.5, 3.5], "betas": [1.5, 2.5], "decades": [3, 5], "per_decade": 1},
    "alphas": [1.5, 3.0],
    "betas": [1.5, 2.5],
}
REPORT = (
    "2. Exponents",
    "Where in the plane of alpha and beta do the exponents agree with the paper's, and where "
    "do the models part?",
)


class Settings(keys.Fitted):
    """Exponents over the plane of alpha and beta."""

    grid: keys.Grid = Field(description=keys.Grid.__doc__)
    alphas: keys.Alphas
    betas: keys.Betas
    size_factor: keys.SizeFactor = 4
    step_factors: keys.StepFactors = [1.0]


MODELS = ("quadratic", "linear")
STRONGER = "linear model up to 0.9 of its edge"
SERIES = (("quadratic", SAFE, ""), ("linear", SAFE, ""), ("linear", 0.9, STRONGER))
CLOCK = "T/log2 T"
PROBLEM = ["alpha", "beta", "sigma"]


def rows(settings: dict) -> pd.DataFrame:
    """A curve against ``T`` for every ``alpha``, ``beta`` and series; label ``setting``."""
    cells = product(settings["alphas"], settings["betas"], SERIES)
    return stacked(
        curve_rows(settings, {"alpha": alpha, "beta": beta}, model, share=share, setting=setting)
        for alpha, beta, (model, share, setting) in cells
    )


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measured curves; exponents of every cell, and what the plane as a whole says of them."""
    runs, theory, window = tables["runs"], tables["theory"], settings["window"]
    cells = list(exponents(runs, "sample exponent", window=window, theory=theory))
    alike = [row for row in cells if row["against"] == CLOCK and not row["setting"]]
    rows = [*theory_exponents(tables["tuned"]), *differences(tables["tuned"]), *cells]
    rows += [_slope(model, some) for model, some in pd.DataFrame(alike).groupby("model")]
    for setting in ("", STRONGER):
        pair = (_beside(frame, setting) for frame in (runs, theory))
        ratios = pd.DataFrame(ratio_exponents(*pair, window)).assign(setting=setting)
        rows += [*ratios.to_dict("records"), _share(ratios)]
    return measured_curves(runs, theory), table(rows)


def _beside(frame: pd.DataFrame, setting: str) -> pd.DataFrame:
    """Rows of the quadratic model and of the linear model of a setting."""
    return frame[(frame["model"] == "quadratic") | (frame["setting"] == setting)]


def local(tuned: pd.DataFrame, clock: str = CLOCK) -> pd.DataFrame:
    """The theory's exponents against a clock of every cell and model, and how far from the paper's.

    Columns ``whole``, between the smallest and the largest ``T``, and ``early`` and ``late``, up to
    and from the middle one; the same less the paper's exponent with ``_off`` appended.
    """
    log_risk = np.log(tuned.pivot(index=["model", *PROBLEM], columns="samples", values="risk"))
    x = SCALES["samples"][clock](log_risk.columns.to_numpy(float))
    ends = {"whole": (0, -1), "early": (0, len(x) // 2), "late": (len(x) // 2, -1)}
    result = pd.DataFrame(
        {
            name: (log_risk.iloc[:, a] - log_risk.iloc[:, b]) / np.log(x[b] / x[a])
            for name, (a, b) in ends.items()
        }
    )
    paper = np.array([rates.sample_exponent(*key[:3]) for key in log_risk.index])
    off = result.sub(paper, axis="index").add_suffix("_off")
    return result.join(off).assign(window_low=x[0], window_high=x[-1]).reset_index()


def theory_exponents(tuned: pd.DataFrame) -> Iterator[dict]:
    """One row a cell, model and clock; the range is that of the two half windows."""
    for clock in SCALES["samples"]:
        for row in local(tuned, clock).to_dict("records"):
            yield {key: row[key] for key in ("model", *PROBLEM, "window_low", "window_high")} | {
                "quantity": "theory exponent",
                "against": clock,
                "estimate": row["whole"],
                "ci_low": min(row["early"], row["late"]),
                "ci_high": max(row["early"], row["late"]),
                "theory": row["whole"],
            }


def differences(tuned: pd.DataFrame) -> Iterator[dict]:
    """Median and largest distance of the theory's exponents from the paper's; range as above."""
    for model, some in local(tuned).groupby("model"):
        distance = some[["whole_off", "early_off", "late_off"]].abs()
        for name, of_all in (("median", distance.median()), ("largest", distance.max())):
            yield {
                "quantity": f"{name} difference by theory",
                "model": model,
                "sigma": some["sigma"].iloc[0],
                "against": CLOCK,
                "estimate": of_all["whole_off"],
                "ci_low": of_all.min(),
                "ci_high": of_all.max(),
                "theory": of_all["whole_off"],
                "points": len(some),
                **some.iloc[0][["window_low", "window_high"]],
            }


def ratio_exponents(
    runs: pd.DataFrame, theory: pd.DataFrame, window: tuple[float, float]
) -> Iterator[dict]:
    """``p`` of ``R_linear / R_quadratic ~ (T / log2 T)^p`` in every cell, replicates in pairs."""
    risk = with_divergence(runs)
    ratio = _ratio(risk[risk["step_factor"] == 1], "risk", "replicate")
    expected = _ratio(theory[theory["step_factor"] == 1], "theory")
    for key, some in ratio.groupby(PROBLEM):
        fit = dict(scale_fits(some.reset_index(), "samples", "ratio", window, paired=False))[CLOCK]
        mine = expected.loc[key]
        clock = natural_clock(mine.index.get_level_values("samples").to_numpy(float))
        yield dict(zip(PROBLEM, key, strict=True)) | {
            "quantity": "ratio exponent",
            "model": "linear/quadratic",
            "against": CLOCK,
            "estimate": fit.exponent,
            "ci_low": fit.ci_low,
            "ci_high": fit.ci_high,
            "theory": curve_exponent(clock, mine["ratio"].to_numpy(), fit.window),
            "window_low": fit.window[0],
            "window_high": fit.window[1],
            "points": fit.points,
        }


def _ratio(frame: pd.DataFrame, value: str, *pairs: str) -> pd.DataFrame:
    wide = frame.pivot(index=[*PROBLEM, "samples", *pairs], columns="model", values=value)
    return (wide["linear"] / wide["quadratic"]).fillna(1.0).to_frame("ratio")  # nan: both diverged


def _slope(model: str, cells: pd.DataFrame) -> dict:
    """Least-squares slope of measured on predicted exponents, resampling cells."""
    predicted = cells.apply(
        lambda row: rates.sample_exponent(model, row["alpha"], row["beta"]), axis="columns"
    )

    def slope(x, y):
        return np.polyfit(x, y, 1)[0]

    return interval([predicted.to_numpy(), cells["estimate"].to_numpy()], slope) | {
        "quantity": "slope of measured on predicted",
        "model": model,
        "sigma": cells["sigma"].iloc[0],
        "against": CLOCK,
        "theory": slope(predicted, cells["theory"]),
        "points": len(cells),
    }


def _share(ratios: pd.DataFrame) -> dict:
    """In how many of the cells with ``alpha > beta`` the ratio grows; exact binomial interval."""
    from scipy.stats import binomtest  # takes half a second

    above = ratios[ratios["alpha"] > ratios["beta"]]
    test = binomtest(int((above["estimate"] > 0).sum()), len(above))
    low, high = test.proportion_ci(0.95)
    return {
        "quantity": "share with larger exponent above the line",
        "model": "linear/quadratic",
        "setting": above["setting"].iloc[0],
        "sigma": above["sigma"].iloc[0],
        "against": CLOCK,
        "estimate": test.statistic,
        "ci_low": low,
        "ci_high": high,
        "theory": (above["theory"] > 0).mean(),
        "points": len(above),
    }
