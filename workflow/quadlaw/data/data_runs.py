"""SGD of the linear and of quadratic models on data, by the paper's rules.

The signed quadratic model, ``w = v+^2 - v-^2``, needs to know nothing of the target. The quadratic
one does: its columns are flipped to have the signs of the estimated target (``FLIPPED``).

Step sizes ``eta = c D^p`` and the initial value take the estimated exponents for the true ones;
``c`` is a fraction of the stability edge, the one of least risk on pilots.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from quadlaw.base.checks import require
from quadlaw.base.tables import stacked
from quadlaw.data.held_out import HeldOut
from quadlaw.data.own_data import DataExponents
from quadlaw.fit import designs
from quadlaw.fit.curves import with_divergence
from quadlaw.models import named
from quadlaw.sgd.bases import rotation
from quadlaw.sgd.problem import Finite
from quadlaw.sgd.schedules.two_phase import TwoPhase
from quadlaw.sgd.train import Group, diverged
from quadlaw.sgd.views import View, laid_out
from quadlaw.theory import rates
from quadlaw.theory.stability import stability_edge

INIT_SCALE = 0.5
LINEAR, SIGNED, QUADRATIC = "linear from zero", "signed", "quadratic"
MODELS = (LINEAR, SIGNED, QUADRATIC)
STRAIGHT, ROTATED, FLIPPED = "eigenbasis", "rotated", "flipped"
RUNS = ((LINEAR, STRAIGHT), (SIGNED, STRAIGHT), (SIGNED, ROTATED), (QUADRATIC, FLIPPED))
FEATURES = (1, 2, 2, 1)  # of a coordinate, in each of the runs
KEYS = ["model", "basis", "samples"]
SERIES = ["alpha", "beta", "sigma", "setting"]


@dataclass(frozen=True)
class Plan:
    """What is run, from what the estimation split says of the problem.

    Attributes
    ----------
    found : DataExponents
    problem : Finite
        The measured spectrum and target, in the eigenbasis.
    samples, fractions : lists
        Sample sizes, and step sizes at the smallest of them in units of the stability edge.
    """

    found: DataExponents
    problem: Finite
    samples: list[int]
    fractions: list[float]

    @cached_property
    def matrices(self) -> dict[str, np.ndarray]:
        """From the eigenbasis to each basis."""
        size = self.problem.size
        (turned,) = rotation(size, np.pi / 2, size)
        flipped = np.diag(np.where(np.array(self.problem.target) < 0, -1.0, 1.0))
        return {STRAIGHT: np.eye(size), ROTATED: turned, FLIPPED: flipped}

    @cached_property
    def edges(self) -> dict[tuple[str, str], float]:
        """Stability edges of the models linearized at the target, for Gaussian inputs."""
        return {run: self._edge(*run) for run in RUNS}

    def _edge(self, model: str, name: str) -> float:
        matrix = self.matrices[name]
        target = matrix @ np.array(self.problem.target)
        speed = np.ones_like(target) if model == LINEAR else 2 * np.abs(target)
        root = np.sqrt(speed)[:, None] * matrix * np.sqrt(self.problem.eigenvalues)
        values = np.maximum(np.linalg.eigvalsh(root @ root.T), np.finfo(float).tiny)
        return stability_edge(Finite(tuple(values), tuple(values)), len(values))

    def dimension(self, samples: int) -> float:
        """The quadratic model's ``D``."""
        alpha, beta = self.found.alpha.estimate, self.found.beta.estimate
        return float(rates.effective_dimension("quadratic", alpha, beta, samples))

    def init(self, samples: int) -> float:
        """``v_0`` by the fitted law of the target, in the data's units."""
        alpha, beta = self.found.alpha, self.found.beta
        powers = alpha.estimate, beta.estimate, self.dimension(samples)
        unit = (beta.scale / alpha.scale) ** 0.25
        return unit * float(rates.initial_value(*powers, INIT_SCALE))

    def lanes(self, model: str, name: str, samples: int) -> pd.DataFrame:
        """One lane for each fraction of the edge."""
        powers = self.found.alpha.estimate, self.found.beta.estimate
        growth = self.dimension(samples) / self.dimension(min(self.samples))
        constants = self.edges[model, name] * np.array(self.fractions)
        return pd.DataFrame(
            {
                "model": model,
                "model_size": self.problem.size,
                "fraction": self.fractions,
                "step_size": rates.step_size(model, *powers, growth, constants),
                "init": self.init(samples),
            }
        )

    def predicted(self, runs: pd.DataFrame) -> pd.DataFrame:
        """Expected risk of all models but the rotated one, with the column ``theory``.

        At the settings of runs, of Gaussian inputs with the measured spectrum and target. That of
        the signed model is the quadratic one's: one of its halves dies out.
        """
        positive = tuple(np.abs(self.problem.target))
        law = Finite(self.problem.eigenvalues, positive, self.problem.sigma)
        keys = [*KEYS, *SERIES, "model_size", "step_size", "init"]
        rows = runs.loc[runs["basis"] != ROTATED, keys].drop_duplicates()
        asked = rows.assign(schedule=TwoPhase().name)
        return rows.assign(theory=designs.predicted(asked, law)["theory"])


def trained(plan: Plan, z: np.ndarray, y: np.ndarray, held_out: HeldOut) -> pd.DataFrame:
    """Last risks of all models, step sizes and ``T``, each on the first ``T`` of the rows."""
    return stacked(_trained(plan, z, y, held_out))


def _trained(plan, z, y, held_out) -> Iterator[pd.DataFrame]:
    first = held_out.excess(np.zeros((1, z.shape[1])))[0]
    spectrum = plan.problem.spectrum(z.shape[1])
    for model, name in RUNS:
        matrix = None if name == STRAIGHT else plan.matrices[name].astype(z.dtype)[None]
        view = View(spectrum, matrix=matrix)
        seen, _ = view.see(z, y, spectrum.size)
        features = laid_out(named(model).features(seen))
        for samples in plan.samples:
            lanes = plan.lanes(model, name, samples)
            group = Group.start(named(model), view, lanes, z.dtype.name)
            factor = TwoPhase().factor(np.arange(samples), samples).astype(z.dtype)
            with np.errstate(over="ignore", invalid="ignore"):
                end = group.model.width * spectrum.size
                group.train(features[:samples], y[:samples], factor, end)
                weights = group.weights()
                risk, error = held_out.excess(weights), held_out.error(weights)
            seen_by = {"basis": name, "samples": samples, "diverged": diverged(risk, first)}
            yield lanes.assign(excess_risk=risk, error=error, **seen_by)


def chosen(runs: pd.DataFrame, pilots: int, window: tuple[float, float]) -> pd.DataFrame:
    """The replicates that are no pilots, at the fraction of least risk on pilots in the window.

    Not where a pilot diverged; an excess counts as half of its standard error at least, as it may
    be negative. No reported run has a part in the choice.

    Raises
    ------
    ValueError
        If all fractions diverge.
    """
    runs, frames = with_divergence(runs), []
    for (model, name), some in runs.groupby(["model", "basis"]):
        inside = some[some["samples"].between(*window)]
        pilot = inside[inside["replicate"] < pilots]
        risk = np.log(pilot["risk"].clip(lower=pilot["error"] / 2))
        risk = risk.groupby(pilot["fraction"]).mean()
        risk = risk.where(np.isfinite(risk))
        require(risk.notna().any(), "fractions", f"{model}, {name}", "all diverge")
        best = (some["fraction"] == risk.idxmin()) & (some["replicate"] >= pilots)
        frames.append(some[best])
    return stacked(frames)
