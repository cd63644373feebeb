"""Designs: tables of settings, one row a curve's point, simulated and predicted row by row.

A design has the columns ``SETTING`` and any labels besides. Rows that agree in ``STREAM`` are the
lanes of one *point*: they share their samples. Step sizes are the theory's, so that no simulated
run chooses them.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from quadlaw.fit.curves import median_with_interval, with_divergence
from quadlaw.fit.experiments import SECONDS_PER_DRAW, SECONDS_PER_UPDATE
from quadlaw.sgd.problem import Finite, PowerLaw
from quadlaw.sgd.run import LANE_COLUMNS
from quadlaw.sgd.schedules import named
from quadlaw.sgd.schedules.two_phase import TwoPhase
from quadlaw.theory import predicted_risk, rates
from quadlaw.theory.tuning import SAFE, tuned_constant

STREAM = ["alpha", "beta", "sigma", "schedule", "samples", "replicates"]
SETTING = [*STREAM, *LANE_COLUMNS]
MEASURED = ["replicate", "excess_risk", "diverged", "front", "learned"]


def scaling_rows(
    problem: PowerLaw,
    model: str,
    samples: Sequence[int],
    *,
    replicates: int,
    size_factor: float = 4.0,
    init_scale: float = 0.5,
    step_factors: Sequence[float] = (1.0,),
    schedules: Sequence[str] = (TwoPhase().name,),
    share: float = SAFE,
) -> pd.DataFrame:
    """A curve against ``T`` by the paper's rules: ``M = ceil(size_factor D)``, ``eta = c D^p``.

    ``c`` is tuned by the theory at the largest ``T``, up to ``share`` of the stability edge, and
    held along the curve; ``step_factors`` multiply it (column ``step_factor``). ``D`` in ``M`` and
    ``v_0`` is the quadratic model's.
    """
    alpha, beta = problem.alpha, problem.beta

    def scales(T):
        dimension = float(rates.effective_dimension("quadratic", alpha, beta, T))
        init = float(rates.initial_value(alpha, beta, dimension, init_scale))
        return int(np.ceil(size_factor * dimension)), init

    constant = tuned_constant(problem, model, max(samples), *scales(max(samples)), share)
    rows = []
    for T in samples:
        size, init = scales(T)
        own = rates.effective_dimension(model, alpha, beta, T, size)
        for factor in step_factors:
            eta = float(rates.step_size(model, alpha, beta, own, constant * factor))
            rows += [
                {"schedule": name, "samples": T, "model_size": size, "step_size": eta,
                 "init": init, "step_factor": factor}
                for name in schedules
            ]  # fmt: skip
    return pd.DataFrame(rows).assign(
        model=model, alpha=alpha, beta=beta, sigma=problem.sigma,
        replicates=replicates, init_scale=init_scale,
    )  # fmt: skip


def points(design: pd.DataFrame) -> list[dict]:
    """The design's points, the costly ones first, as JSON: ``STREAM`` and ``lanes``."""
    result = [
        dict(zip(STREAM, key, strict=True))
        | {"lanes": some.drop(columns=STREAM).to_dict("records")}
        for key, some in design.groupby(STREAM)
    ]
    return sorted(result, key=seconds, reverse=True)


def seconds(point: dict) -> float:
    """Rough time of a point on one core."""
    sizes = [lane["model_size"] for lane in point["lanes"]]
    step = max(sizes) * SECONDS_PER_DRAW + sum(sizes) * SECONDS_PER_UPDATE
    return point["samples"] * point["replicates"] * step


def share(things: Sequence, part: int, parts: int) -> list:
    """Every ``parts``-th of things sorted by cost, from the ``part``-th: about equal work."""
    return list(things)[part::parts]


def predicted(design: pd.DataFrame, problem: PowerLaw | Finite | None = None) -> pd.DataFrame:
    """The design with its column ``theory``: expected risk, missing where there is none."""
    return design.assign(theory=[_theory(row, problem) for row in design.to_dict("records")])


def _theory(row: dict, problem: PowerLaw | Finite | None) -> float:
    problem = problem or PowerLaw(row["alpha"], row["beta"], row["sigma"])
    setting = {key: row[key] for key in ("model_size", "samples", "step_size", "init")}
    try:
        return predicted_risk(row["model"], problem, schedule=named(row["schedule"]), **setting)
    except ValueError as fault:
        print(f"no prediction for {row}: {fault}")
        return np.nan


def measured_curves(runs: pd.DataFrame, theory: pd.DataFrame | None = None) -> pd.DataFrame:
    """Median risk with its exact 95 % interval, one row a row of the design, beside the theory.

    Columns: the design's, ``risk, ci_low, ci_high, mean, mean_error, diverged_share``, the medians
    ``front`` and ``learned`` and, where ``theory`` is given, ``theory``.
    """
    keys = [column for column in runs.columns if column not in MEASURED]
    groups = with_divergence(runs).groupby(keys, dropna=False)
    table = groups["risk"].apply(median_with_interval).unstack().drop(columns="replicates")
    table = table.join(groups[["front", "learned"]].median()).reset_index()
    if theory is None:
        return table
    return table.merge(theory[[*keys, "theory"]], on=keys, how="left", validate="1:1")
