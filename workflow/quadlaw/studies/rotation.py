"""What a rotation costs: signed squares are tied to a basis, linear SGD is not.

Models see ``z = Q x``, where ``Q`` turns neighbouring blocks of coordinates, or all of them, by an
angle. Started from zero, linear SGD makes the same predictions in any basis, and stays at its exact
theory. Signed squares, once grown, learn at the rates ``2 |w|``, with ``w`` near ``Q w*``:

* *blocks of a fixed size*: far out, eigenvalues and targets within a block are nearly equal,
  ``lambda_i`` and ``w*_i``. Its rates are ``lambda_i w*_i`` times the entries of a turned vector of
  ones, which are constants, so that the exponent in ``T`` is that of the eigenbasis;
* *the whole model, by any fixed angle*: every entry gets a random part of the size of ``|w|`` over
  ``sqrt(M)``, and ``|w|`` is dominated by the latest coordinates. The rates become alike, SGD on
  signed squares is linear SGD, and the advantage does not grow. The random part is as large as the
  first target at an angle that falls as ``D^-((alpha - beta)/2)``.

The theory of signed squares is the gradient flow (:mod:`quadlaw.theory.flow`), which lacks their
noise. Step sizes are in units of the edge of the linearization at ``Q`` times the target's first
``T^(1/alpha)`` coordinates, which a linear model learns too.
"""

from itertools import product

import numpy as np
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
from quadlaw.theory import rates

SMOKE = {
    "problems": [{"alpha": 4.0, "beta": 2.0}],
    "samples": [64, 256, 1024],
    "theory_samples": [4096, 8192, 16384],
    "blocks": [4],
    "angles": [0.0, 0.4, 1.5707963267948966],
    "draws": 3,
    "replicates": 9,
    "pilots": 3,
    "window": [64, 1024],
}
REPORT = (
    "8. Beyond the paper",
    "Does the advantage survive if the model sees rotated coordinates, and at which angle is "
    "it lost?",
)


class Settings(keys.Curves):
    """Signed squares where the model sees rotated coordinates."""

    problems: keys.Pairs
    theory_samples: keys.SampleSizes
    blocks: typed.several(
        typed.one_of("Size of a block.", "must be 2, 4, 8 or 16", 2, 4, 8, 16),
        "Sizes of the blocks of neighbouring coordinates that are turned; the whole model is "
        "besides.",
        f"must list sizes among 2, 4, 8 and 16, of which the models are multiples, {keys.RISING}",
        rising=True,
    )  # fmt: skip
    angles: typed.several(
        typed.number("Angle.", "a direction turns by 0 to pi / 2", ge=0, le=1.5707963267948966),
        "Angles of rotation, in radians.",
        f"must list 0, the eigenbasis, and another angle or more, {keys.RISING}",
        rising=True, holding=0, least=2,
    )  # fmt: skip
    init: keys.Init
    fractions: keys.Fractions
    draws: keys.Draws
    pilots: keys.Pilots = 4

    @model_validator(mode="after")
    def _related(self):
        keys.check_draws(self)
        first = self.theory_samples[0], self.size_factor
        least = min(model_size(one.model_dump(), *first) for one in self.problems)
        reason = f"the first asks for a model of {least} coordinates, beyond {LARGEST}"
        typed.demand(least <= LARGEST, "theory_samples", self.theory_samples, reason)
        return self


with_steps, predicted = random_bases.with_steps, random_bases.predicted
run_point = random_bases.run_point
WHOLE = 0
LABELS = [*SERIES, "block", "angle", "samples", "model_size"]
MULTIPLE = 16  # of model sizes, so that blocks are whole
LARGEST, DENSE = 2048, 512  # coordinates of models that the theory alone speaks of
FAR = 3  # of its points, over which an exponent is taken


def setting(block: int, angle: float) -> str:
    """The basis in words."""
    if not angle:
        return EIGENBASIS
    return (f"blocks of {block}" if block else "whole model") + f" turned by {angle:.2f}"


def model_size(problem: dict, samples: int, size_factor: float) -> int:
    """``size_factor`` times the quadratic model's ``D``, in whole blocks."""
    held = rates.effective_dimension("quadratic", problem["alpha"], problem["beta"], samples)
    return int(MULTIPLE * np.ceil(size_factor * held / MULTIPLE))


def bases(settings: dict) -> list[tuple[int, float]]:
    """Blocks and angles, the eigenbasis first; blocks of 0 are the whole model."""
    turns = product([*settings["blocks"], WHOLE], settings["angles"])
    return [(2, 0.0), *((block, angle) for block, angle in turns if angle)]


def rows(settings: dict) -> pd.DataFrame:
    """Rows with the labels ``block, angle, setting, draw, fraction``."""
    return stacked(
        _rows(problem, T, block, angle, settings)
        for problem in settings["problems"]
        for T in settings["samples"]
        for block, angle in bases(settings)
    )


def _rows(problem: dict, samples: int, block: int, angle: float, settings: dict) -> pd.DataFrame:
    """One basis: signed squares with every matrix; in the eigenbasis, the linear model too."""
    size = model_size(problem, samples, settings["size_factor"])
    name = f"rotated {angle} {block}" if angle else EIGENBASIS
    draws = range(settings["draws"])
    rows = [(SIGNED, draw, f"{name} {draw}" if angle else name) for draw in draws]
    if not angle:
        rows += [(LINEAR, draw, name) for draw in draws]
    each = [(*row, fraction) for row in rows for fraction in settings["fractions"]]
    columns = zip(("model", "draw", "basis", "fraction"), zip(*each, strict=True), strict=True)
    shared = {
        "alpha": problem["alpha"], "beta": problem["beta"], "sigma": settings["sigma"],
        "samples": samples, "schedule": TwoPhase().name, "model_size": size,
        "replicates": settings["replicates"], "init": settings["init"], "block": block,
        "angle": angle, "setting": setting(block, angle),
    }  # fmt: skip
    return pd.DataFrame(dict(columns) | shared)


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Risks and ratios by ``T``; exponents of both, simulated and, by theory alone, beyond."""
    runs = random_bases.chosen(tables["runs"], tables["theory"], settings["pilots"])
    signed = select(runs, model=SIGNED)
    ratio = random_bases.linear_over_signed(runs, None)
    straight = random_bases.ratios(signed, select(signed, setting=EIGENBASIS), SIGNED)
    turned = straight[straight["setting"] != EIGENBASIS]
    far = far_ratios(runs, settings)
    curves = [
        random_bases.curve(runs, LABELS).assign(part="risk"),
        random_bases.curve(ratio, LABELS, "ratio").assign(part="ratio"),
        far.assign(part="far"),
    ]
    window = settings["window"]
    beyond = far_exponents(far.assign(theory=1 / far["theory"]), "T", FAR)
    rows = [
        *random_bases.median_exponents(runs, "sample exponent", window),
        *random_bases.median_exponents(ratio, "ratio exponent", window, value="ratio"),
        *random_bases.median_exponents(
            turned.assign(ratio=1 / turned["ratio"], theory=1 / turned["theory"]),
            "basis exponent", window, value="ratio",
        ),
        *(row | {"quantity": "far ratio exponent"} for row in beyond),
    ]  # fmt: skip
    return stacked(curves), table(rows)


def far_ratios(runs: pd.DataFrame, settings: dict) -> pd.DataFrame:
    """The theory's ratio beyond simulation, at the chosen fractions: eigenbasis, largest angle.

    Models of more than ``LARGEST`` coordinates, or ``DENSE`` where all are turned, are left out.
    """
    fractions = runs.groupby([*SERIES, "block", "angle"])["fraction"].first()
    rows = [_rows_at(settings, one) for one in fractions.reset_index().to_dict("records")]
    theory = predicted(with_steps(stacked(rows), settings))
    return random_bases.far_ratios(theory, LABELS, None)


def _rows_at(settings: dict, one: dict) -> pd.DataFrame:
    if one["angle"] not in (0.0, max(settings["angles"])):
        return pd.DataFrame()
    frames = [
        _rows(one, T, one["block"], one["angle"], settings | {"fractions": [one["fraction"]]})
        for T in settings["theory_samples"]
        if model_size(one, T, settings["size_factor"]) <= (LARGEST if one["block"] else DENSE)
    ]
    rows = stacked(frames) if frames else pd.DataFrame()
    return select(rows, model=one["model"]) if frames else rows
