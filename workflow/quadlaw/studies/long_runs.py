"""Both models up to a billion samples, in leaps: their exponents, and where their risks cross.

Models hold ``M = size_factor D`` coordinates, step sizes are the theory's best up to a share of the
stability edge: ``SAFE`` for either model. Where ``alpha > beta`` both would take larger steps still
than that. So the linear model runs a second time there, up to ``STRONG`` of its edge, as the
strongest rival that it can be. There its first coordinates are stepped one by one, which costs ten
times as much: these runs end at ``STRONG_UP_TO``. The theory goes on beyond, and the linear one is
exact.

Predictions (Ding et al. 2025, section 4; Lin et al. 2024): risk ``~ T^-p`` up to logarithms, with
``p = (beta - 1) / max(beta, (alpha + beta) / 2)`` for the quadratic model and ``(beta - 1) /
max(alpha, beta)`` for the linear one. So the curves cross for ``alpha > beta``, and run beside one
another for ``alpha <= beta``.
"""

import numpy as np
import pandas as pd

from quadlaw.base import typed
from quadlaw.base.tables import select, stacked
from quadlaw.fit import designs
from quadlaw.fit.crossings import crossing, median_crossing
from quadlaw.fit.curves import measured_curves, with_divergence
from quadlaw.fit.designs import IN_LEAPS, curve_rows, predicted
from quadlaw.fit.estimates import exponents, table
from quadlaw.studies import settings as keys
from quadlaw.theory.tuning import SAFE

SMOKE = {
    "problems": [
        {"alpha": 5.0, "beta": 2.5},
        {"alpha": 2.0, "beta": 2.0},
        {"alpha": 2.0, "beta": 3.0, "replicates": 32},
    ],
    "samples": [1024, 8192, 65536],
    "replicates": 6,
    "window": [1024, 65536],
}
REPORT = (
    "4. Where the quadratic model wins",
    "Do the risks of both models cross, and have their exponents come by a billion samples?",
)

LONG = typed.whole(
    "Sample size T, the number of SGD steps.",
    "a sample size is a whole number from 2 (T / log2 T is a clock beyond 1) to 2^40",
    ge=2, le=2**40,
)  # fmt: skip


class Settings(keys.Curves):
    """Both models, in leaps, to where their risks cross."""

    samples: typed.several(
        LONG, "Sample sizes, each a run of its own.",
        f"must list at least one sample size, {keys.RISING}", rising=True,
    )  # fmt: skip


STRONG, STRONG_UP_TO = 0.9, 2**26
USUAL = f"to {SAFE:g} of the edge"
STRONGEST = f"to {STRONG:g} of the edge"
FAR = [2**k for k in range(14, 41, 2)]  # sample sizes of the theory's curves
RATIO, PROBLEM = "linear/quadratic", ["alpha", "beta", "sigma"]
RATIO_EXPONENT, RATIO_AT_END = "ratio exponent", "linear over quadratic risk at the largest T"
CROSSING = "log10 of simulated over predicted crossing"


def rows(settings: dict) -> pd.DataFrame:
    """Rows with the labels ``setting``, how large steps may be, and ``method``."""
    return _rows(settings, **IN_LEAPS)


def _rows(settings: dict, far: bool = False, **labels) -> pd.DataFrame:
    """``far``: at those sample sizes instead, by the step constants of the runs."""
    frames = []
    for one in settings["problems"]:
        for model, setting, share in _curves_of(one):
            largest = STRONG_UP_TO if setting == STRONGEST else np.inf
            some = settings | {"samples": [T for T in settings["samples"] if largest >= T]}
            options = {"share": share, "setting": setting} | labels
            frame = curve_rows(some, one, model, **options)
            if far:
                tuning = frame["tuning"].iloc[0]
                frame = curve_rows(some | {"samples": FAR}, one, model, **options)
                frame["tuning"] = [tuning] * len(frame)
            frames.append(frame)
    return stacked(frames)


def _curves_of(one: dict) -> list[tuple[str, str, float]]:
    usual = [("quadratic", USUAL, SAFE), ("linear", USUAL, SAFE)]
    strongest = ("linear", STRONGEST, STRONG)
    return [*usual, strongest] if one["alpha"] > one["beta"] else usual


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Curves: parts ``risk``, ``ratio`` and ``theory``, far beyond the runs; estimates of each."""
    runs, theory = tables["runs"], tables["theory"]
    far = predicted(designs.with_steps(_rows(settings, far=True))).assign(part="theory")
    pairs, known = _pairs(runs), _ratios(theory)
    window = settings["window"]
    found = [*exponents(runs, "sample exponent", window=window, theory=theory)]
    enough = pairs.groupby("setting")["samples"].transform(lambda some: _inside(some, window) > 2)
    found += exponents(
        pairs[enough], RATIO_EXPONENT, window=window,
        value=lambda some: some["ratio"], theory=known, theory_value=lambda some: some["theory"],
    )  # fmt: skip
    ratios, ends = _summarized(pairs, known)
    rising = pairs[pairs["alpha"] > pairs["beta"]].groupby([*PROBLEM, "setting"])
    crossings = [_crossing(key, some, known) for key, some in rising]
    crossings = [row for row in crossings if row] or [{"quantity": CROSSING, "model": RATIO}]
    curves = [measured_curves(runs, theory).assign(part="risk"), ratios.assign(part="ratio"), far]
    return stacked(curves), table([*found, *ends, *crossings])


def _inside(samples: pd.Series, window: list[float]) -> int:
    return samples[samples.between(*window)].nunique()


def _pairs(runs: pd.DataFrame) -> pd.DataFrame:
    """Linear over quadratic risk of one replicate each; they are independent but for chance.

    A column ``ratio``; ``excess_risk`` is its inverse.
    """
    runs, keys_of = with_divergence(runs), [*PROBLEM, "samples", "replicate"]
    ours = select(runs, model="quadratic").set_index(keys_of)[["risk", "diverged"]]
    both = select(runs, model="linear").join(ours.add_suffix("_ours"), on=keys_of)
    ratio = (both["risk"] / both["risk_ours"]).fillna(1.0)  # nan: both diverged, neither won
    both = both.assign(ratio=ratio, diverged=both["diverged"] | both["diverged_ours"], model=RATIO)
    return both.drop(columns=["risk", "risk_ours", "diverged_ours"])


def _ratios(theory: pd.DataFrame) -> pd.DataFrame:
    """The theory's ratio, in the column ``theory``."""
    keys_of = [*PROBLEM, "samples"]
    ours = select(theory, model="quadratic").set_index(keys_of)["theory"].rename("ours")
    both = select(theory, model="linear").join(ours, on=keys_of)
    return both.assign(theory=both["theory"] / both["ours"], model=RATIO).drop(columns="ours")


def _summarized(pairs: pd.DataFrame, known: pd.DataFrame) -> tuple[pd.DataFrame, list[dict]]:
    """Medians of the ratio by ``T`` beside the theory; that at the largest ``T`` as an estimate."""
    as_risk = pairs.assign(excess_risk=pairs["ratio"], diverged=False).drop(columns="ratio")
    curves = measured_curves(as_risk.assign(step_size=0.0), known.assign(step_size=0.0))
    names = {"risk": "estimate", "ci_low": "ci_low", "ci_high": "ci_high", "theory": "theory"}
    last = curves.loc[curves.groupby([*PROBLEM, "setting"])["samples"].idxmax()]
    ends = [
        {key: row[key] for key in ("model", *PROBLEM, "setting")}
        | {"quantity": RATIO_AT_END, "window_low": row["samples"], "window_high": row["samples"]}
        | {name: row[column] for column, name in names.items()}
        for row in last.to_dict("records")
    ]
    return curves, ends


def _crossing(key: tuple, pairs: pd.DataFrame, theory: pd.DataFrame) -> dict | None:
    """Simulated over predicted crossing, a number if both cross; None if neither does."""
    labels = dict(zip((*PROBLEM, "setting"), key, strict=True))
    groups = list(pairs.groupby("samples")["ratio"])
    with np.errstate(divide="ignore"):
        log_ratios = [np.log(ratio.to_numpy()) for _, ratio in groups]
    places = np.log10([T for T, _ in groups])
    simulated = median_crossing(places, log_ratios)
    expected = select(theory, **labels).sort_values("samples")["theory"].to_numpy()
    expected = crossing(places, np.log(expected))
    labels |= {"model": RATIO, "quantity": CROSSING}
    cross = np.isfinite([simulated["estimate"], expected])
    if not cross.any():
        return None
    found = {name: value - expected for name, value in simulated.items()}
    return labels | (found if cross.all() else {})
