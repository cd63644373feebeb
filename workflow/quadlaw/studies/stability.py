"""Which step sizes diverge, which is the best one, and how it scales with ``D``.

Step sizes are taken in units of the stability edge
(:func:`quadlaw.theory.stability.stability_edge`). For the linear model that is where expected risk
grows without bound; for the quadratic model it is that of its linearization at the target. Single
runs diverge below it, as the noise is multiplicative, and the median of a few short runs may look
good beyond it.

The best step size balances adaptation, which wants ``eta lambda_D w*_D T`` of order one or more
(``eta lambda_D T`` for the linear model), with the noise of order ``eta``. For ``alpha < beta``
that is ``eta ~ D^((alpha - beta)/2)``, the paper's choice, and ``D^(alpha - beta)``; for
``alpha >= beta`` it stays at the edge. By simulation: a parabola through the lowest median and its
neighbours in ``log eta``. By theory: Brent's method up to a quarter of the edge
(:func:`quadlaw.theory.tuning.tuned_step`).

*Which coordinates bound the step.* If the smallest eigenvalue that is learned did, by ``eta
lambda_D`` of order one, runs would diverge from a step size on that grows as ``D^alpha``. The edge
is made of the sum over all coordinates, which converges: leading ones decide, and it does not
depend on ``D``. Longer runs diverge from smaller steps on, as they have more time to.
"""

import numpy as np
import pandas as pd

from quadlaw.base import typed
from quadlaw.base.tables import stacked
from quadlaw.fit.curves import measured_curves, with_divergence
from quadlaw.fit.designs import curve_rows
from quadlaw.fit.estimates import ends, resampled, share, table
from quadlaw.fit.exponents import theory_row
from quadlaw.fit.fitting import curve_exponent
from quadlaw.models import PAPER
from quadlaw.sgd.problem import PowerLaw
from quadlaw.studies import settings as keys
from quadlaw.theory import rates, stability_edge

SMOKE = {
    "samples": [64, 256, 1024],
    "fractions": [0.0625, 0.25, 1.0, 2.0],
    "replicates": 6,
    "many": 12,
    "grid": {"decades": [6, 10], "per_decade": 0.5},
}
REPORT = (
    "5. Step sizes and schedules",
    "Which step size is best, and from which on do runs diverge?",
)


class Settings(typed.Settings):
    """Step sizes, divergence and the best one."""

    problems: keys.Problems
    samples: typed.several(
        keys.SampleSize, "Sample sizes, each a run of its own.",
        f"must list at least three sample sizes, {keys.RISING}", rising=True, least=3,
    )  # fmt: skip
    fractions: keys.Fractions
    replicates: keys.Replicates = 16
    size_factor: keys.SizeFactor = 4
    many: keys.Many
    grid: keys.OneStartGrid


GRID, QUARTER, BEST = "grid", "quarter", "best"  # parts of the table of curves
QUARTER_EDGE = 0.25
HALF = 0.5  # of the runs
SERIES = ["model", "alpha", "beta", "sigma"]


def rows(settings: dict) -> pd.DataFrame:
    """Rows with the labels ``part`` and ``fraction``, the step size in units of the edge.

    ``grid``: all fractions at every ``T``. ``quarter``: a quarter of it at the largest
    ``T``, with more replicates.
    """
    frames = []
    for one in settings["problems"]:
        for model in PAPER:
            rows = curve_rows(settings, one, model)
            last = rows[rows["samples"] == rows["samples"].max()]
            frames += [_at(rows, fraction, GRID) for fraction in settings["fractions"]]
            frames.append(_at(last, QUARTER_EDGE, QUARTER).assign(replicates=settings["many"]))
    return stacked(frames)


def _at(rows: pd.DataFrame, fraction: float, part: str) -> pd.DataFrame:
    return rows.drop(columns="tuning").assign(fraction=fraction, part=part)


def with_steps(rows: pd.DataFrame, settings: dict) -> pd.DataFrame:
    """``fraction`` of the stability edge, which is the column ``edge``."""
    keys = ["model", "alpha", "beta", "sigma", "model_size"]
    edges = {
        key: stability_edge(PowerLaw(*key[1:4]), key[4], key[0])
        for key in rows[keys].drop_duplicates().itertuples(index=False, name=None)
    }
    edge = [edges[key] for key in rows[keys].itertuples(index=False, name=None)]
    rows = rows.assign(edge=edge)
    place = rows.columns.get_loc("model_size") + 1
    rows.insert(place, "step_size", rows["fraction"] * rows["edge"])
    return rows


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Risk and diverged share by step size and ``T``; the best step sizes; their exponents."""
    runs, theory, rows = tables["runs"], tables["theory"], []
    curves = [measured_curves(runs, theory)]
    for _, some in runs[runs["part"] == QUARTER].groupby(SERIES):
        rows.append(_labels(some) | diverged_share(some["diverged"]))
    theory = dict(list(theory[theory["part"] == GRID].groupby(SERIES)))
    for key, some in runs[runs["part"] == GRID].groupby(SERIES):
        points, row = best_steps(some, theory[key])
        curves.append(points.assign(**_labels(some), part=BEST, setting="simulated"))
        rows += [_labels(some) | row, _labels(some) | half_steps(some)]
    for _, some in tables["tuned"].groupby(SERIES):
        points = _dimensions(some[["samples", "step_size", "at_limit"]], _labels(some))
        curves.append(points.assign(**_labels(some), part=BEST, setting="theory"))
        rows.append(_labels(some) | _by_theory(points))
    return stacked(curves), table(rows)


def _labels(some: pd.DataFrame) -> dict:
    return some.iloc[0][SERIES].to_dict()


def diverged_share(diverged: pd.Series) -> dict:
    """The share of diverged runs with its exact interval."""
    return share(diverged) | {"quantity": "diverged share at a quarter of the edge"}


def half_steps(runs: pd.DataFrame) -> dict:
    """The step size from which half of the runs diverge: its exponent in ``D``.

    Each ``T`` has a ``D`` of its own. Runs of the part ``grid`` of one series.
    """
    keys = ["samples", "step_size"]
    wide = runs.pivot(index=keys, columns="replicate", values="diverged").astype(float)
    grids = [
        (np.log(some.index.get_level_values("step_size").to_numpy()), some.to_numpy())
        for _, some in wide.groupby("samples")
    ]
    points = _dimensions(
        pd.DataFrame({"samples": np.sort(runs["samples"].unique())}), _labels(runs)
    )

    def slope(chosen):
        steps = [half(log_eta, some[:, chosen].mean(axis=1)) for log_eta, some in grids]
        return _exponent(points["dimension"], np.exp(steps))

    draws = resampled(wide.shape[1], slope)
    row = {"estimate": slope(np.arange(wide.shape[1]))} | ends(draws, wide.shape[1])
    return _summary(points, "exponent of the step at which half diverge") | row


def half(log_eta: np.ndarray, shares: np.ndarray) -> float:
    """Where the share of diverged runs first passes ``HALF``, between neighbours; nan if never."""
    risen = np.maximum.accumulate(shares)
    if risen[-1] < HALF or risen[0] >= HALF:
        return np.nan
    last = int(np.argmax(risen >= HALF))
    near = slice(last - 1, last + 1)
    return float(np.interp(HALF, risen[near], log_eta[near]))


def lowest(log_eta: np.ndarray, log_risk: np.ndarray) -> float:
    """Where a parabola through the lowest point and its neighbours is lowest.

    The lowest point itself if it is the first or the last, or if a neighbour's risk is infinite.
    """
    k = int(np.argmin(log_risk))
    near = slice(k - 1, k + 2)
    if k in (0, len(log_eta) - 1) or not np.isfinite(log_risk[near]).all():
        return float(log_eta[k])
    curvature, slope, _ = np.polyfit(log_eta[near] - log_eta[k], log_risk[near], 2)
    return float(log_eta[k] - slope / (2 * curvature)) if curvature > 0 else float(log_eta[k])


def best_steps(runs: pd.DataFrame, theory: pd.DataFrame) -> tuple[pd.DataFrame, dict]:
    """The step size of the least risk at every ``T``, and its exponent in ``D(T)``."""
    keys = ["samples", "step_size"]
    wide = np.log(with_divergence(runs).pivot(index=keys, columns="replicate", values="risk"))
    grids = [
        (np.log(some.index.get_level_values("step_size").to_numpy()), some.to_numpy())
        for _, some in wide.groupby("samples")
    ]

    def best(chosen):
        return np.exp([lowest(eta, np.median(r[:, chosen], axis=1)) for eta, r in grids])

    points = pd.DataFrame({"samples": np.sort(runs["samples"].unique())})
    points = _dimensions(points, _labels(runs)).assign(step_size=best(np.arange(wide.shape[1])))
    points["theory"] = [_lowest_theory(some) for _, some in theory.groupby("samples")]
    draws, D = resampled(wide.shape[1], best), points["dimension"]
    row = {"estimate": _exponent(D, points["step_size"]), "theory": _exponent(D, points["theory"])}
    row |= ends(np.array([_exponent(D, draw) for draw in draws]), wide.shape[1])
    return points.assign(**ends(draws, wide.shape[1])), _summary(
        points, "optimal step exponent"
    ) | row


def _lowest_theory(theory: pd.DataFrame) -> float:
    """The same of the theory's risks, infinite where it refuses."""
    theory = theory.sort_values("step_size")
    return np.exp(lowest(np.log(theory["step_size"].to_numpy()), _log_risk(theory["theory"])))


def _log_risk(risk: pd.Series) -> np.ndarray:
    return np.log(risk.fillna(np.inf).to_numpy())


def _by_theory(points: pd.DataFrame) -> dict:
    """The exponent over all ``T``, with the range of local ones."""
    points = points.sort_values("samples")
    local = np.diff(np.log(points["step_size"])) / np.diff(np.log(points["dimension"]))
    slope = _exponent(points["dimension"], points["step_size"])
    return _summary(points, "optimal step exponent by theory") | theory_row(slope, local)


def _dimensions(points: pd.DataFrame, labels: dict) -> pd.DataFrame:
    series = (labels["model"], labels["alpha"], labels["beta"])
    return points.assign(dimension=rates.effective_dimension(*series, points["samples"]))


def _exponent(dimension, step_size) -> float:
    return curve_exponent(dimension, step_size, (0.0, np.inf))


def _summary(points: pd.DataFrame, quantity: str) -> dict:
    span = {"window_low": points["dimension"].min(), "window_high": points["dimension"].max()}
    return {"quantity": quantity, "against": "D"} | span | {"points": len(points)}
