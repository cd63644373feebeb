"""Excess risk against the sample size, to a billion: both models' exponents, where they cross.

Models hold ``M = size_factor D`` coordinates, step sizes are the theory's best up to a share of the
stability edge: ``SAFE`` for either model. Where ``alpha > beta`` both would take larger steps still
than that. So the quadratic model is held against a second linear one there, up to ``STRONG`` of its
edge, as the strongest rival that it can be. Leaps are not made for such steps: its runs are in
steps, and end at ``STRONG_UP_TO``. Its ratio to the quadratic runs is that of its exact risk.

Predictions (Ding et al. 2025, section 4; Lin et al. 2024): risk ``~ T^-p`` up to logarithms, with
``p = (beta - 1) / max(beta, (alpha + beta) / 2)`` for the quadratic model and ``(beta - 1) /
max(alpha, beta)`` for the linear one. So the curves cross for ``alpha > beta``, and run beside one
another for ``alpha <= beta``.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from quadlaw.base import typed
from quadlaw.base.tables import select, stacked
from quadlaw.fit import designs
from quadlaw.fit.crossings import by_samples, crossing, median_crossing, over_predicted
from quadlaw.fit.curves import (
    PROBLEM,
    RATIO,
    measured_curves,
    paired_ratios,
    ratio_curves,
    ratios_of,
)
from quadlaw.fit.designs import IN_LEAPS, IN_STEPS, curve_rows, predicted
from quadlaw.fit.estimates import exponents, table
from quadlaw.studies import settings as keys
from quadlaw.theory.tuning import SAFE

SMOKE = {
    "problems": [
        {"alpha": 5.0, "beta": 2.5},
        {"alpha": 2.0, "beta": 2.0},
        {"alpha": 2.0, "beta": 3.0, "replicates": 16},
    ],
    "samples": [1024, 8192, 65536],
    "replicates": 6,
    "window": [1024, 65536],
}
REPORT = (
    "2. Exponents",
    "Does risk fall as the predicted power of the sample size, on both sides of alpha = beta, and "
    "do the risks of the two models cross?",
)

LONG = typed.whole(
    "Sample size T, the number of SGD steps.",
    "a sample size is a whole number from 2 (T / log2 T is a clock beyond 1) to 2^40",
    ge=2, le=2**40,
)  # fmt: skip


class Settings(keys.Narrowed):
    """Both models against T, to where their risks cross."""

    samples: typed.several(
        LONG, "Sample sizes, each a run of its own.",
        f"must list at least one sample size, {keys.RISING}", rising=True,
    )  # fmt: skip


STRONG, STRONG_UP_TO = 0.9, 2**18
USUAL = f"to {SAFE:g} of the edge"
STRONGEST = f"to {STRONG:g} of the edge"
BEYOND = [4**k for k in range(1, 6)]  # how far the theory's curves go, in units of the largest T
RATIO_EXPONENT, RATIO_AT_END = "ratio exponent", "linear over quadratic risk at the largest T"
CROSSING = "log10 of simulated over predicted crossing"


def rows(settings: dict) -> pd.DataFrame:
    """Rows with the labels ``setting``, how large steps may be, and ``method``."""
    return stacked(_curves(settings))


def _curves(settings: dict, samples: Sequence[int] | None = None) -> Iterator[pd.DataFrame]:
    """A frame each; at other ``samples`` than those of the runs, by the runs' step constants."""
    for one in settings["problems"]:
        kinds = [("quadratic", USUAL, SAFE, IN_LEAPS), ("linear", USUAL, SAFE, IN_LEAPS)]
        if one["alpha"] > one["beta"]:
            kinds.append(("linear", STRONGEST, STRONG, IN_STEPS))
        for model, setting, share, method in kinds:
            largest = STRONG_UP_TO if setting == STRONGEST else np.inf
            near = [T for T in settings["samples"] if largest >= T]
            some = settings | {"samples": near or settings["samples"][:1]}
            options = {"share": share, "setting": setting} | method
            if setting == STRONGEST:  # as many as the other models of its point
                options["half_width"] = None
            frame = curve_rows(some, one, model, **options)
            if samples is not None:
                tuning = frame["tuning"].iloc[0]
                frame = curve_rows(some | {"samples": samples}, one, model, **options)
                frame["tuning"] = [tuning] * len(frame)
            yield frame


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Curves: parts ``risk``, ``ratio`` and ``theory``, far beyond the runs; estimates of each."""
    runs, theory, window = tables["runs"], tables["theory"], settings["window"]
    every = settings["samples"] + [factor * settings["samples"][-1] for factor in BEYOND]
    far = predicted(designs.with_steps(stacked(_curves(settings, every))))
    pairs, known = _pairs(runs, far), _ratios(far)
    usual = runs[runs["setting"] == USUAL]
    found = [*exponents(usual, "sample exponent", window=window, theory=theory)]
    found += exponents(
        pairs, RATIO_EXPONENT, window=window,
        value="ratio", theory=known, theory_value="theory",
    )  # fmt: skip
    ratios = ratio_curves(pairs, known)
    rising = pairs[pairs["alpha"] > pairs["beta"]].groupby(PROBLEM)
    crossings = [_crossing(key, some, known) for key, some in rising]
    crossings = [row for row in crossings if row] or [{"quantity": CROSSING, "model": RATIO}]
    parts = measured_curves(runs, theory).assign(part="risk"), ratios.assign(part="ratio")
    curves = [*parts, far.assign(part="theory")]
    return stacked(curves), table([*found, *_ends(ratios), *crossings])


def _pairs(runs: pd.DataFrame, theory: pd.DataFrame) -> pd.DataFrame:
    """Ratios to the linear model's runs, and to the strongest one's exact risk."""
    ours = select(runs, model="quadratic")
    usual = paired_ratios(ours, select(runs, model="linear", setting=USUAL))
    exact = select(theory, model="linear", setting=STRONGEST).assign(
        diverged=False, excess_risk=lambda some: some["theory"]
    )
    replicates = ours[["alpha", "beta", "samples", "replicate"]]
    exact = exact.merge(replicates, on=["alpha", "beta", "samples"])
    return stacked([usual, paired_ratios(ours.assign(setting=STRONGEST), exact)])


def _ratios(theory: pd.DataFrame) -> pd.DataFrame:
    """The theory's ratios, to either linear model."""
    ours = select(theory, model="quadratic")
    linear = select(theory, model="linear")
    return ratios_of(stacked([ours, ours.assign(setting=STRONGEST), linear]))


def _ends(ratios: pd.DataFrame) -> list[dict]:
    """The ratios at the largest ``T``."""
    numbers = ["risk", "ci_low", "ci_high", "theory"]
    last = ratios.loc[ratios.groupby(PROBLEM)["samples"].idxmax()]
    last = last.assign(window_low=last["samples"], window_high=last["samples"])
    last = last[["model", *PROBLEM, *numbers, "window_low", "window_high"]]
    last = last.assign(quantity=RATIO_AT_END, **IN_LEAPS)
    return last.rename(columns={"risk": "estimate"}).to_dict("records")


def _crossing(key: tuple, pairs: pd.DataFrame, theory: pd.DataFrame) -> dict | None:
    """Simulated over predicted crossing; None if neither crosses."""
    labels = dict(zip(PROBLEM, key, strict=True))
    places, log_ratios = by_samples(pairs)
    mine = select(theory, **labels).set_index("samples")["theory"]
    expected = crossing(places, np.log(mine[sorted(pairs["samples"].unique())].to_numpy()))
    found = over_predicted(median_crossing(places, log_ratios), expected)
    if found is None:
        return None
    return labels | {"model": RATIO, "quantity": CROSSING} | IN_LEAPS | found
