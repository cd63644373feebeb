"""What studies of random bases share: what is seen in one, its theory, pilots that choose steps.

A design has the columns ``basis`` (:func:`quadlaw.sgd.bases.basis`), ``draw``, the number of the
lane's matrix, and ``fraction``, its step size in units of a stability edge. Of ``n`` matrices,
replicate ``r`` meets the one numbered ``r mod n``, so that intervals over replicates are also over
matrices.

The linear model from zero has an exact theory in any basis; that of signed squares is the gradient
flow of :mod:`quadlaw.theory.flow`, which lacks their noise.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from quadlaw.base.checks import require
from quadlaw.base.tables import select, stacked
from quadlaw.fit import points
from quadlaw.fit.curves import median_with_interval, with_divergence
from quadlaw.fit.estimates import SERIES, exponents
from quadlaw.sgd.bases import basis, blockwise
from quadlaw.sgd.problem import Finite, PowerLaw, Spectrum, problem_of
from quadlaw.sgd.schedules import named
from quadlaw.theory import stability_edge
from quadlaw.theory.flow import (
    LEAST,
    linearized_edge,
    quadratic_form,
    signed_flow,
    training_time,
    turned,
)
from quadlaw.theory.linear import linear_risk

LINEAR, SIGNED = "linear from zero", "signed"
PROBLEM = ["alpha", "beta", "sigma"]
RATIO = "linear/signed"
EDGE = [*PROBLEM, "samples", "model_size", "basis", "model"]  # what an edge depends on


@dataclass(frozen=True, eq=False)
class Seen:
    """What models see of ``z = A x``, all in the diagonal blocks of ``A``.

    Attributes
    ----------
    covariance : ndarray, shape (blocks, k, k)
        ``H`` of ``z``.
    correlation : ndarray, shape (M,)
        Of ``z`` and the label.
    axes : ndarray, shape (blocks, k, number)
        Eigenvectors of ``H``, those of the largest eigenvalues first.
    best : ndarray
        The best linear predictor along them.
    least : float
        Risk of the best predictor.
    problem : PowerLaw or Finite
        What the linear model makes of it: regression with the eigenvalues of ``H``.
    beyond : float
        What the least risk has beyond that of ``problem``.
    """

    covariance: np.ndarray
    correlation: np.ndarray
    axes: np.ndarray
    best: np.ndarray
    least: float
    problem: PowerLaw | Finite
    beyond: float = 0.0

    @classmethod
    @lru_cache(maxsize=64)
    def turned(cls, law: PowerLaw, size: int, name: str) -> "Seen":
        """In a rotated basis or the eigenbasis: the power law's, wherever axes point."""
        blocks = basis(name, size, size)
        blocks = np.tile(np.eye(2), (size // 2, 1, 1)) if blocks is None else blocks
        covariance, target = turned(blocks, law.eigenvalues(size)), law.target(size)
        sought = blockwise(target[None], blocks, size)
        correlation = blockwise(sought, covariance, size)[0]
        return cls(covariance, correlation, blocks, target, float(law.tail(size)), law)

    @classmethod
    @lru_cache(maxsize=64)
    def sketched(cls, law: PowerLaw, size: int, name: str, inputs: int) -> "Seen":
        """A sketch of the first ``inputs`` coordinates, or the first ``size`` in the eigenbasis.

        The eigenvalues of ``H`` are those above rounding errors of zero. What the best predictor
        leaves is noise to the linear model.
        """
        blocks = basis(name, size, inputs)
        blocks = np.eye(size, inputs)[None] if blocks is None else blocks
        lams, target = law.eigenvalues(inputs), law.target(inputs)
        covariance, correlation = turned(blocks, lams), blocks[0] @ (lams * target)
        values, axes = np.linalg.eigh(covariance[0])
        kept = np.argsort(-values)[: np.sum(values > LEAST * values.max())]
        values, axes = values[kept], axes[:, kept]
        best = axes.T @ correlation / values
        least = float(law.tail(0) - values @ best**2)
        problem = Finite(tuple(values), tuple(best), float(np.sqrt(law.sigma**2 + least)))
        return cls(covariance, correlation, axes[None], best, least, problem, least)

    @property
    def size(self) -> int:
        """Of the linear model."""
        return len(self.best)

    def along(self, best: np.ndarray) -> np.ndarray:
        """Weights along the axes as weights of ``z``."""
        return blockwise(best[None], self.axes, len(self.correlation))[0]

    def edge(self, model: str, learned: int) -> float:
        """The stability edge: of signed squares, near the best weights' first directions."""
        if model == LINEAR:
            return stability_edge(self.problem, self.size)
        return linearized_edge(
            self.covariance, self.along(np.where(np.arange(self.size) < learned, self.best, 0.0))
        )

    def linear_risk(self, samples: int, step_size: float) -> float:
        """Exact expected excess risk of linear SGD from zero; missing beyond the edge."""
        if step_size >= stability_edge(self.problem, self.size):
            return np.nan
        run = {"model_size": self.size, "samples": samples, "step_size": step_size, "init": 0.0}
        return linear_risk(self.problem, method="leaps", **run) + self.beyond

    @lru_cache(maxsize=256)  # noqa: B019 - it is the same one of every draw without a matrix
    def flow_risk(self, init: float, times: tuple[float, ...]) -> np.ndarray:
        """Excess risk of the gradient flow of signed squares at rising times."""
        weights = signed_flow(self.covariance, self.correlation, init, np.array(times))
        return quadratic_form(self.covariance, weights - self.along(self.best)) + self.least


def learned_by(law: PowerLaw, samples: int) -> int:
    """How many coordinates a linear model learns: ``T^(1/alpha)``."""
    return int(np.ceil(samples ** (1 / law.alpha)))


def seen_by(law: PowerLaw, row: dict) -> Seen:
    """What the model of a row sees: a sketch of ``input_size`` coordinates, or turned ones."""
    size = int(row["model_size"])
    if "input_size" in row:
        return Seen.sketched(law, size, row["basis"], int(row["input_size"]))
    return Seen.turned(law, size, row["basis"])


def predicted(design: pd.DataFrame) -> pd.DataFrame:
    """The exact risk of the linear model, the gradient flow's of signed squares."""
    keys = [*PROBLEM, "samples", "model_size", "setting", "draw", "model"]
    frames = []
    for key, some in design.groupby(keys):
        rows, first = some.sort_values("step_size"), some.iloc[0].to_dict()
        seen, samples = seen_by(PowerLaw(*key[:3]), first), int(first["samples"])
        # Where two parts of a design ask for the same run, its step sizes stand there twice.
        steps, place = np.unique(rows["step_size"], return_inverse=True)
        if first["model"] == LINEAR:
            risks = [seen.linear_risk(samples, step) for step in steps]
        else:
            total = training_time(samples, named(first["schedule"]))
            risks = seen.flow_risk(float(first["init"]), tuple(steps * total))
        frames.append(rows.assign(theory=np.array(risks)[place]))
    return stacked(frames)


def far_ratios(theory: pd.DataFrame, keys: Sequence[str], shared: str | None) -> pd.DataFrame:
    """The theory's ratio of both models, its median over matrices, by ``keys``.

    Within each of ``shared``; where that is None, of the one linear model.
    """
    theory = theory.assign(replicate=0, risk=np.nan)
    both = linear_over_signed(theory, shared)
    return both.groupby(list(keys))["theory"].median().reset_index()


def linear_over_signed(runs: pd.DataFrame, shared: str | None) -> pd.DataFrame:
    """Linear over signed risk (:func:`ratios`), within each of ``shared`` if there is one."""
    groups = [runs] if shared is None else [some for _, some in runs.groupby(shared)]
    return stacked(
        ratios(select(some, model=SIGNED), select(some, model=LINEAR), RATIO) for some in groups
    )


def with_steps(rows: pd.DataFrame, settings: dict) -> pd.DataFrame:
    """``fraction`` of the stability edge near what a linear model learns of the target."""
    edges = {}
    for row in rows.to_dict("records"):
        key = tuple(row[name] for name in EDGE)
        if key not in edges:
            law = problem_of(row)
            edges[key] = seen_by(law, row).edge(row["model"], learned_by(law, row["samples"]))
    edge = [edges[key] for key in rows[EDGE].itertuples(index=False, name=None)]
    return rows.assign(step_size=np.array(edge) * rows["fraction"])


def run_point(point: dict, seed: int, dtype: str, listed: Spectrum | None = None) -> pd.DataFrame:
    """Runs of a point, each lane on the replicates of its draw.

    Sketched inputs reach as far as the lanes' ``input_size``. A part of a point may meet but some
    of the matrices.
    """
    lanes = pd.DataFrame(point["lanes"])
    draws, inputs = lanes["draw"].max() + 1, point["lanes"][0].get("input_size")
    met = {draw: points.replicates_of(point, draw, draws) for draw in range(draws)}
    return stacked(
        points.run_point(
            point | {"lanes": some.to_dict("records")}, seed, dtype, listed, inputs=inputs,
            replicates=met[draw],
        )
        for draw, some in lanes.groupby("draw")
        if met[draw]
    )  # fmt: skip


def chosen(
    runs: pd.DataFrame, theory: pd.DataFrame, pilots: int, series: Sequence[str] = SERIES
) -> pd.DataFrame:
    """The replicates that are not pilots at each series' best fraction, with ``risk, theory``.

    The best fraction has the least mean log risk over the pilots, the replicates ``r < pilots``,
    and so none of them diverged there. No reported run has a part in the choice. There is one for a
    whole series, so that no exponent is one of the choice.
    """
    shared = [column for column in theory if column != "theory"]
    runs = with_divergence(runs.merge(theory, on=shared, validate="many_to_one"))
    keys = [*series, "fraction"]
    pilot = runs[runs["replicate"] < pilots].groupby(keys)["risk"]
    score = pilot.apply(lambda risk: np.log(risk).mean())
    require(np.isfinite(score.groupby(list(series)).min()).all(), "fractions", "all", "diverge")
    best = pd.DataFrame(list(score.groupby(list(series)).idxmin()), columns=keys)
    return runs[runs["replicate"] >= pilots].merge(best, on=keys)


def curve(runs: pd.DataFrame, keys: Sequence[str], value: str = "risk") -> pd.DataFrame:
    """Median of ``value`` as ``risk`` with its 95 % interval, and of ``theory``, by ``keys``."""
    groups = runs.groupby(list(keys))
    table = groups[value].apply(median_with_interval).unstack()
    return table.join(groups[["theory", "fraction"]].median()).reset_index()


def ratios(runs: pd.DataFrame, others: pd.DataFrame, model: str) -> pd.DataFrame:
    """``runs`` with the ``ratio`` of the others' risk to theirs, on the same samples, and theory.

    ``others`` has one run a problem, ``samples``, ``replicate`` and ``draw``.
    """
    keys = [*PROBLEM, "samples", "replicate", "draw"]
    known = others[[*keys, "risk", "theory"]]
    both = runs.merge(known, on=keys, suffixes=("", "_other"), validate="many_to_one")
    return both.assign(
        ratio=(both["risk_other"] / both["risk"]).fillna(1.0),  # nan: both diverged, neither won
        theory=both["theory_other"] / both["theory"],
        model=model,
    )


def median_exponents(
    runs: pd.DataFrame, quantity: str, window: tuple[float, float], axis: str = "samples",
    value: str = "gain",
) -> Iterator[dict]:  # fmt: skip
    """Exponents of a column of runs beside those of the median theory; replicates keep matrices."""
    known = runs.groupby([*SERIES, axis])["theory"].median().reset_index()
    if value == "gain":
        runs, known = runs.assign(gain=1 / runs["risk"]), known.assign(theory=1 / known["theory"])
    return exponents(
        runs, quantity, window=window, axis=axis, value=value, theory=known,
        theory_value="theory", paired=True,
    )  # fmt: skip
