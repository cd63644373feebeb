"""Exponents over the plane of alpha and beta: nearer to which of the two laws do they lie?

The paper's law for the quadratic model is ``p = (beta - 1) / max(beta, (alpha + beta) / 2)``, that
of the linear one ``(beta - 1) / max(alpha, beta)`` (Ding et al. 2025, section 4; Lin et al. 2024).
They are the same for ``alpha <= beta``, and nearly so near that line. So claims are of problems
whose laws are ``APART``, at least .05, and in units of their distance: an exponent's *position* is

    (p - linear law) / (quadratic law - linear law),

1 on the quadratic model's law and 0 on the linear one's. Exponents are against the variable of
their limiting term (:func:`quadlaw.theory.rates.limiting_clock`): for ``alpha > beta``,
``T / L`` of the quadratic model and ``T`` of the linear one. The others are shown.

By theory, an exponent is the slope between the smallest and the largest ``T`` of the grid, each at
its best step size. It hardly depends on the model's size: between models of 4 and of 1000 ``D``
the largest difference is .001. By simulation, it is fitted to the median risks of runs in leaps
(:mod:`quadlaw.sgd.leaps`). Intervals are over resampled runs, of every problem and model by itself.

At the largest ``T`` steps are at most a quarter of a model's stability edge. The quadratic model
needs that, or runs diverge. The linear model does not, and a stronger one takes up to nine tenths:
leaps are not made for such steps, so that its exact risk stands for its runs.
"""

from collections.abc import Iterable, Iterator
from itertools import product, starmap

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from quadlaw.base.tables import select, stacked
from quadlaw.base.typed import demand
from quadlaw.fit import designs
from quadlaw.fit.curves import measured_curves, with_divergence
from quadlaw.fit.designs import IN_LEAPS, curve_rows
from quadlaw.fit.estimates import ends, exponents, resampled, table
from quadlaw.fit.exponents import SCALES, theory_row
from quadlaw.models import PAPER
from quadlaw.studies import settings as keys
from quadlaw.theory import rates

SMOKE = keys.SMALL | {
    "grid": {"alphas": [1.5, 2.5, 4.0], "betas": [1.5, 2.5], "decades": [3, 5], "per_decade": 1},
    "alphas": [1.5, 4.0],
    "betas": [1.5, 2.5],
}
REPORT = (
    "2. Exponents",
    "Where in the plane of alpha and beta do the exponents agree with the paper's, and where "
    "do the models part?",
)


class Settings(keys.Fitted):
    """Exponents over the plane of alpha and beta."""

    grid: keys.OneStartGrid = Field(description=keys.Grid.__doc__)
    alphas: keys.Alphas
    betas: keys.Betas
    size_factor: keys.SizeFactor = 4

    @model_validator(mode="after")
    def _related(self):
        reason = f"in no problem do the two laws differ by {APART:g}"
        kind = "problems" if self.grid.problems else "alphas"
        for key, one in (("alphas", self), (f"grid.{kind}", self.grid)):
            value = one.model_dump()[key.split(".")[-1]]
            demand(any(starmap(is_apart, _pairs(one))), key, value, reason)
        return self


def _pairs(settings) -> Iterable[tuple[float, float]]:
    """``alpha`` and ``beta`` of every problem of a grid."""
    listed = getattr(settings, "problems", None)
    if listed:
        return ((one.alpha, one.beta) for one in listed)
    return product(settings.alphas, settings.betas)


STRONG, STRONGER = 0.9, "linear model up to 0.9 of its edge"
APART = 0.05  # least distance of the two laws
PROBLEM = ["alpha", "beta", "sigma"]
HUGE = 1e3  # log risk of a diverged run, as inf - inf is nan


def rows(settings: dict) -> pd.DataFrame:
    """A curve against ``T`` for every ``alpha``, ``beta`` and model, in leaps."""
    cells = product(settings["alphas"], settings["betas"], PAPER)
    return stacked(
        curve_rows(settings, {"alpha": alpha, "beta": beta}, model, setting="", **IN_LEAPS)
        for alpha, beta, model in cells
    )


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measured curves; exponents and positions of every cell, and of the plane as a whole."""
    runs, theory, window = tables["runs"], tables["theory"], settings["window"]
    cells = list(exponents(runs, "sample exponent", window=window, theory=theory))
    rows = [*theory_exponents(tables["tuned"]), *plane_by_theory(tables["tuned"]), *cells]
    rows += cell_positions(pd.DataFrame(cells)).to_dict("records")
    inside = [apart(some[some["samples"].between(*window)]) for some in (runs, theory)]
    strong = pd.concat([stronger(one, settings) for one in _cells(inside[1])])
    rows += plane(*inside, strong[strong["samples"].between(*window)])
    return measured_curves(runs, theory), table(rows)


# --- the two laws ---------------------------------------------------------------------------------


def distance(alpha, beta):
    """Of the laws, the quadratic model's less the linear one's; arrays allowed."""
    quadratic, linear = (rates.sample_exponent(model, alpha, beta) for model in PAPER)
    return quadratic - linear


def apart(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of problems whose laws are ``APART``."""
    return frame[is_apart(frame["alpha"], frame["beta"])]


def is_apart(alpha, beta):
    """Whether the laws are, but for rounding; arrays allowed."""
    return distance(alpha, beta) >= APART - 1e-9


def position(exponent, alpha, beta):
    """1 on the quadratic model's law and 0 on the linear one's; arrays allowed."""
    return (exponent - rates.sample_exponent("linear", alpha, beta)) / distance(alpha, beta)


def clock_of(model: str, cells: pd.DataFrame) -> str:
    """The variable of a model's limiting term, the same for all problems that are apart."""
    alpha, beta = cells[["alpha", "beta"]].iloc[0]
    return rates.limiting_clock(model, alpha, beta)


def summaries(model: str, positions: np.ndarray) -> dict[str, np.ndarray]:
    """Of the plane: the median position, and the one that is farthest from the model's own law.

    ``positions`` has the cells along its last axis.
    """
    off = np.abs(positions - (rates.depth_of(model) - 1))
    farthest = np.take_along_axis(positions, off.argmax(axis=-1)[..., None], axis=-1)
    return {"median": np.median(positions, axis=-1), "farthest": farthest[..., 0]}


# --- by theory ------------------------------------------------------------------------------------


def local(tuned: pd.DataFrame, clock: str) -> pd.DataFrame:
    """The theory's exponents against a clock of every cell and model.

    Columns ``whole``, between the smallest and the largest ``T``, and ``early`` and ``late``, up to
    and from the middle one.
    """
    keys = ["model", *PROBLEM]
    log_risk = np.log(tuned.pivot(index=keys, columns="samples", values="risk"))
    cells = tuned.groupby(keys)["init"].median().loc[log_risk.index].reset_index()
    x, middle = variable(clock, log_risk.columns.to_numpy(float), cells), log_risk.shape[1] // 2
    ends = {"whole": (0, -1), "early": (0, middle), "late": (middle, -1)}
    result = pd.DataFrame(
        {
            name: (log_risk.iloc[:, a] - log_risk.iloc[:, b]) / np.log(x[:, b] / x[:, a])
            for name, (a, b) in ends.items()
        }
    )
    return result.assign(window_low=x[:, 0], window_high=x[:, -1]).reset_index()


def variable(clock: str, samples: np.ndarray, cells: pd.DataFrame) -> np.ndarray:
    """The values of a clock, one row a cell and one column a ``T``."""
    if clock in SCALES["samples"]:
        return np.tile(SCALES["samples"][clock](samples), (len(cells), 1))
    alpha, beta, init = cells[["alpha", "beta", "init"]].to_numpy().T[..., None]
    return rates.escape_clock(samples, alpha, beta, init**2)


def theory_exponents(tuned: pd.DataFrame) -> Iterator[dict]:
    """One row a cell, model and clock; the range is that of the two half windows."""
    escaping = (tuned["model"] == "quadratic") & (tuned["alpha"] > tuned["beta"])
    for clock in (*SCALES["samples"], "T/L"):
        some = tuned[escaping] if clock == "T/L" else tuned
        for row in local(some, clock).to_dict("records"):
            yield {key: row[key] for key in ("model", *PROBLEM, "window_low", "window_high")} | {
                "quantity": "theory exponent",
                "against": clock,
                **theory_row(row["whole"], [row["early"], row["late"]]),
            }


def plane_by_theory(tuned: pd.DataFrame) -> Iterator[dict]:
    """Median and farthest position of each model by theory; range as above."""
    for model, some in apart(tuned).groupby("model"):
        clock = clock_of(model, some)
        cells = local(some, clock)
        exponent = cells[["whole", "early", "late"]].to_numpy().T
        found = summaries(model, position(exponent, *cells[["alpha", "beta"]].to_numpy().T))
        for name, (whole, *halves) in found.items():
            yield {
                "quantity": f"{name} position by theory", "model": model, "against": clock,
                "sigma": cells["sigma"].iloc[0], "points": len(cells), **theory_row(whole, halves),
                **cells.iloc[0][["window_low", "window_high"]],
            }  # fmt: skip


# --- by simulation --------------------------------------------------------------------------------


def cell_positions(cells: pd.DataFrame) -> pd.DataFrame:
    """Rows of exponents as rows of positions, where the laws are apart."""
    found = apart(cells)
    keys = found[["model", "alpha", "beta"]].itertuples(index=False, name=None)
    found = found[found["against"] == [rates.limiting_clock(*key) for key in keys]]
    numbers = ["estimate", "ci_low", "ci_high", "theory", "start_low", "start_high"]
    moved = found[numbers].apply(lambda one: position(one, found["alpha"], found["beta"]))
    return found.assign(quantity="position", **moved)


def stronger(cell: pd.DataFrame, settings: dict) -> pd.DataFrame:
    """The exact risk of the linear model with larger steps, of one problem."""
    one = cell[PROBLEM].iloc[0].to_dict()
    frame = curve_rows(settings, one, "linear", share=STRONG, setting=STRONGER)
    return designs.predicted(designs.with_steps(frame))


def _cells(frame: pd.DataFrame) -> Iterator[pd.DataFrame]:
    return (some for _, some in frame.groupby(PROBLEM))


def drawn(runs: pd.DataFrame) -> np.ndarray:
    """Median log risks of one model, shape (1 + draws, cells, T): of all runs, then resampled."""
    cells = []
    for seed, cell in enumerate(_cells(with_divergence(runs))):
        risk = cell.pivot(index="samples", columns="replicate", values="risk").to_numpy()
        log_risk = np.minimum(np.log(risk), HUGE)

        def medians(chosen, log_risk=log_risk):
            return np.median(log_risk[:, chosen], axis=1)

        every = np.arange(risk.shape[1])
        cells.append([medians(every), *resampled(len(every), medians, seed=seed)])
    return np.stack(cells, axis=1)


def curves_of(theory: pd.DataFrame) -> np.ndarray:
    """The logarithm of the theory's risk, shape (cells, T)."""
    return np.log(theory.pivot(index=PROBLEM, columns="samples", values="theory").to_numpy())


def slopes(x: np.ndarray, log_risk: np.ndarray) -> np.ndarray:
    """Least-squares exponents in ``x`` of curves that lie along the last axis, as ``x`` does."""
    x = np.log(x)
    x = x - x.mean(axis=-1, keepdims=True)
    return -(log_risk * x).sum(axis=-1) / (x * x).sum(axis=-1)


def plane(runs: pd.DataFrame, theory: pd.DataFrame, strong: pd.DataFrame) -> list[dict]:
    """Positions over the plane, and the share of problems where the quadratic risk falls faster.

    Of problems that are apart; ``strong`` as from :func:`stronger`.
    """
    cells = runs.groupby(PROBLEM)["init"].median().reset_index()
    samples = np.sort(runs["samples"].unique()).astype(float)
    shared = {"sigma": cells["sigma"].iloc[0], "points": len(cells), "method": IN_LEAPS["method"]}
    shared |= {"window_low": samples[0], "window_high": samples[-1]}
    shared |= {"replicates": runs["replicates"].min()}
    risk = {model: drawn(select(runs, model=model)) for model in PAPER}
    known = {model: curves_of(select(theory, model=model)) for model in PAPER}
    found = [*plane_positions(samples, risk, known, cells)]
    found += shares(samples, risk, known, curves_of(strong))
    return [
        shared | labels | ends(draws[1:], shared["replicates"])
        | {"estimate": draws[0], "theory": float(expected)}
        for labels, draws, expected in found
    ]  # fmt: skip


def plane_positions(
    samples: np.ndarray, risk: dict, known: dict, cells: pd.DataFrame
) -> Iterator[tuple]:
    """``(labels, draws, theory)`` of the median and the farthest position of each model."""
    problem = cells["alpha"].to_numpy(), cells["beta"].to_numpy()
    for model in PAPER:
        clock = clock_of(model, cells)
        x = variable(clock, samples, cells)
        draws, expected = (
            summaries(model, position(slopes(x, one[model]), *problem)) for one in (risk, known)
        )
        for name in draws:
            labels = {"quantity": f"{name} position", "model": model, "against": clock}
            yield labels, draws[name], expected[name]


def shares(samples: np.ndarray, risk: dict, known: dict, strong: np.ndarray) -> Iterator[tuple]:
    """The same of the share of problems whose quadratic exponent is larger, for either rival.

    It is counted in every draw. Any clock gives the same, as both models have the same ``T``.
    """

    def share(ours, theirs):
        return (slopes(samples, ours) > slopes(samples, theirs)).mean(axis=-1)

    rivals = {"": (risk["linear"], known["linear"]), STRONGER: (strong, strong)}
    for setting, (linear, expected) in rivals.items():
        labels = {"quantity": "share with larger exponent", "model": "linear/quadratic"}
        labels |= {"setting": setting, "against": "T"}
        yield labels, share(risk["quadratic"], linear), share(known["quadratic"], expected)
