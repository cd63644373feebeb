"""A Gaussian sketch of the inputs beside their first ``M``: what the model's features do.

Models of size ``M`` see ``z = S x``, with entries of ``S`` of variance ``1/M`` (Lin et al. 2024,
arXiv 2406.08466), or the first ``M`` coordinates of ``x``, as the paper's. ``S`` reaches the first
``inputs`` coordinates; what lies beyond enters labels as one Gaussian.

Given ``S``, ``z`` is Gaussian with the covariance ``H = S Lambda S^T``, and what the best linear
predictor ``w``, ``H w = S Lambda w*``, leaves of the label is Gaussian and independent of ``z``.
SGD on ``z`` is linear regression with the eigenvalues of ``H``, the target ``w`` in its eigenbasis,
and noise of variance ``sigma^2`` plus the least risk: the linear model's risk is known exactly. The
least risk falls as ``M^-(beta - 1)``, and the eigenvalues as ``i^-alpha``, so that the linear model
has the exponents that it has on the first ``M`` coordinates.

A sketched target is dense: the rates of signed squares are alike, they are linear SGD, and their
advantage does not grow with ``T``. Their theory is the gradient flow of :mod:`quadlaw.theory.flow`.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from pydantic import model_validator

from quadlaw.base.tables import select, stacked
from quadlaw.fit.estimates import SERIES, far_exponents, table
from quadlaw.sgd.learners import sketch
from quadlaw.sgd.problem import Finite, PowerLaw
from quadlaw.sgd.schedules import TwoPhase, named
from quadlaw.studies import draws
from quadlaw.studies.draws import LINEAR, SIGNED
from quadlaw.studies.settings import (
    RISING,
    Draws,
    Fractions,
    Init,
    ModelSize,
    Pairs,
    Pilots,
    Replicates,
    SampleSize,
    SampleSizes,
    Window,
    check_draws,
    check_samples_window,
    several,
    whole,
)
from quadlaw.studies.settings import Settings as Base
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

SMOKE = {
    "problems": [{"alpha": 2.5, "beta": 1.5}, {"alpha": 4.0, "beta": 2.0}],
    "inputs": 64,
    "samples": [64, 256, 1024],
    "theory_samples": [32, 128, 256],
    "model_size": 16,
    "long": 2048,
    "model_sizes": [2, 4, 8],
    "draws": 3,
    "replicates": 9,
    "pilots": 3,
    "window": [64, 1024],
    "size_window": [2, 8],
}
REPORT = (
    "8. Beyond the paper",
    "Do the exponents survive a Gaussian sketch of the inputs, the linear model's and the "
    "advantage?",
)


class Settings(Base):
    """A Gaussian sketch of the inputs beside their first M."""

    problems: Pairs
    inputs: whole(
        "Number of input coordinates that a sketch reaches; what lies beyond enters labels as one "
        "Gaussian.",
        "a sketch reaches from 2 to 10^5 coordinates", ge=2, le=10**5,
    )  # fmt: skip
    samples: SampleSizes
    theory_samples: SampleSizes
    model_size: ModelSize
    long: SampleSize
    model_sizes: several(
        ModelSize, "Model sizes, all at one sample size.",
        f"must list at least three model sizes, {RISING}", rising=True, least=3,
    )  # fmt: skip
    init: Init
    fractions: Fractions
    draws: Draws
    pilots: Pilots = 4
    replicates: Replicates = 16
    window: Window
    size_window: Window

    @model_validator(mode="after")
    def _related(self):
        check_samples_window(self.window, self.samples)
        check_draws(self)
        return self


SKETCHED, TOP = "sketch", "first M"
SAMPLES, SIZES = "samples", "sizes"
NOTHING = 1e-20  # v_0 of a linear model that starts at zero
FAR, ROOM = 3, 4  # points of the theory's exponents; see far_ratios
RATIO = "linear/signed"
LABELS = ["part", *SERIES, "samples", "model_size"]


@dataclass(frozen=True)
class View:
    """What a model sees: ``H``, its correlation with the label, both in the eigenbasis, and rest.

    Attributes
    ----------
    covariance : ndarray, shape (1, M, M)
    correlation : ndarray, shape (M,)
    axes, eigenvalues, best : ndarray
        Of ``H``, the largest first, and the best predictor along them; no rounding errors of zero.
    least : float
        Risk of the best predictor.
    """

    covariance: np.ndarray
    correlation: np.ndarray
    axes: np.ndarray
    eigenvalues: np.ndarray
    best: np.ndarray
    least: float

    @classmethod
    @lru_cache(maxsize=64)
    def of(cls, law: PowerLaw, size: int, inputs: int, draw: int | None) -> "View":
        """A sketch of the first ``inputs`` coordinates, or the first ``size`` without a draw."""
        blocks = np.eye(size, inputs)[None] if draw is None else sketch(size, inputs, draw)
        lams, target = law.eigenvalues(inputs), law.target(inputs)
        covariance, correlation = turned(blocks, lams), blocks[0] @ (lams * target)
        values, axes = np.linalg.eigh(covariance[0])
        kept = np.argsort(-values)[: np.sum(values > LEAST * values.max())]
        values, axes = values[kept], axes[:, kept]
        best = axes.T @ correlation / values
        least = float(law.tail(0) - values @ best**2)
        return cls(covariance, correlation, axes, values, best, least)

    def problem(self, sigma: float) -> Finite:
        """The linear model's regression problem, whose noise is the least risk's besides."""
        noise = float(np.sqrt(sigma**2 + self.least))
        return Finite(tuple(self.eigenvalues), tuple(self.best), noise)

    def edge(self, model: str, learned: int) -> float:
        """Of the linear model; of signed squares near the best weights' first directions."""
        if model == LINEAR:
            return stability_edge(self.problem(0.0), len(self.eigenvalues))
        return linearized_edge(self.covariance, self.axes[:, :learned] @ self.best[:learned])

    def linear_risk(self, sigma: float, **settings) -> float:
        """Exact expected excess risk of linear SGD from zero."""
        common = {"model_size": len(self.eigenvalues), "init": NOTHING, "method": "leaps"}
        return linear_risk(self.problem(sigma), **common, **settings) + self.least

    def flow_risk(self, init: float, times: np.ndarray) -> np.ndarray:
        """Excess risk of the gradient flow of signed squares at rising times."""
        weights = signed_flow(self.covariance, self.correlation, init, times)
        away = weights - self.axes @ self.best
        return quadratic_form(self.covariance, away) + self.least


def run_point(point: dict, seed: int, dtype: str) -> pd.DataFrame:
    """Runs of a point, each lane on the replicates of its draw."""
    return draws.run_point(point, seed, dtype, point["lanes"][0]["input_size"])


def rows(settings: dict) -> pd.DataFrame:
    """Rows with the labels ``part, setting, draw, input_size, fraction``."""
    plan = [(SAMPLES, T, settings["model_size"]) for T in settings["samples"]]
    plan += [(SIZES, settings["long"], size) for size in settings["model_sizes"]]
    return stacked(
        _rows(problem, part, samples, size, settings)
        for problem in settings["problems"]
        for part, samples, size in plan
    )


def _rows(problem: dict, part: str, samples: int, size: int, settings: dict) -> pd.DataFrame:
    """Both models on both views, for every draw and fraction."""
    rows = [
        (model, setting, draw, f"sketch {draw}" if setting == SKETCHED else "eigenbasis")
        for draw in range(settings["draws"])
        for setting in (SKETCHED, TOP)
        for model in (LINEAR, SIGNED)
    ]
    frame = pd.DataFrame(rows, columns=["model", "setting", "draw", "basis"])
    frame = frame.merge(pd.DataFrame({"fraction": settings["fractions"]}), how="cross")
    return frame.assign(
        **problem, sigma=settings["sigma"], samples=samples, schedule=TwoPhase().name,
        model_size=size, part=part, replicates=settings["replicates"], init=settings["init"],
        input_size=settings["inputs"],
    )  # fmt: skip


def with_steps(rows: pd.DataFrame, settings: dict) -> pd.DataFrame:
    """``fraction`` of the stability edge near what is learned."""
    edges = np.array([_row_edge(row) for row in rows.to_dict("records")])
    return rows.assign(step_size=edges * rows["fraction"])


def _row_edge(row: dict) -> float:
    law = PowerLaw(row["alpha"], row["beta"], row["sigma"])
    learned = int(np.ceil(row["samples"] ** (1 / law.alpha)))
    view = row["model_size"], row["input_size"], row["setting"], row["draw"]
    return _edge(law, *view, row["model"], learned)


@lru_cache(maxsize=1024)
def _edge(law, size, inputs, setting, draw, model, learned) -> float:
    return _view(law, size, inputs, setting, draw).edge(model, learned)


def _view(law: PowerLaw, size: int, inputs: int, setting: str, draw: int) -> View:
    return View.of(law, size, inputs, draw if setting == SKETCHED else None)


def predicted(design: pd.DataFrame) -> pd.DataFrame:
    """The exact risk of the linear model, the gradient flow's of signed squares."""
    keys = ["alpha", "beta", "sigma", "model_size", "samples", "setting", "draw", "model"]
    frames = []
    for (alpha, beta, sigma, size, samples, setting, draw, model), some in design.groupby(keys):
        one, law = some.sort_values("step_size"), PowerLaw(alpha, beta, sigma)
        view = _view(law, size, one["input_size"].iloc[0], setting, draw)
        steps, first = one["step_size"].to_numpy(), one.iloc[0]
        if model == LINEAR:
            risks = [view.linear_risk(sigma, samples=samples, step_size=step) for step in steps]
        else:
            total = training_time(samples, named(first["schedule"]))
            risks = view.flow_risk(first["init"], steps * total)
        frames.append(one.assign(theory=risks))
    return stacked(frames)


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Risks against ``T`` and ``M``, and linear over signed risk; their exponents.

    Rows of ``value = "far"`` are the theory's ratios beyond the simulated ``T``.
    """
    series = ["part", *SERIES]
    runs = draws.chosen(tables["runs"], tables["theory"], settings["pilots"], series)
    against, sized = (select(runs, part=part) for part in (SAMPLES, SIZES))
    ratio, far = _ratios(against), far_ratios(against, settings)
    curves = [
        draws.curve(runs, LABELS).assign(value="risk"),
        draws.curve(ratio, LABELS, "ratio").assign(value="ratio"),
        far.assign(value="far"),
    ]
    beyond = far_exponents(far.assign(theory=1 / far["theory"]), "T", FAR)
    rows = [
        *draws.median_exponents(against, "sample exponent", settings["window"]),
        *draws.median_exponents(ratio, "ratio exponent", settings["window"], value="ratio"),
        *draws.median_exponents(
            sized, "model exponent", tuple(settings["size_window"]), axis="model_size"
        ),
        *(row | {"quantity": "far ratio exponent"} for row in beyond),
    ]
    return stacked(curves), table(rows)


def _ratios(runs: pd.DataFrame) -> pd.DataFrame:
    """Linear over signed risk, on either view."""
    return stacked(
        draws.ratios(select(some, model=SIGNED), select(some, model=LINEAR), RATIO)
        for _, some in runs.groupby("setting")
    )


def far_ratios(runs: pd.DataFrame, settings: dict) -> pd.DataFrame:
    """The theory's ratio at the chosen fractions and larger ``T``, while the model has room.

    That is, for at least ``ROOM`` times as many coordinates as a linear model learns.
    """
    chosen, rows = runs.groupby(SERIES)["fraction"].first().reset_index(), []
    for one in chosen.to_dict("records"):
        for T in settings["theory_samples"]:
            if ROOM * T ** (1 / one["alpha"]) <= settings["model_size"]:
                options = settings | {"fractions": [one["fraction"]]}
                frame = _rows(one, SAMPLES, T, settings["model_size"], options)
                rows.append(select(frame, model=one["model"], setting=one["setting"]))
    theory = predicted(stacked(rows)).assign(replicate=0, risk=np.nan)
    return _ratios(theory).groupby(LABELS)["theory"].median().reset_index()
