"""Does the law hold on real data, with exponents that are estimated from it?

Labels and columns of :func:`quadlaw.data.datasets.flights`; features of Matern kernels, whose
smoothness sets ``alpha``. Rows, in a random order, are split into landmarks, an estimation split,
a held-out split and blocks for training:

* on the *estimation* split: the eigenbasis, ``alpha``, ``beta``, the noise, the stability edge;
* on *blocks*, one pass each (:mod:`quadlaw.data.data_runs`): linear and signed SGD of features
  along the eigenvectors; as controls, signed SGD along randomly rotated ones, and the quadratic
  model with the estimated signs. A run of ``T`` samples takes the first ``T`` rows of its
  replicate's block. ``eta = c D^p`` and ``v_0`` follow the paper's rules with the estimated
  exponents; ``c`` has the least risk on pilot blocks, which are not reported;
* on the *held-out* split: the excess risk over the best linear predictor
  (:mod:`quadlaw.data.held_out`).

Claims are of ``exponent less theory``: the observed exponent less that of the theory for Gaussian
inputs of the measured spectrum and target, over the same window. The law's exponents have intervals
of their own, from those of ``alpha`` and ``beta``. They leave ``exponent less law`` open here: the
target is no power law, so that ever more directions do not make ``beta`` certain.

Intervals over replicates cover the draw of training rows and their order, from these flights. Not
covered is the draw of the held-out rows: ``shifted floor`` gives the exponents if the floor lay two
of its standard errors lower or higher. The signed model's theory is the quadratic one's.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pydantic import model_validator

from quadlaw.base import typed
from quadlaw.base.checks import require
from quadlaw.base.tables import stacked
from quadlaw.data import datasets
from quadlaw.data.data_runs import (
    FEATURES,
    KEYS,
    LINEAR,
    MODELS,
    ROTATED,
    SERIES,
    SIGNED,
    STRAIGHT,
    Plan,
    chosen,
    trained,
)
from quadlaw.data.held_out import Eigenbasis, HeldOut, measured_problem
from quadlaw.data.kernels import nystroem
from quadlaw.data.own_data import DataExponents
from quadlaw.fit.curves import measured_curves, median_with_interval
from quadlaw.fit.estimates import difference, exponents, interval, table
from quadlaw.sgd.problem import Finite
from quadlaw.sgd.workload import Stream
from quadlaw.studies import settings as keys
from quadlaw.theory import rates

SMOKE = keys.SMALL | {
    "smoothness": [0.5],
    "landmarks": 300,
    "model_size": 160,
    "estimation": 4096,
    "held_out": 8192,
    "fractions": [0.125, 0.25, 0.5],
}
REPORT = (
    "8. Beyond the paper",
    "Is anything of the law left on real data, with exponents that are estimated from it?",
)


def _split(description: str):
    reason = "a split has from 64 to 10^6 rows"
    return typed.whole(description, reason, ge=64, le=10**6)


class Settings(keys.Fitted):
    """Real data, with estimated exponents."""

    smoothness: typed.several(
        typed.one_of("Smoothness.", "must be 0.5, 1.5 or 2.5", 0.5, 1.5, 2.5),
        "Smoothness nu of Matern kernels, one after another.",
        f"must list kernels among 0.5, 1.5 and 2.5, {keys.RISING}", rising=True,
    )  # fmt: skip
    landmarks: typed.whole(
        "Rows that the kernel's features are made of.",
        "a kernel's features need landmarks, and at most 10^4 of them, whose matrix is decomposed",
        ge=8, le=10**4,
    )  # fmt: skip
    model_size: keys.ModelSize
    estimation: _split("Rows that exponents and eigenbasis are estimated from.")
    held_out: _split("Rows that the risk is measured on.")
    fractions: keys.Fractions
    pilots: keys.Pilots = 3

    @model_validator(mode="after")
    def _related(self):
        size, last = self.model_size, self.fractions[-1]
        spanned = f"the landmarks span only {self.landmarks} features"
        typed.demand(size <= self.landmarks, "model_size", size, spanned)
        typed.demand(size % 2 == 0, "model_size", size, "must be even, for the rotated basis")
        for name in ("estimation", "held_out"):
            rows = getattr(self, name)
            typed.demand(
                rows >= 2 * size, name, rows, f"{size} features need at least two rows each"
            )
        typed.demand(last < 1, "fractions", last, "must lie below the stability edge, at 1")
        return self


TRAINS = MODELS
SEED = 0  # of the order of the rows
DECIMALS = 3  # of the estimates that predictions are made of
DRAWS = 10_000  # of alpha and beta within their errors
NORMAL = 1.96  # half-width of an interval in standard errors


@dataclass(frozen=True)
class Splits:
    """Numbers of rows; no row is in two of them."""

    landmarks: np.ndarray
    estimation: np.ndarray
    held_out: np.ndarray
    blocks: list[np.ndarray]

    @classmethod
    def of(cls, rows: int, settings: dict) -> "Splits":
        """Of a table of that many rows: pilot blocks first, then those that are reported."""
        blocks = settings["pilots"] + settings["replicates"]
        sizes = [settings[key] for key in ("landmarks", "estimation", "held_out")]
        sizes += [max(settings["samples"])] * blocks
        require(sum(sizes) <= rows, "rows", sum(sizes), f"the table has only {rows}")
        order = np.random.default_rng(SEED).permutation(rows)
        one, two, three, *rest = np.split(order, np.cumsum(sizes))[:-1]
        return cls(one, two, three, rest)


def extra(settings: dict) -> dict:
    """All of its work: kernels, and blocks of rows that models are trained on."""
    blocks, models = settings["pilots"] + settings["replicates"], len(settings["smoothness"])
    lanes, size = len(settings["fractions"]), settings["model_size"]
    streams = [
        Stream(T, blocks * models, len(FEATURES) * lanes, size, sum(FEATURES) * lanes * size)
        for T in settings["samples"]
    ]
    estimation, held_out = settings["estimation"], settings["held_out"]
    rows = estimation + held_out + blocks * max(settings["samples"])
    kernels = rows * models * settings["landmarks"] * size
    numbers = (3 * estimation + held_out) * size  # the first in double precision
    return {"rate_fits": {"streams": streams, "kernels": kernels, "numbers": numbers}}


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Of every kernel: spectrum, risk and ratios; exponents, observed and predicted."""
    columns, y = datasets.flights()
    x, parts = columns.to_numpy(), []
    splits = Splits.of(len(x), settings)
    for smoothness in settings["smoothness"]:
        features = nystroem(x[splits.landmarks], smoothness, settings["model_size"])
        parts += studied(features, x, y, splits, settings, f"Matern {smoothness:g}")
    require(len(parts) > 0, "smoothness", settings["smoothness"], "no kernel shows a power law")
    curves, estimates = zip(*parts, strict=True)
    return stacked(curves), stacked(estimates)


def studied(
    features: Callable, x: np.ndarray, y: np.ndarray, splits: Splits, settings: dict, name: str
) -> list[tuple[pd.DataFrame, pd.DataFrame]]:
    """``[(curves, estimates)]`` of one kernel; empty if no power law can be seen."""
    own = Eigenbasis.of(features, x[splits.estimation], y[splits.estimation])

    def rows(split):
        return own.rows(x[split], y[split])

    try:
        found, problem = measured_problem(*rows(splits.estimation))
    except ValueError as fault:
        print(f"{name}: {fault}")
        return []
    plan = Plan(found, problem, settings["samples"], settings["fractions"])
    held_out = HeldOut.of(*rows(splits.held_out))
    runs = stacked(
        trained(plan, *rows(block), held_out).assign(replicate=replicate)
        for replicate, block in enumerate(splits.blocks)
    )
    runs[SERIES] = [*labels(found), name]
    reported = chosen(runs, settings["pilots"], settings["window"])
    theory = plan.predicted(reported)
    curves = [spectrum(found, problem).assign(setting=name), *drawn(reported, theory)]
    return [(stacked(curves), table([*_estimates(reported, theory, found, settings)]))]


def labels(found: DataExponents) -> list[float]:
    """``alpha, beta, sigma``, rounded, so that all machines call them the same."""
    values = found.alpha.estimate, found.beta.estimate, np.sqrt(found.noise_variance)
    return [round(float(value), DECIMALS) for value in values]


# --- what is drawn and claimed --------------------------------------------------------------------


def spectrum(found: DataExponents, problem: Finite) -> pd.DataFrame:
    """Variances and signals along the eigenvectors, and the fitted laws where they were fitted."""
    index = np.arange(1, problem.size + 1)
    frame = {"part": "spectrum", "index": index, "variance": problem.eigenvalues}
    frame["signal"] = np.array(problem.eigenvalues) * np.square(problem.target)
    laws = {"variance": (found.alpha, found.indices), "signal": (found.beta, found.signal_indices)}
    for key, (law, (low, high)) in laws.items():
        fit = law.scale * index**-law.estimate
        frame[f"{key}_fit"] = np.where((index >= low) & (index <= high), fit, np.nan)
    return pd.DataFrame(frame)


def drawn(reported: pd.DataFrame, theory: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Median risks beside the theory, and ratios of risks on the same rows."""
    errors = reported.groupby(KEYS)["error"].median()
    runs = reported.drop(columns=["error", "risk"]).assign(adapted=0, learned=0)
    risks = measured_curves(runs).merge(theory[[*KEYS, "theory"]], on=KEYS, how="left")
    yield risks.join(errors, on=KEYS).assign(part="risk")
    for quantity, ratio in ratios(reported).items():
        medians = ratio.groupby("samples")["ratio"].apply(median_with_interval).unstack()
        yield medians.reset_index().assign(part=quantity, setting=reported["setting"].iloc[0])


def ratios(reported: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Linear over signed risk, and the rotated signed model's over signed risk, in pairs."""
    index = [*SERIES, "samples", "replicate"]
    wide = reported.pivot(index=index, columns=["model", "basis"], values="risk")
    over = {"ratio": wide[LINEAR, STRAIGHT], "rotated ratio": wide[SIGNED, ROTATED]}
    pairs = {name: (risk / wide[SIGNED, STRAIGHT]).rename("ratio") for name, risk in over.items()}
    return {
        name: pair.reset_index().assign(excess_risk=pair.to_numpy(), diverged=False, model=SIGNED)
        for name, pair in pairs.items()
    }


def theory_ratios(theory: pd.DataFrame) -> pd.DataFrame:
    """The theory's linear over signed risk, as ``theory`` of the signed model."""
    straight = theory[theory["basis"] == STRAIGHT]
    wide = straight.pivot(index=[*SERIES, "samples"], columns="model", values="theory")
    return (wide[LINEAR] / wide[SIGNED]).rename("theory").reset_index().assign(model=SIGNED)


def _estimates(
    reported: pd.DataFrame, theory: pd.DataFrame, found: DataExponents, settings: dict
) -> Iterator[dict]:
    series = {key: reported[key].iloc[0] for key in SERIES}
    turned = reported["basis"] == ROTATED
    straight, rotated = reported[~turned], reported[turned]
    options = {"window": settings["window"], "paired": True}
    laws = list(predictions(found))
    for key, one in (("alpha", found.alpha), ("beta", found.beta)):
        yield series | {
            "quantity": f"estimated {key}", "estimate": one.estimate, "ci_low": one.ci_low,
            "ci_high": one.ci_high, "start_low": min(one.first, one.last),
            "start_high": max(one.first, one.last),
        }  # fmt: skip
    for row in exponents(straight, "sample exponent", theory=theory, **options):
        yield row
        yield _less(row, _law(laws, row), "exponent less law")
        yield _less_theory(row, "exponent less theory")
    yield from exponents(rotated, "rotated sample exponent", **options)
    pairs = ratios(reported)
    known = {"ratio": theory_ratios(theory)}
    for name, pair in pairs.items():
        fits = exponents(
            pair, f"{name} exponent", value="ratio", theory=known.get(name),
            theory_value="theory", **options,
        )  # fmt: skip
        for row in fits:
            yield row
            if name == "ratio":
                yield _less(row, _law(laws, row), "ratio exponent less law")
                yield _less_theory(row, "ratio exponent less theory")
        last = pair.loc[pair["samples"] == pair["samples"].max(), "ratio"].to_numpy()
        yield series | {"quantity": f"last {name}", **interval([last], np.median)}
    yield from (series | law for law in laws)
    yield from _shifted(straight, options)


def _law(laws: list[dict], row: dict) -> dict:
    """The law's exponent for a row of an observed one."""
    wanted = f"predicted {row['quantity']}", row["model"]
    return next(law for law in laws if (law["quantity"], law["model"]) == wanted)


def _less(row: dict, other: dict, quantity: str) -> dict:
    """A row of an exponent, less another number."""
    rest = {key: row[key] for key in row if not key.startswith("start_")}
    return rest | {"quantity": quantity, "theory": np.nan} | difference(row, other)


def _less_theory(row: dict, quantity: str) -> dict:
    """A row of an exponent, less the theory's own."""
    exact = dict.fromkeys(("estimate", "ci_low", "ci_high"), row["theory"])
    return _less(row, exact, quantity) | {"theory": 0.0}


def predictions(found: DataExponents) -> Iterator[dict]:
    """The law's exponents at the estimates, with intervals from those of ``alpha`` and ``beta``.

    Both errors are taken as normal and independent.
    """
    draw = np.random.default_rng(SEED).standard_normal((2, DRAWS))
    draw[:, 0] = 0  # the estimates themselves
    alpha, beta = (
        one.estimate + (one.ci_high - one.ci_low) / (2 * NORMAL) * errors
        for one, errors in zip((found.alpha, found.beta), draw, strict=True)
    )
    exponent = {model: rates.sample_exponent(model, alpha, beta) for model in MODELS}
    rows = [("sample", model, values) for model, values in exponent.items()]
    for quantity, model, values in [*rows, ("ratio", SIGNED, exponent[SIGNED] - exponent[LINEAR])]:
        low, high = np.quantile(values, [0.025, 0.975])
        yield {
            "quantity": f"predicted {quantity} exponent", "model": model, "estimate": values[0],
            "ci_low": low, "ci_high": high,
        }  # fmt: skip


def _shifted(runs: pd.DataFrame, options: dict) -> Iterator[dict]:
    """Exponents if the floor lay two standard errors lower or higher, as ends of the interval."""
    last = runs[runs["samples"] == runs["samples"].max()]
    shift = 2 * last["error"].median()

    def moved(by):
        return exponents(
            runs.assign(excess_risk=runs["excess_risk"] + by), "shifted floor", **options
        )

    for rows in zip(*map(moved, (0.0, -shift, shift)), strict=True):
        found = sorted(row["estimate"] for row in rows)
        yield rows[0] | {"ci_low": found[0], "ci_high": found[-1]}
