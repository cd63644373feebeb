"""Both models up to a billion samples, in leaps: their exponents, and where their risks cross.

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
from quadlaw.fit.curves import measured_curves, median_with_interval, with_divergence
from quadlaw.fit.designs import IN_LEAPS, IN_STEPS, curve_rows, predicted
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


STRONG, STRONG_UP_TO = 0.9, 2**18
USUAL = f"to {SAFE:g} of the edge"
STRONGEST = f"to {STRONG:g} of the edge"
FAR = [2**k for k in range(14, 41, 2)]  # sample sizes of the theory's curves
RATIO, PROBLEM = "linear/quadratic", ["alpha", "beta", "sigma"]
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
            frame = curve_rows(some, one, model, **options)
            if samples is not None:
                tuning = frame["tuning"].iloc[0]
                frame = curve_rows(some | {"samples": samples}, one, model, **options)
                frame["tuning"] = [tuning] * len(frame)
            yield frame


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Curves: parts ``risk``, ``ratio`` and ``theory``, far beyond the runs; estimates of each."""
    runs, theory, window = tables["runs"], tables["theory"], settings["window"]
    every = sorted({*FAR, *settings["samples"]})
    far = predicted(designs.with_steps(stacked(_curves(settings, every))))
    pairs, known = _pairs(runs, far), _ratios(far)
    usual = runs[runs["setting"] == USUAL]
    found = [*exponents(usual, "sample exponent", window=window, theory=theory)]
    found += exponents(
        pairs, RATIO_EXPONENT, window=window,
        value=lambda some: some["ratio"], theory=known, theory_value=lambda some: some["theory"],
    )  # fmt: skip
    ratios = _medians(pairs, known)
    rising = pairs[pairs["alpha"] > pairs["beta"]].groupby([*PROBLEM, "setting"])
    crossings = [_crossing(key, some, known) for key, some in rising]
    crossings = [row for row in crossings if row] or [{"quantity": CROSSING, "model": RATIO}]
    parts = measured_curves(runs, theory).assign(part="risk"), ratios.assign(part="ratio")
    curves = [*parts, far.assign(part="theory")]
    return stacked(curves), table([*found, *_ends(ratios), *crossings])


def _pairs(runs: pd.DataFrame, theory: pd.DataFrame) -> pd.DataFrame:
    """Linear over quadratic risk of a replicate: of independent runs, or of the exact risk.

    Columns: ``PROBLEM``, ``setting``, ``samples``, ``replicate``, ``ratio``, and those that runs
    need for a fit.
    """
    runs, where = with_divergence(runs), [*PROBLEM, "samples"]
    ours = select(runs, model="quadratic")[[*where, "replicate", "risk", "diverged"]]
    linear = select(runs, model="linear", setting=USUAL)[[*where, "replicate", "risk", "diverged"]]
    usual = ours.merge(linear, on=[*where, "replicate"], suffixes=("", "_linear"))
    exact = select(theory, model="linear", setting=STRONGEST)[[*where, "theory"]]
    exact = exact.rename(columns={"theory": "risk_linear"}).assign(diverged_linear=False)
    both = [usual.assign(setting=USUAL), ours.merge(exact, on=where).assign(setting=STRONGEST)]
    pairs = stacked(both).assign(model=RATIO, **IN_LEAPS)
    ratio = (pairs["risk_linear"] / pairs["risk"]).fillna(1.0)  # nan: both diverged, neither won
    diverged = pairs.pop("diverged") | pairs.pop("diverged_linear")
    pairs = pairs.drop(columns=["risk", "risk_linear"])
    return pairs.assign(ratio=ratio, diverged=diverged, excess_risk=1 / ratio)


def _ratios(theory: pd.DataFrame) -> pd.DataFrame:
    """The theory's ratio, in the column ``theory``."""
    where = [*PROBLEM, "samples"]
    ours = select(theory, model="quadratic").set_index(where)["theory"].rename("ours")
    both = select(theory, model="linear").join(ours, on=where)
    return both.assign(theory=both["theory"] / both["ours"], model=RATIO)


def _medians(pairs: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """The median ratio by ``T`` with its interval, in ``risk``, beside the theory's."""
    where = ["model", *PROBLEM, "setting", "samples"]
    medians = pairs.groupby(where)["ratio"].apply(median_with_interval).unstack().reset_index()
    return medians.merge(known[[*where, "theory"]], on=where, validate="1:1")


def _ends(ratios: pd.DataFrame) -> list[dict]:
    """The ratios at the largest ``T``."""
    keys_of, numbers = ["model", *PROBLEM, "setting"], ["risk", "ci_low", "ci_high", "theory"]
    last = ratios.loc[ratios.groupby([*PROBLEM, "setting"])["samples"].idxmax()]
    last = last.assign(window_low=last["samples"], window_high=last["samples"])
    last = last[[*keys_of, *numbers, "window_low", "window_high"]]
    last = last.assign(quantity=RATIO_AT_END, **IN_LEAPS)
    return last.rename(columns={"risk": "estimate"}).to_dict("records")


def _crossing(key: tuple, pairs: pd.DataFrame, theory: pd.DataFrame) -> dict | None:
    """Simulated over predicted crossing; None if neither crosses."""
    labels = dict(zip((*PROBLEM, "setting"), key, strict=True))
    places, log_ratios = by_samples(pairs)
    mine = select(theory, **labels).set_index("samples")["theory"]
    expected = crossing(places, np.log(mine[sorted(pairs["samples"].unique())].to_numpy()))
    found = over_predicted(median_crossing(places, log_ratios), expected)
    if found is None:
        return None
    return labels | {"model": RATIO, "quantity": CROSSING} | IN_LEAPS | found
