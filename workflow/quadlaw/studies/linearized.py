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
import scipy

from quadlaw.fit.curves import with_divergence
from quadlaw.models.linear import LINEAR
from quadlaw.sgd.problem import Spectrum, problem_of
from quadlaw.sgd.schedules import Schedule, named
from quadlaw.sgd.schedules.constant import Constant
from quadlaw.sgd.schedules.two_phase import TwoPhase
from quadlaw.sgd.streams import chunks
from quadlaw.sgd.train import GROWN, Group, groups_of, train
from quadlaw.sgd.views import View
from quadlaw.theory.grids import log_steps
from quadlaw.theory.linear import GROWTH, follow, trajectory_frame
from quadlaw.theory.mean_field import mean_field
from quadlaw.theory.stability import stability_edge
from quadlaw.theory.tuning import SAFE, least_risk

QUADRATIC, RESCALED, PLAIN = "quadratic", "rescaled linear", "linear"
RISK = "risk"  # the part of a study's tables that is one
PROBLEM = ["alpha", "beta", "sigma", "setting"]
# Squares of the features' scale, as functions of the target.
FEATURES = {RESCALED: lambda target: 2 * target, PLAIN: np.ones_like}


def looks(schedule: Schedule, samples: int) -> list[int]:
    """When to look: at ``T1``, after each stage of the decay, and at the end."""
    first = schedule.adaptation_steps(samples)
    return [*range(first, samples, schedule.stage(samples)), samples]


# --- simulation -----------------------------------------------------------------------------------


def second_phase(
    spectrum: Spectrum, point: dict, replicate: int, seed: int, dtype: str
) -> Iterator[tuple[int, np.ndarray, dict[str, np.ndarray]]]:
    """One replicate: times of :func:`looks`, which coordinates are learned, each model's weights.

    ``point`` as of :func:`quadlaw.fit.designs.points`, of one lane, with its ``plain_step``.
    """
    samples, schedule = point["samples"], named(point["schedule"])
    times, (lane,) = looks(schedule, samples), point["lanes"]
    groups = groups_of(spectrum, pd.DataFrame([lane]), dtype)
    stream = chunks(spectrum, samples, replicate, seed, times, dtype)
    for time in train(groups, stream, schedule, samples, times):
        if time == times[0]:
            learned = groups[0].grown()[0]
            groups += [
                linear_from(groups[0], learned, RESCALED, lane["step_size"]),
                linear_from(groups[0], learned, PLAIN, lane["plain_step"]),
            ]
        weights = [group.weights()[0] for group in groups]
        yield time, learned, dict(zip((QUADRATIC, RESCALED, PLAIN), weights, strict=True))


def linear_from(group: Group, learned: np.ndarray, features: str, step_size: float) -> Group:
    """Linear SGD on ``FEATURES``, from a group's weights; what is not learned stays frozen."""
    weights, spectrum = group.weights()[0], group.view.spectrum
    size = np.flatnonzero(learned).max(initial=0) + 1
    scale = np.sqrt(FEATURES[features](spectrum.target)) * learned
    view = View(spectrum, scale=scale, frozen=np.where(learned, 0, weights))
    first = np.sqrt(np.divide(weights, scale, out=np.zeros_like(weights), where=learned))
    lane = pd.DataFrame([{"model_size": size, "step_size": step_size}])
    return Group.start(LINEAR, view, lane, group.parameters.dtype.name, first[None, :size])


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
        problem, schedule = problem_of(row), Constant()
        settings = {key: row[key] for key in ("model_size", "step_size", "init")}
        first = named(row["schedule"]).adaptation_steps(row["samples"])
        state = mean_field(problem, samples=first, schedule=schedule, **settings).coordinates
        mean, target = state["mean"].to_numpy(), state["target"].to_numpy()
        rho = np.maximum(state["variance"].to_numpy() / mean**2, 1e-9)
        # E u^k over u > w*/2: the law's k-th moment times the tail of a Gamma law of shape + k.
        tail = scipy.stats.gamma.sf
        above = [tail(GROWN * target / (mean * rho), 1 / rho + k) for k in range(3)]
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
        problem = problem_of(self.row)
        largest = SAFE * stability_edge(problem, self.row["model_size"], "linear")

        def risk_at(eta):
            return self.path(PLAIN, eta)["excess_risk"].iloc[-1]

        return least_risk(risk_at, largest, largest / 2**10).step_size


# --- comparison -----------------------------------------------------------------------------------


def ratios(frame: pd.DataFrame, over: str, under: str) -> pd.DataFrame:
    """The ``ratio`` of two models' risks, of runs replicate by replicate, or of theory."""
    keys = [*PROBLEM, "samples", *(["replicate"] if "replicate" in frame else [])]
    risks, value = frame[frame["part"] == RISK], "theory"
    if "replicate" in frame:
        risks, value = with_divergence(risks), "risk"
    wide = risks.pivot(index=keys, columns="model", values=value)[[over, under]]
    ratio = (wide[over] / wide[under]).fillna(1.0)  # nan: both diverged
    diverged = np.isinf(wide).any(axis="columns")
    return pd.DataFrame({"ratio": ratio, "excess_risk": ratio, "diverged": diverged}).reset_index()
