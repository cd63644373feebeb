"""Inputs that are not Gaussian: does the law survive?

Coordinates stay independent, of mean 0 and variance ``lambda_i``, and all laws are made of the
same normals. With the fourth moment ``E x_i^4 = k lambda_i^2`` (``k`` is the kurtosis, 3 for
Gaussian inputs) a step of linear SGD is

    E d_i'^2 = (1 - 2 eta lambda_i + (k - 1) (eta lambda_i)^2) E d_i^2 + eta^2 lambda_i S,

with ``S`` the risk plus the noise's variance. The law of the inputs has but this one term, which
counts where ``eta lambda_i`` is not small: in the first coordinates, which contribute least to the
exponents.

What heavier tails do cost is stability. A single large ``x_i`` multiplies the error of its
coordinate by ``1 - 2 eta w*_i x_i^2``, and the quadratic model does not always come back from that.
Step sizes are therefore held to ``SHARE`` of the stability edge instead of a quarter, at the
largest ``T``; larger ones, by ``step_factors``, run beside them, and how many of these diverged is
drawn.

The theory drawn is that of Gaussian inputs, at whose step sizes all laws run.

Up to ``STEPS_UP_TO`` samples runs are in steps, on the same normals for all laws, so that ratios
are taken replicate by replicate. Beyond, where only exponents are asked for, they are in leaps.
"""

import numpy as np
import pandas as pd

from quadlaw.base import typed
from quadlaw.base.tables import select, stacked
from quadlaw.fit import designs
from quadlaw.fit.curves import measured_curves, median_with_interval, with_divergence
from quadlaw.fit.designs import IN_LEAPS, IN_STEPS, curve_rows
from quadlaw.fit.estimates import exponents, interval, table
from quadlaw.models import PAPER
from quadlaw.studies import settings as keys

SMOKE = keys.SMALL | {
    "step_factors": [1.0, 2.0],
}
REPORT = (
    "8. Beyond the paper",
    "Does the law survive inputs that are not Gaussian?",
)


LAW = "must be one of gaussian, hypercube, laplace and sinh"


class Settings(keys.Curves):
    """Inputs that are not Gaussian."""

    laws: typed.several(
        typed.one_of("A law.", LAW, "gaussian", "hypercube", "laplace", "sinh"),
        "Laws of the inputs, keys of quadlaw.sgd.inputs.INPUTS; all are held against the "
        "gaussian one.",
        "must list gaussian and others among hypercube, laplace and sinh, none twice",
        holding="gaussian", least=2,
    )  # fmt: skip
    step_factors: keys.StepFactors = [1.0]


KEYS = ["model", "alpha", "beta", "samples", "step_factor"]
SHARE, STEPS_UP_TO = 0.125, 2**16
RISK, RATIO = "risk", "ratio"


def rows(settings: dict) -> pd.DataFrame:
    """Rows with the labels ``inputs`` and ``setting``, the same: the law of the inputs.

    In leaps, the step size is the reported one alone.
    """
    rows = stacked(
        curve_rows(settings, one, model, share=SHARE)
        for one in settings["problems"]
        for model in PAPER
    )
    short = rows["samples"] <= STEPS_UP_TO
    far = rows[~short & (rows["step_factor"] == 1)].assign(**IN_LEAPS)
    rows = stacked([rows[short].assign(**IN_STEPS), far])
    return stacked(rows.assign(inputs=law, setting=law) for law in settings["laws"])


def predicted(design: pd.DataFrame) -> pd.DataFrame:
    """The theory of Gaussian inputs, for all of them."""
    known = designs.predicted(select(design, inputs="gaussian"))[[*KEYS, "theory"]]
    return design.merge(known, on=KEYS, how="left", validate="m:1")


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Median risks, and their ratios to the Gaussian one on the same normals; exponents."""
    runs, theory = tables["runs"], tables["theory"]
    curves = measured_curves(runs, theory).assign(part=RISK)
    pairs = ratios(runs)
    medians = pairs.groupby([*KEYS, "sigma", "inputs"])["risk"].apply(median_with_interval)
    drawn = medians.unstack().drop(columns="replicates").reset_index().assign(part=RATIO)
    usual = select(runs, step_factor=1)  # the others end in the middle of the window
    found = exponents(usual, "sample exponent", window=settings["window"], theory=theory)
    rows = [*found, *_last(pairs)]
    return pd.concat([curves, drawn], ignore_index=True), table(rows)


def ratios(runs: pd.DataFrame) -> pd.DataFrame:
    """``risk`` over that of Gaussian inputs on the same normals, of the other laws."""
    runs = with_divergence(select(runs, **IN_STEPS))
    keys = [*KEYS, "sigma", "replicate"]
    base = select(runs, inputs="gaussian")[[*keys, "risk"]].rename(columns={"risk": "base"})
    both = runs[runs["inputs"] != "gaussian"].merge(base, on=keys, validate="m:1")
    return both.assign(risk=both["risk"] / both["base"])


def _last(pairs: pd.DataFrame) -> list[dict]:
    """The log of the median ratio at the largest ``T``."""
    last = select(pairs, samples=pairs["samples"].max(), step_factor=1)
    keys = ["model", "alpha", "beta", "sigma", "inputs"]
    return [
        dict(zip([*keys[:-1], "setting"], key, strict=True))
        | {"quantity": "log of risk over the gaussian one's", "diverged_share": np.isinf(r).mean()}
        | interval([np.clip(np.log(r), -1e3, 1e3)], np.median)
        for key, r in ((key, some["risk"].to_numpy()) for key, some in last.groupby(keys))
    ]
