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

import pandas as pd
from pydantic import model_validator

from quadlaw.base import typed
from quadlaw.base.tables import select, stacked
from quadlaw.fit.estimates import SERIES, far_exponents, table
from quadlaw.sgd.bases import EIGENBASIS
from quadlaw.sgd.schedules.two_phase import TwoPhase
from quadlaw.studies import random_bases
from quadlaw.studies import settings as keys
from quadlaw.studies.random_bases import LINEAR, SIGNED

SMOKE = {
    "problems": [{"alpha": 2.5, "beta": 1.5}, {"alpha": 4.0, "beta": 2.0}],
    "inputs": 64,
    "samples": [64, 256, 1024],
    "theory_samples": [32, 128, 256],
    "model_size": 16,
    "long": 2048,
    "model_sizes": [2, 4, 8],
    "size_draws": 4,
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


class Settings(keys.Fitted):
    """A Gaussian sketch of the inputs beside their first M."""

    problems: keys.Pairs
    inputs: typed.whole(
        "Number of input coordinates that a sketch reaches; what lies beyond enters labels as one "
        "Gaussian.",
        "a sketch reaches from 2 to 10^5 coordinates", ge=2, le=10**5,
    )  # fmt: skip
    theory_samples: keys.SampleSizes
    model_size: keys.ModelSize
    long: keys.SampleSize
    model_sizes: typed.several(
        keys.ModelSize, "Model sizes, all at one sample size.",
        f"must list at least three model sizes, {keys.RISING}", rising=True, least=3,
    )  # fmt: skip
    init: keys.Init
    fractions: keys.Fractions
    draws: keys.Draws
    pilots: keys.Pilots = 4
    size_draws: keys.Draws
    size_window: keys.Window

    @model_validator(mode="after")
    def _related(self):
        keys.check_draws(self)
        keys.check_window(self.size_window, self.model_sizes, "model sizes", "size_window")
        few = "an interval needs at least two matrices"
        typed.demand(self.size_draws >= 2, "size_draws", self.size_draws, few)
        alpha, first = max(one.alpha for one in self.problems), self.theory_samples[0]
        beyond = f"a model of {self.model_size} coordinates has room for none of them"
        has_room = _has_room(alpha, first, self.model_size)
        typed.demand(has_room, "theory_samples", self.theory_samples, beyond)
        return self


SKETCHED, TOP = "sketch", "first M"
SAMPLES, SIZES = "samples", "sizes"
FAR, ROOM = 3, 4  # points of the theory's exponents; see _has_room
LABELS = ["part", *SERIES, "samples", "model_size"]


with_steps, predicted = random_bases.with_steps, random_bases.predicted
run_point = random_bases.run_point


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
    """Both models on both views, for every draw and fraction.

    Small sketches vary more: in their part there are ``size_draws``, each met once beside pilots.
    """
    draws, replicates = settings["draws"], settings["replicates"]
    if part == SIZES:
        draws, replicates = settings["size_draws"], settings["size_draws"] + settings["pilots"]
    rows = [
        (model, setting, draw, f"sketch {draw}" if setting == SKETCHED else EIGENBASIS)
        for draw in range(draws)
        for setting in (SKETCHED, TOP)
        for model in (LINEAR, SIGNED)
    ]
    frame = pd.DataFrame(rows, columns=["model", "setting", "draw", "basis"])
    frame = frame.merge(pd.DataFrame({"fraction": settings["fractions"]}), how="cross")
    return frame.assign(
        alpha=problem["alpha"], beta=problem["beta"], sigma=settings["sigma"], samples=samples,
        schedule=TwoPhase().name, model_size=size, part=part, replicates=replicates,
        init=settings["init"], input_size=settings["inputs"],
    )  # fmt: skip


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Risks against ``T`` and ``M``, and linear over signed risk; their exponents.

    Rows of ``value = "far"`` are the theory's ratios beyond the simulated ``T``.
    """
    series = ["part", *SERIES]
    runs = random_bases.chosen(tables["runs"], tables["theory"], settings["pilots"], series)
    against, sized = (select(runs, part=part) for part in (SAMPLES, SIZES))
    ratio, far = random_bases.linear_over_signed(against, "setting"), far_ratios(against, settings)
    curves = [
        random_bases.curve(runs, LABELS).assign(value="risk"),
        random_bases.curve(ratio, LABELS, "ratio").assign(value="ratio"),
        far.assign(value="far"),
    ]
    beyond = far_exponents(far.assign(theory=1 / far["theory"]), "T", FAR)
    rows = [
        *random_bases.median_exponents(against, "sample exponent", settings["window"]),
        *random_bases.median_exponents(ratio, "ratio exponent", settings["window"], value="ratio"),
        *random_bases.median_exponents(
            sized, "model exponent", tuple(settings["size_window"]), axis="model_size"
        ),
        *(row | {"quantity": "far ratio exponent"} for row in beyond),
    ]
    return stacked(curves), table(rows)


def _has_room(alpha: float, samples: int, size: int) -> bool:
    """For at least ``ROOM`` times as many coordinates as a linear model learns."""
    return ROOM * samples ** (1 / alpha) <= size


def far_ratios(runs: pd.DataFrame, settings: dict) -> pd.DataFrame:
    """The theory's ratio at the chosen fractions and larger ``T``, while the model has room."""
    chosen, rows = runs.groupby(SERIES)["fraction"].first().reset_index(), []
    for one in chosen.to_dict("records"):
        for T in settings["theory_samples"]:
            if _has_room(one["alpha"], T, settings["model_size"]):
                options = settings | {"fractions": [one["fraction"]]}
                frame = _rows(one, SAMPLES, T, settings["model_size"], options)
                rows.append(select(frame, model=one["model"], setting=one["setting"]))
    theory = predicted(with_steps(stacked(rows), settings))
    return random_bases.far_ratios(theory, LABELS, "setting")
