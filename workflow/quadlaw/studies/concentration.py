"""The theorem's form: with probability .95, and what most runs have in common.

**The 95 % quantile** of the final risk has the exponents of the median if runs concentrate about
it. How fast they do follows from the independent parts of a run's risk, in units of its mean
``D^-(beta - 1)``:

* *noise*: each of ``D`` learned coordinates adds ``sigma^2 / T`` times a chi square. For ``alpha <=
  beta`` this is a fixed share of the risk, and its spread falls as ``D^-(1/2)``;
* *the front*: about ``D`` coordinates are half grown, each with a signal of ``D^-beta``. The noise
  moves ``log u_i`` by ``sqrt(4 eta^2 lambda_i S T) ~ sqrt(eta S / w*_D)`` by then, which makes the
  spread ``(eta / w*_D)^(1/2) D^-(1/2)``. For ``alpha >= beta`` that is ``D^-((alpha - beta)/4 -
  1/2)``; for ``alpha < beta``, where ``eta ~ w*_D``, it falls as the noise does.

So the quantile's distance from the median, in units of the median, falls as ``T^-p``, with ``p =
(alpha - beta + 2) / (2 (alpha + beta))`` for ``alpha >= beta`` and ``1 / (2 beta)`` below.

**Two sets of coordinates.** Those well below ``D`` are at their targets in the end, within half of
them (learned). Those beyond have stayed, ``v_i < 2 v_0`` at all looks. Between lies the front. For
``alpha < beta``, loud noise at the same step sizes moves ``log u_i`` so far that some of them go.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from quadlaw.base.tables import select, stacked
from quadlaw.fit.curves import with_divergence
from quadlaw.fit.designs import IN_LEAPS, TOGETHER, curve_rows
from quadlaw.fit.estimates import SERIES, ends, resampled, share, table
from quadlaw.fit.exponents import scales
from quadlaw.fit.fitting import curve_exponent
from quadlaw.fit.points import replicates_of, spectrum_of
from quadlaw.sgd.leaps import leapt
from quadlaw.sgd.problem import Spectrum
from quadlaw.sgd.schedules import named
from quadlaw.sgd.train import diverged
from quadlaw.studies import settings as keys
from quadlaw.theory import rates

SMOKE = keys.SMALL | {
    "problems": [{"alpha": 3.0, "beta": 1.5}, {"alpha": 1.5, "beta": 3.0}],
    "replicates": 32,
}
REPORT = (
    "2. Exponents",
    "Does the law hold for 95 of 100 runs, and which coordinates do they learn?",
)


class Settings(keys.Curves):
    """Many runs of each setting."""

    loud: keys.Sigma


LEVELS = [0.5, 0.95]
USUAL, LOUD = "usual noise", "loud noise"
QUANTILE, SPREAD = "95 % quantile exponent", "spread exponent"
BOUNDS = [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2]  # in units of D
LOOKS = 5  # at T, T/2, T/4 and so on
FEW = 8 * TOGETHER  # an exact interval from 0 or to 1 is shorter than .05 from 73 runs on
NEAR, TWICE = 0.5, 2.0  # of a target, of a start


def rows(settings: dict) -> pd.DataFrame:
    """Rows with the label ``setting``; loud noise at the largest ``T``, at the usual step."""
    frames = []
    for one in settings["problems"]:
        usual = curve_rows(settings, one, "quadratic", setting=USUAL, **IN_LEAPS)
        frames.append(usual)
        if one["alpha"] < one["beta"]:
            last = usual[usual["samples"] == usual["samples"].max()]
            frames.append(last.assign(sigma=settings["loud"], setting=LOUD, replicates=FEW))
    return stacked(frames)


# --- runs -----------------------------------------------------------------------------------------


def run_point(point: dict, seed: int, dtype: str, listed: Spectrum | None = None) -> pd.DataFrame:
    """Final risks, and what coordinates have done, of the point's lanes in leaps.

    Columns: the lane's and the point's, ``replicate, excess_risk, diverged``; for each of
    ``BOUNDS``, ``missed b``: the largest ``|w_i / w*_i - 1|`` up to ``b D`` in the end, and ``grown
    b``: the largest ``v_i / v_0`` beyond it at any look.
    """
    replicates = replicates_of(point)
    labels = {key: point[key] for key in ("alpha", "beta", "sigma", "samples", "schedule")}
    with np.errstate(over="ignore", invalid="ignore"):
        runs = stacked(
            _block(spectrum_of(point, lane["model_size"], listed), lane, point, block, seed)
            for lane in point["lanes"]
            for block in sorted({replicate // TOGETHER for replicate in replicates})
        )
    runs = runs[runs["replicate"].isin(replicates)].reset_index(drop=True)
    return runs.assign(**labels, replicates=point["replicates"])


def _block(spectrum: Spectrum, lane: dict, point: dict, block: int, seed: int) -> pd.DataFrame:
    """Runs that move together."""
    samples, grown = point["samples"], 0.0
    stops = [0, *(samples >> k for k in reversed(range(LOOKS)))]
    cuts = boundaries(point["alpha"], point["beta"], samples)
    states = leapt(spectrum, lane, samples, block, seed, stops, named(point["schedule"]))
    for time, (group,) in states:
        weights = group.weights()
        if time == 0:
            first, start = group.first_risk(), weights
        ratio = np.sqrt(weights / start)
        grown = np.maximum(grown, [ratio[:, cut:].max(axis=1, initial=0.0) for cut in cuts])
    miss = np.abs(weights / spectrum.target[: weights.shape[1]] - 1)
    missed = [miss[:, :cut].max(axis=1, initial=0.0) for cut in cuts]
    risk = group.excess_risk()
    runs = group.lanes.assign(
        replicate=group.replicates, excess_risk=risk, diverged=diverged(risk, first)
    )
    columns = {f"missed {b:g}": values for b, values in zip(BOUNDS, missed, strict=True)}
    columns |= {f"grown {b:g}": values for b, values in zip(BOUNDS, grown, strict=True)}
    return runs.assign(**columns)


def boundaries(alpha: float, beta: float, samples: int) -> list[int]:
    """How many coordinates lie up to each of ``BOUNDS``."""
    dimension = rates.effective_dimension("quadratic", alpha, beta, samples)
    return [int(bound * dimension) for bound in BOUNDS]


# --- results --------------------------------------------------------------------------------------


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Quantiles by ``T`` (``part`` quantiles), shares by boundary (sets); exponents and shares."""
    runs, curves, rows = with_divergence(tables["runs"]), [], []
    for key, some in runs.groupby(SERIES):
        series = dict(zip(SERIES, key, strict=True)) | IN_LEAPS
        last = some[some["samples"] == some["samples"].max()]
        curves.append(_sets(last).assign(part="sets", **series))
        rows += [series | row for row in _shares(last)]
        if series["setting"] == USUAL:
            theory = select(tables["theory"], **series).set_index("samples")["theory"]
            against = scales("samples", *key[:3], some)
            points, found = _quantiles(some, theory.sort_index(), settings["window"], against)
            curves.append(points.assign(part="quantiles", **series))
            rows += [series | row for row in found]
    return stacked(curves), table(rows)


def _quantiles(
    runs: pd.DataFrame, theory: pd.Series, window: list[float], against: dict[str, Callable]
) -> tuple[pd.DataFrame, list[dict]]:
    """Median, 95 % quantile and the distance between them, with intervals; their exponents."""
    wide = runs.pivot(index="samples", columns="replicate", values="risk").sort_index()
    values, samples, count = wide.to_numpy(), wide.index.to_numpy(float), wide.shape[1]

    def measured(chosen):
        low, high = np.quantile(values[:, chosen], LEVELS, axis=1, method="inverted_cdf")
        return np.stack([low, high, high / low - 1])

    found, draws = measured(np.arange(count)), resampled(count, measured)
    low, high = (ends(draws, count)[end] for end in ("ci_low", "ci_high"))
    points = stacked(
        pd.DataFrame(
            {"samples": wide.index, "quantity": name, "risk": found[k], "theory": theory.to_numpy()}
        ).assign(ci_low=low[k], ci_high=high[k])
        for k, name in enumerate(("median", "95 % quantile", "distance"))
    )
    rows = [
        {"quantity": quantity, "against": name}
        | _fit(of, samples, found[k], draws[:, k], count, window)
        | ({"theory": _decay(of, samples, theory, window)} if quantity == QUANTILE else {})
        for k, quantity in ((1, QUANTILE), (2, SPREAD))
        for name, of in against.items()
    ]
    return points, [row | {"diverged_share": runs["diverged"].mean()} for row in rows]


def _fit(of, samples, found, draws, count, window) -> dict:
    slopes = np.array([_decay(of, samples, draw, window) for draw in draws])
    inside = samples[(samples >= window[0]) & (samples <= window[1])]
    span = of(inside[[0, -1]])
    return {
        "estimate": _decay(of, samples, found, window),
        **ends(slopes, count),
        "window_low": span[0],
        "window_high": span[1],
        "points": len(inside),
    }


def _decay(of: Callable, samples: np.ndarray, values: np.ndarray, window: list[float]) -> float:
    """``p`` of ``values ~ x^-p`` by least squares, ``x`` a scale of the samples."""
    return -curve_exponent(of(samples), np.asarray(values), tuple(of(np.array(window, float))))


def _learned(runs: pd.DataFrame, bound: float) -> pd.Series:
    return runs[f"missed {bound:g}"] < NEAR


def _kept(runs: pd.DataFrame, bound: float) -> pd.Series:
    return runs[f"grown {bound:g}"] < TWICE


def _sets(runs: pd.DataFrame) -> pd.DataFrame:
    """The share of runs that have learned all up to a boundary, and kept all beyond it."""
    shares = [(b, _learned(runs, b).mean(), _kept(runs, b).mean()) for b in BOUNDS]
    return pd.DataFrame(shares, columns=["bound", "learned", "kept"])


def _shares(runs: pd.DataFrame) -> Iterator[dict]:
    """The shares that claims speak of, at the largest ``T``."""
    low, high = BOUNDS[0], BOUNDS[-1]
    yield share(runs["diverged"]) | {"quantity": "diverged share"}
    both = _learned(runs, low) & _kept(runs, high)
    yield share(both) | {"quantity": "share with both sets"}
    yield share(_kept(runs, high)) | {"quantity": "share that keeps all beyond 2 D"}
    yield share(_kept(runs, low)) | {"quantity": "share that keeps all beyond D / 16"}
