"""Tuning without knowing the exponents: does held-out data find the optimal rate?

The paper's step size and initial value are functions of ``alpha`` and ``beta``. Here a share of the
samples is held out, models of one size are trained on the rest at every pair of a grid that knows
neither exponent (step sizes in units of one over the trace of the covariance, initial weights in
powers of ten), and the pair of the least held-out error is taken, replicate by replicate.

The quadratic model's weights are never negative, as are the targets, and all start alike: it may
be given a start that suits many targets at once. The signed model starts from ``f = 0`` whatever
its parameters' start is; with a large one it is close to linear SGD where targets are small.

``setting``: ``held-out`` for the runs so chosen, beside ``known exponents``, which follow the
paper's rules with the theory's constant and train on all samples. Claims are of the difference of
their exponents at the same sample sizes, so that no finite size makes a part of it. Known exponents
run in leaps and ``many`` times, as they cost little there and are not to widen the interval.
"""

from collections.abc import Iterator
from itertools import product

import numpy as np
import pandas as pd

from quadlaw.base import typed
from quadlaw.base.tables import select, stacked
from quadlaw.fit import designs, points
from quadlaw.fit.curves import median_with_interval, with_divergence
from quadlaw.fit.designs import IN_LEAPS, IN_STEPS
from quadlaw.fit.estimates import SERIES, difference, exponents, interval, table
from quadlaw.sgd.problem import PowerLaw, Spectrum, problem_of
from quadlaw.sgd.schedules.two_phase import TwoPhase
from quadlaw.sgd.streams import chunks
from quadlaw.sgd.train import Group, diverged
from quadlaw.studies import settings as keys

SMOKE = keys.SMALL | {
    "model_size": 64,
    "trace_shares": [0.5, 0.125, 0.03125],
    "init_weights": [0.01, 0.1, 1.0],
    "many": 8,
}
REPORT = (
    "8. Beyond the paper",
    "Does tuning on held-out samples find the rate without knowing the exponents?",
)


class Settings(keys.Fitted):
    """Tuning on held-out samples, without the exponents."""

    problems: keys.Problems
    model_size: keys.ModelSize
    trace_shares: typed.several(
        keys.positive("Step size."), "Step sizes in units of one over the trace of the covariance.",
        "must list at least one step size, none twice",
    )  # fmt: skip
    init_weights: typed.several(
        keys.positive("Weight."), "Weights w_0 at the start.",
        "must list at least one weight, none twice; zero is a fixed point of the quadratic model",
    )  # fmt: skip
    many: keys.Many


HELD_OUT, KNOWN = "held-out", "known exponents"
SHARE = 0.2  # of the samples, held out
FRESH = 10**6  # added to a replicate's number: the stream of its held-out samples
MODELS = ("quadratic", "signed", "linear")


def rows(settings: dict) -> pd.DataFrame:
    """Rows of both settings; ``samples`` are those that are trained on."""
    frames = []
    for one, model in product(settings["problems"], MODELS):
        known = designs.curve_rows(settings, one, model, setting=KNOWN, **IN_LEAPS)
        known = known.drop(columns=["step_factor", "init_scale"])
        frames.append(known.assign(replicates=settings["many"]))
        problem = problem_of(settings | one)
        grid = _grid(problem, model, settings)
        frames.append(grid.assign(replicates=known["replicates"].iloc[0], **IN_STEPS))
    return stacked(frames)


def _grid(problem: PowerLaw, model: str, settings: dict) -> pd.DataFrame:
    """All pairs of the grid at every ``T``.

    A linear model hardly depends on its start. It has all step sizes, where the others, which have
    starts besides, have every other one.
    """
    size, starts, shares = (settings[key] for key in ("model_size", "init_weights", "trace_shares"))
    if model == "linear":
        starts = starts[:1]
    else:
        shares = shares[::2]
    trace = problem.eigenvalues(size).sum()
    rows = [
        {"samples": T - held_out(T), "step_size": share / trace, "init": weight**0.5}
        for T in settings["samples"]
        for share in shares
        for weight in starts
    ]
    return pd.DataFrame(rows).assign(
        model=model, model_size=size, alpha=problem.alpha, beta=problem.beta, sigma=problem.sigma,
        schedule=TwoPhase().name, setting=HELD_OUT,
    )  # fmt: skip


def held_out(samples: int) -> int:
    """How many of ``T`` samples are held out."""
    return round(SHARE * samples)


def run_point(point: dict, seed: int, dtype: str, listed: Spectrum | None = None) -> pd.DataFrame:
    """Last risks, of the chosen lanes alone where the setting is ``held-out``.

    There ``adapted`` says how many lanes there were to choose from, ``learned`` how many diverged.
    """
    parts = pd.DataFrame(point["lanes"]).groupby("setting")
    lanes = {key: point | {"lanes": some.to_dict("records")} for key, some in parts}
    tables = []
    if KNOWN in lanes:
        tables.append(points.run_point(lanes[KNOWN], seed, dtype, listed))
    with np.errstate(over="ignore", invalid="ignore"):
        for replicate in points.replicates_of(point) if HELD_OUT in lanes else ():
            grid = lanes[HELD_OUT]
            ends = points.trained(grid, seed, dtype, replicate, [point["samples"]], listed)
            tables += [
                _chosen(group, grid, replicate, seed) for _, groups in ends for group in groups
            ]
    return stacked(tables).assign(**points.labels_of(point))


def _chosen(group: Group, point: dict, replicate: int, seed: int) -> pd.DataFrame:
    """The lane of the least held-out error."""
    spectrum, risk = group.view.spectrum, group.excess_risk()
    bad = diverged(risk, spectrum.tail[0])
    lanes = group.lanes.assign(
        excess_risk=risk, diverged=bad, adapted=len(risk), learned=bad.sum(), replicate=replicate
    )
    samples = round(point["samples"] * SHARE / (1 - SHARE))
    error = held_out_error(spectrum, group.weights(), samples, replicate, seed)
    return lanes.iloc[[np.argmin(np.where(bad, np.inf, error))]]


def held_out_error(
    spectrum: Spectrum, weights: np.ndarray, samples: int, replicate: int, seed: int
) -> np.ndarray:
    """Mean squared error of linear predictors, shape (L, M), on fresh samples: shape (L,)."""
    total = np.zeros(len(weights))
    stream = chunks(spectrum, samples, replicate + FRESH, seed, [samples], "float32")
    for _, x, y in stream:
        residuals = x[:, : weights.shape[1]] @ weights.T.astype(x.dtype) - y[:, None]
        total += np.sum(residuals.astype(float) ** 2, axis=0)
    return total / samples


def predicted(design: pd.DataFrame) -> pd.DataFrame:
    """The theory of known exponents' rows.

    The signed model's ``v-`` dies out, so that its theory is the quadratic model's. Which pair is
    chosen on held-out samples, the theory does not say.
    """
    theory = designs.predicted(design[design["setting"] == KNOWN])["theory"]
    return design.assign(theory=theory.reindex(design.index))


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Medians by setting (``samples`` are all, held-out ones too); exponents; the price."""
    runs = tables["runs"]
    every = {T - held_out(T): T for T in settings["samples"]}
    mine = runs["setting"] == HELD_OUT
    runs = runs.assign(samples=runs["samples"].where(~mine, runs["samples"].map(every)))
    theory = select(tables["theory"], setting=KNOWN)
    window, known = settings["window"], select(runs, setting=KNOWN)
    known = list(exponents(known, "sample exponent", window=window, theory=theory))
    found = list(exponents(select(runs, setting=HELD_OUT), "sample exponent", window=window))
    rows = [*known, *found, *_less_known(found, known), *_prices(runs)]
    keys = ["model", "alpha", "beta", "sigma", "setting", "samples"]
    risks = with_divergence(runs).groupby(keys)
    curves = risks["risk"].apply(median_with_interval).unstack()
    curves = curves.join(risks[["step_size", "init"]].median()).reset_index()
    return curves.merge(theory[[*keys, "theory"]], on=keys, how="left"), table(rows)


def _less_known(found: list[dict], known: list[dict]) -> Iterator[dict]:
    """Exponents of held-out tuning less those of known exponents, of independent streams."""
    keys = [*(key for key in SERIES if key != "setting"), "against"]
    others = {tuple(row[key] for key in keys): row for row in known}
    for row in found:
        other = others.get(tuple(row[key] for key in keys))
        if other is None:  # the start that was chosen has no escape
            continue
        less = difference(row, other)
        rest = {key: row[key] for key in row if not key.startswith("start_")}
        yield rest | {"quantity": "exponent less known exponents'", "theory": 0.0} | less


def _prices(runs: pd.DataFrame):
    """Median held-out over median known risk at the largest ``T``, of independent streams."""
    last = with_divergence(runs[runs["samples"] == runs["samples"].max()])
    for key, some in last.groupby(["model", "alpha", "beta", "sigma"]):
        pair = [select(some, setting=one)["risk"].to_numpy() for one in (HELD_OUT, KNOWN)]
        yield dict(zip(("model", "alpha", "beta", "sigma"), key, strict=True)) | {
            "quantity": "risk over known exponents'",
            "setting": HELD_OUT,
            **interval(pair, lambda a, b: np.median(a) / np.median(b), paired=False),
        }
