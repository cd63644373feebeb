"""Equal eigenvalues, where the power law's assumptions fail: risk by target and sample size.

``d`` coordinates of variance ``1/d`` (``alpha = 0``) and three targets, each of signal variance
one: ``lambda_i (w*_i)^2 ~ i^-2`` (``power-law target``), ``k`` equal coordinates and the others
exactly zero (``sparse target``), all equal (``dense target``). All targets have the same streams.
The models are as large as the input, so nothing lies beyond them: once ``T`` exceeds ``d``, the
variance ``sigma^2 d / T`` of linear regression is what is left, and of the quadratic model, which
need not learn where the target is zero, ``sigma^2 k / T``. The quadratic model has first to grow,
which takes of order ``d / (eta w*_i)`` steps.

The start ``v_0`` is the same for all: ``v_0^2`` is small against every target that is not zero, and
where it is, ``v_0^4`` is small against the risk. The step sizes are those of the theory's least
risk at each ``T``, up to a quarter of the stability edge: the rates in ``D`` do not hold here.
"""

from functools import cache
from itertools import product

import numpy as np
import pandas as pd
from pydantic import model_validator

from quadlaw.base import typed
from quadlaw.base.tables import select, stacked
from quadlaw.fit import designs, points
from quadlaw.fit.curves import measured_curves, with_divergence
from quadlaw.fit.estimates import exponents, interval, table
from quadlaw.models import PAPER
from quadlaw.sgd.leaps import method_of
from quadlaw.sgd.problem import Finite, Spectrum, setting_of
from quadlaw.sgd.schedules import named
from quadlaw.sgd.schedules.two_phase import TwoPhase
from quadlaw.sgd.workload import Stream, stream_of
from quadlaw.studies import settings as keys
from quadlaw.theory import mean_field_risk, predicted_risk, stability_edge
from quadlaw.theory.tuning import SAFE, least_risk

SMOKE = {
    "dimension": 32,
    "sparsity": 4,
    "samples": [512, 1024, 2048],
    "replicates": 6,
    "window": [512, 2048],
}
REPORT = (
    "6. Limits and broken assumptions",
    "What is left of the law when all eigenvalues are equal, with a dense and with a sparse "
    "target?",
)


class Settings(keys.Fitted):
    """Equal eigenvalues."""

    dimension: typed.whole(
        "Number d of equal eigenvalues.", "a spectrum has from 2 to 10^5 coordinates",
        ge=2, le=10**5,
    )  # fmt: skip
    sparsity: typed.whole(
        "Number k of coordinates of the sparse target that are not zero.",
        "a target has at least one coordinate", ge=1,
    )  # fmt: skip
    init: keys.Init

    @model_validator(mode="after")
    def _related(self):
        reason = f"the target has only {self.dimension} coordinates"
        typed.demand(self.sparsity <= self.dimension, "sparsity", self.sparsity, reason)
        return self


POWER_LAW, SPARSE, DENSE = "power-law target", "sparse target", "dense target"
BETA = 2.0  # of the power-law target; labels all, as they share their streams
FINE = method_of(0.125)  # all coordinates share one level: by default, short runs err by a tenth
PARTICLES, LONGEST = 256, 2**17  # in each batch of the accurate mean field; up to this T
COARSE = 0.3  # length of the theory's leaps where it only looks for a step size: a flat minimum


@cache
def problem(setting: str, dimension: int, sparsity: int, sigma: float) -> Finite:
    """The problem of a target, of signal variance one."""
    index = np.arange(1, dimension + 1)
    signal = {POWER_LAW: index**-BETA, SPARSE: 1.0 * (index <= sparsity), DENSE: 0.0 * index + 1}
    share = signal[setting] / signal[setting].sum()
    eigenvalues = np.full(dimension, 1 / dimension)
    return Finite(tuple(eigenvalues), tuple(np.sqrt(share / eigenvalues)), sigma, BETA)


def rows(settings: dict) -> pd.DataFrame:
    """Rows with the labels ``setting`` and ``sparsity``."""
    keys = ["setting", "model", "samples"]
    grid = product((POWER_LAW, SPARSE, DENSE), PAPER, settings["samples"])
    return pd.DataFrame(grid, columns=keys).assign(
        model_size=settings["dimension"], init=settings["init"], alpha=0.0, beta=BETA,
        schedule=TwoPhase().name, sigma=settings["sigma"], sparsity=settings["sparsity"],
        replicates=settings["replicates"], method=FINE,
    )  # fmt: skip


def with_steps(rows: pd.DataFrame, settings: dict) -> pd.DataFrame:
    """Step sizes of the theory's least risk."""
    steps = [_best_step(row) for row in rows.to_dict("records")]
    return rows.assign(step_size=steps)


def _best_step(row: dict) -> float:
    model, one = row["model"], _of(row, row["sigma"])
    run = {key: row[key] for key in ("model_size", "samples", "init")}
    largest = SAFE * stability_edge(one, run["model_size"], model)

    def risk_at(eta):
        return predicted_risk(model, one, step_size=eta, growth=COARSE, **run)

    return least_risk(risk_at, largest, largest / row["samples"]).step_size


def _of(row: dict, sigma: float) -> Finite:
    """The problem of a row of the design."""
    return problem(row["setting"], row["model_size"], row["sparsity"], sigma)


def run_point(point: dict, seed: int, dtype: str, listed: Spectrum | None = None) -> pd.DataFrame:
    """Runs as of :func:`quadlaw.fit.points.run_point`, target by target on the same streams."""
    frames = []
    for _, some in pd.DataFrame(point["lanes"]).groupby("setting"):
        lanes = some.to_dict("records")
        one = _of(lanes[0], point["sigma"])
        mine = point | {"lanes": lanes}
        frames.append(points.run_point(mine, seed, dtype, one.spectrum(one.size)))
    return stacked(frames)


def streams(rows: pd.DataFrame) -> list[Stream]:
    """The work of the rows: each target's alone."""
    each = [designs.points(some) for _, some in rows.groupby("setting")]
    return [stream_of(point) for some in each for point in some]


def predicted(design: pd.DataFrame) -> pd.DataFrame:
    """The design with its column ``theory``.

    The mean field by its closure, but for the sparse target by particles (two nodes alone) up to
    ``LONGEST``: at large steps the coordinates of target zero have a law so wide that the closure
    errs by half of the risk.
    """
    rows = design.to_dict("records")
    return stacked(
        pd.DataFrame([row]).assign(theory=_by_particles(row))
        if (row["setting"], row["model"]) == (SPARSE, "quadratic") and row["samples"] <= LONGEST
        else designs.predicted(pd.DataFrame([row]), _of(row, row["sigma"]))
        for row in rows
    )


def _by_particles(row: dict) -> float:
    one, schedule = _of(row, row["sigma"]), named(row["schedule"])
    accurate = {"method": "accurate", "particles": PARTICLES}
    return mean_field_risk(one, schedule=schedule, **accurate, **setting_of(row))


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Median risks beside the theory; exponents in ``T``; the sparse ratio."""
    runs, theory = tables["runs"], tables["theory"]
    found = list(exponents(runs, "sample exponent", window=settings["window"], theory=theory))
    share = settings["sparsity"] / settings["dimension"]
    return measured_curves(runs, theory), table([*found, _sparse(runs, theory, share)])


def _sparse(runs: pd.DataFrame, theory: pd.DataFrame, share: float) -> dict:
    """log10 of the median risk ratio over ``k/d``, for the sparse target at the largest ``T``."""
    last = {"setting": SPARSE, "samples": runs["samples"].max()}
    runs = with_divergence(runs).sort_values("replicate")

    def of(frame, model, column):
        return select(frame, model=model, **last)[column]

    def log_ratio(quadratic, linear):
        return np.log10(np.median(quadratic / linear) / share)

    risks = [of(runs, model, "risk").to_numpy() for model in PAPER]
    return {
        **runs.iloc[0][["alpha", "beta", "sigma"]].to_dict(),
        "quantity": "log10 of quadratic over linear risk, over k/d",
        "model": "quadratic",
        "setting": SPARSE,
        "theory": log_ratio(*(of(theory, model, "theory").to_numpy() for model in PAPER)),
        "diverged_share": of(runs, "quadratic", "diverged").mean(),
        **interval(risks, log_ratio),
    }
