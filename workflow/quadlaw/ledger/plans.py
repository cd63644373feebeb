"""What a configuration asks for, study by study, listed before anything runs.

Jobs are batches of points, or of cells of a grid, of about ``batch_seconds`` of work each.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from quadlaw.fit import designs
from quadlaw.ledger.config import for_study
from quadlaw.sgd.workload import batches
from quadlaw.studies import Study, study
from quadlaw.theory.asymptotics import decades, grid_cells

SOLVE = 2.3e-4  # seconds of one core


@dataclass(frozen=True, eq=False)
class Plan:
    """A study with its settings.

    Attributes
    ----------
    study : Study
    settings : dict
        What the study's own code reads, :func:`quadlaw.ledger.config.for_study`.
    batch_seconds : float
    """

    study: Study
    settings: dict
    batch_seconds: float

    @cached_property
    def rows(self) -> pd.DataFrame:
        """What it simulates, but for the step sizes."""
        return self.study.rows(self.settings) if self.study.simulates else pd.DataFrame()

    @cached_property
    def points(self) -> list[dict]:
        """The rows as points, :func:`quadlaw.fit.designs.points`."""
        return designs.points(self.rows) if self.study.simulates else []

    @cached_property
    def runs(self) -> list[slice]:
        """Which points are one job."""
        return designs.jobs(self.points, self.batch_seconds)

    @cached_property
    def tuned(self) -> list[list[dict]]:
        """The cells of its grid, job by job; none without a grid."""
        grid = self.settings.get("grid")
        return tuned_parts(grid, self.batch_seconds) if grid else []


def plans(config: dict) -> dict[str, Plan]:
    """By study, all of a configuration, as from :func:`quadlaw.ledger.config.checked`."""
    seconds = config["batch_seconds"]
    return {name: Plan(study(name), for_study(config, name), seconds) for name in config["studies"]}


def effort(samples: float) -> float:
    """One risk by the theory's fast methods: its leaps times the nodes of the largest models."""
    return float(np.log10(samples) ** 2.6)


def tuning(alpha: float, beta: float, samples: float) -> float:
    """One best step size: inside of the range that is searched, or at its end after two looks."""
    return (3.3 if beta > alpha else 1.85) * effort(samples)


def tuned_works(grid: dict) -> list[float]:
    """The theory's work at each cell of a grid."""
    samples = decades(*grid["decades"], grid["per_decade"])
    return [
        sum(tuning(cell["alpha"], cell["beta"], T) for T in samples) for cell in grid_cells(grid)
    ]


def tuned_parts(grid: dict, batch_seconds: float) -> list[list[dict]]:
    """The cells of a grid, job by job."""
    parts = batches([work * SOLVE for work in tuned_works(grid)], batch_seconds)
    return [grid_cells(grid)[part] for part in parts]
