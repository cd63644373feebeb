"""Linear SGD that takes over from the quadratic model at the end of the adaptation phase, ``T1``.

Linearized at the target, ``v = v* + d``, the update ``v <- v - eta r x v`` moves the weights
``w = v*^2 + 2 v* d`` as ``w <- w - 2 eta w* r x``: linear SGD on the features ``sqrt(2 w*_i) x_i``
at the same step size (Ding et al. 2025, section 5.2). That model, ``rescaled linear``, and plain
``linear`` SGD start from the quadratic model's weights at ``T1``, simulated and predicted. Both
train the learned coordinates alone, those with ``w_i > w*_i / 2`` at ``T1``, and keep the others as
they are: the linearization holds only near the target, and so the two differ in features alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import gamma

from quadlaw.base.layout import rows
from quadlaw.models import MODELS
from quadlaw.sgd.problem import PowerLaw, Spectrum
from quadlaw.sgd.run import GROWN, Group
from quadlaw.sgd.schedules import Constant, Schedule, TwoPhase, named
from quadlaw.sgd.streams import chunks
from quadlaw.theory.grids import log_steps
from quadlaw.theory.linear import GROWTH, follow, trajectory_frame
from quadlaw.theory.mean_field import mean_field
from quadlaw.theory.stability import stability_edge
from quadlaw.theory.tuning import SAFE, least_risk

QUADRATIC, RESCALED, PLAIN = "quadratic", "rescaled linear", "linear"
# Squares of the features' scale, as functions of the target.
FEATURES = {RESCALED: lambda target: 2 * target, PLAIN: np.ones_like}


def looks(schedule: Schedule, samples: int) -> list[int]:
    """When to look: at ``T1``, after each stage of the decay, and at the end."""
    first = schedule.adaptation_steps(samples)
    return [*range(first, samples, schedule.stage(samples)), samples]


# --- simulation -----------------------------------------------------------------------------------


class LinearTail:
    """Linear SGD on features ``scale_i x_i`` from given weights; where the scale is 0, frozen.

    Its parameters are ``theta = w / scale``; its labels come without what is frozen.
    """

    def __init__(self, weights: np.ndarray, scale: np.ndarray, step_size: float, dtype: str):
        self.first, self.scale, self.size = weights, scale, np.flatnonzero(scale).max(initial=0) + 1
        self.step, self.dtype = np.array([step_size], dtype), dtype
        moves = scale > 0
        self.theta = rows(1, self.size, dtype)
        self.theta[0, np.flatnonzero(moves)] = weights[moves] / scale[moves]

    def train(self, x: np.ndarray, labels: np.ndarray, factor: np.ndarray) -> None:
        """Take one step a sample."""
        features = x[:, : self.size] * self.scale[: self.size].astype(self.dtype)
        size = np.array([self.size])
        MODELS["linear"].train(self.theta, features, labels, factor, self.step, size)

    @property
    def weights(self) -> np.ndarray:
        """Of all coordinates."""
        moved = np.zeros_like(self.first)
        moved[: self.size] = self.scale[: self.size] * self.theta[0, : self.size]
        return np.where(self.scale > 0, moved, self.first)


def second_phase(
    spectrum: Spectrum, point: dict, replicate: int, seed: int, dtype: str
) -> Iterator[tuple[int, np.ndarray, dict[str, np.ndarray]]]:
    """One replicate: times of :func:`looks`, which coordinates are learned, each model's weights.

    ``point`` as of :func:`quadlaw.fit.designs.points`, of one lane, with its ``plain_step``.
    """
    samples, schedule = point["samples"], named(point["schedule"])
    times, lane = looks(schedule, samples), point["lanes"][0]
    tails, frozen = {}, np.zeros(spectrum.size, dtype)
    steps = {RESCALED: lane["step_size"], PLAIN: lane["plain_step"]}
    group = Group.start(MODELS[QUADRATIC], pd.DataFrame([lane]), dtype)
    for start, x, y in chunks(spectrum, samples, replicate, seed, times, dtype):
        done = start + len(y)
        factor = schedule.factor(np.arange(start, done), samples).astype(dtype)
        group.train(x, y, factor, spectrum.size)
        for tail in tails.values():
            tail.train(x, y - x[:, : spectrum.size] @ frozen, factor)
        if done == times[0]:
            weights, learned = group.weights()[0], group.grown(spectrum)[0]
            frozen = np.where(learned, 0, weights).astype(dtype)
            for model, squares in FEATURES.items():
                scale = np.sqrt(squares(spectrum.target)) * learned
                tails[model] = LinearTail(weights, scale, steps[model], dtype)
        if done in times:
            others = {model: tail.weights for model, tail in tails.items()}
            yield done, learned, {QUADRATIC: group.weights()[0]} | others


# --- theory ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Handover:
    """The mean field at ``T1``, from where linear models go on.

    Attributes
    ----------
    row : dict
        The setting.
    count, eigenvalues, target, error : ndarray
        Expected number of learned coordinates at each node, ``lambda``, ``w*``, and the second
        moment of ``w - w*`` of those that are learned.
    frozen : float
        The risk that lies in all others.
    """

    row: dict
    count: np.ndarray
    eigenvalues: np.ndarray
    target: np.ndarray
    error: np.ndarray
    frozen: float

    @classmethod
    def of(cls, row: dict) -> "Handover":
        """Whether a coordinate is learned, and its moments if so, by the closure's Gamma law.

        A typical run, as the median shows it: the leading coordinates are all learned as long as
        the expected number of exceptions is below one half. (The mean of all runs is that of rare
        ones, in which a leading coordinate happens to be low at ``T1``, and is frozen there.)
        """
        problem, schedule = PowerLaw(row["alpha"], row["beta"], row["sigma"]), Constant()
        settings = {key: row[key] for key in ("model_size", "step_size", "init")}
        first = named(row["schedule"]).adaptation_steps(row["samples"])
        state = mean_field(problem, samples=first, schedule=schedule, **settings).coordinates
        mean, target = state["mean"].to_numpy(), state["target"].to_numpy()
        rho = np.maximum(state["variance"].to_numpy() / mean**2, 1e-9)
        # E u^k over u > w*/2: the law's k-th moment times the tail of a Gamma law of shape + k.
        above = [gamma.sf(GROWN * target / (mean * rho), 1 / rho + k) for k in range(3)]
        square = mean**2 * (1 + rho)
        error = square * above[2] - 2 * target * mean * above[1] + target**2 * above[0]
        eigenvalues, count = problem.at(state["index"])[0], state["count"].to_numpy()
        sure = np.cumsum(count * (1 - above[0])) < 0.5
        rest = np.where(sure, 0, square - 2 * target * mean + target**2 - error)
        frozen = count @ (eigenvalues * rest) + float(problem.tail(row["model_size"]))
        share = np.maximum(above[0], 1e-300)
        count = np.where(sure, count, count * share)
        return cls(row, count, eigenvalues, target, error / share, float(frozen))

    def path(self, model: str, step_size: float) -> pd.DataFrame:
        """Expected risk of a linear model from ``T1`` on: ``time, excess_risk``."""
        squares, samples = FEATURES[model](self.target), self.row["samples"]
        first = named(self.row["schedule"]).adaptation_steps(samples)
        # All of the rest of the samples decays, in stages of the same length.
        lengths, factors = log_steps(samples - first, TwoPhase(0.0), GROWTH)
        risks = follow(
            self.error / squares, self.eigenvalues * squares, self.count, self.frozen,
            self.row["sigma"] ** 2, step_size * factors, lengths,
        )  # fmt: skip
        path = trajectory_frame(lengths, risks)
        return path.assign(time=path["time"] + first)

    def best_plain_step(self) -> float:
        """The plain linear model's step size of least risk, up to a quarter of its edge."""
        problem = PowerLaw(self.row["alpha"], self.row["beta"], self.row["sigma"])
        largest = SAFE * stability_edge(problem, self.row["model_size"], "linear")

        def risk_at(eta):
            return self.path(PLAIN, eta)["excess_risk"].iloc[-1]

        return least_risk(risk_at, largest, largest / 2**10).step_size
