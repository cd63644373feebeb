"""How many coordinates are learned, counted in three ways, against the sample size.

* ``adapted``: the coordinates that have grown, ``w_i > w*_i / 2``, by the end of the adaptation
  phase, and had not at the start;
* ``learned``: the same at the end of the run;
* the *risk dimension* ``D_R``, at which ``sum_{i > D_R} i^-beta`` is the risk: the size of the
  smallest model that could have it.

The paper (Ding et al. 2025, arXiv 2502.09106, main theorem) has one ``D ~ T^(1/s)`` in place of all
three, with ``s`` of :func:`quadlaw.theory.rates.rate_exponent`.

Theory: coordinate ``i`` has grown with a probability ``p_i``, independently of the others, as each
sees the others only through the risk. Its law is the Gamma law of the mean field's mean and
variance (quadratic) or the normal law of the exact ones (linear). Then ``sum_i p_i`` coordinates
have grown on average.

Which clock the counts follow is the theory's to say: coordinate ``i`` grows in
``log(w*_i / v_0^2 - 1) / (2 eta lambda_i w*_i)`` steps. Where ``alpha > beta`` targets grow without
bound and ``v_0`` does not, so that the logarithm grows, too: ``T / L``. Else
``v_0^2`` is in proportion to ``w*_D``, the logarithm stays, and the clock is ``T``.

A count ``n`` stands for the interval from ``n - 1/2`` to ``n + 1/2``, uniformly, as in the median
of grouped data: of whole numbers that all agree, the median would have no interval.
"""

from functools import partial

import numpy as np
import pandas as pd
import scipy
from scipy.special import zeta

from quadlaw.base import typed
from quadlaw.base.tables import select
from quadlaw.fit.curves import median_with_interval, with_divergence
from quadlaw.fit.designs import or_missing
from quadlaw.fit.estimates import SERIES, exponents, table
from quadlaw.sgd.problem import problem_of, setting_of
from quadlaw.sgd.schedules import named
from quadlaw.sgd.train import GROWN
from quadlaw.studies import settings as keys
from quadlaw.studies.sample_scaling import USUAL
from quadlaw.theory import linear_risk, mean_field
from quadlaw.theory.grids import Nodes

SMOKE = {"window": [1024, 65536]}
USES = "sample_scaling"
REPORT = (
    "3. Two phases",
    "Does the number of learned coordinates grow as predicted, however it is counted?",
)


class Settings(typed.Settings):
    """Learned coordinates against T."""

    window: keys.Window


# The columns of runs and of the theory that hold a dimension, and what their exponents are called.
DIMENSIONS = {"adapted": "adapted", "learned": "learned", "risk_dimension": "risk dimension"}
LEAST = 0.5  # counts of 0 have no logarithm
POINT = [*SERIES, "samples", "model_size", "step_size", "init", "schedule"]
FINE = 0.02  # growth of the theory's leaps: the end of adaptation is met to this share


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Medians of the three dimensions beside the theory's, one row a dimension; exponents."""
    # In one order, whatever jobs they came from: counts are spread row by row.
    runs = with_divergence(select(tables["runs"], setting=USUAL))
    runs = runs.sort_values([*SERIES, "samples", "replicate"])
    for count in ("adapted", "learned"):
        runs[count] = spread(runs[count])
    runs["risk_dimension"] = risk_dimension(runs["risk"], runs["beta"])
    theory = select(tables["theory"], setting=USUAL)
    theory = theory.assign(**predicted_dimensions(theory))
    rows = [
        row
        for column, name in DIMENSIONS.items()
        for row in exponents(
            runs, f"{name} exponent", window=settings["window"], theory=theory,
            value=column, theory_value=column,
        )
    ]  # fmt: skip
    return pd.concat([_curves(runs, theory, column) for column in DIMENSIONS]), table(rows)


def _curves(runs: pd.DataFrame, theory: pd.DataFrame, column: str) -> pd.DataFrame:
    medians = runs.groupby(POINT)[column].apply(median_with_interval).unstack()
    medians = medians[["risk", "ci_low", "ci_high"]].rename(columns={"risk": "median"})
    expected = theory.set_index(POINT)[column].rename("theory")
    return medians.join(expected).reset_index().assign(dimension=DIMENSIONS[column])


def spread(counts: pd.Series) -> pd.Series:
    """Counts spread uniformly over half a unit to either side; at least ``LEAST``."""
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, len(counts))
    return (counts + noise).clip(lower=LEAST)


def risk_dimension(risk: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """``D``, not whole, with ``zeta(beta, D + 1) = risk``; at least ``LEAST``."""
    size = np.geomspace(LEAST, 1e9, 4001)
    risk, beta = np.broadcast_arrays(risk, beta)
    result = np.empty(risk.shape)
    for one in np.unique(beta):
        here = beta == one
        log_tail = np.log(zeta(one, size + 1))
        log_size = np.interp(-np.log(risk[here]), -log_tail, np.log(size))
        result[here] = np.exp(log_size)
    return result


def predicted_dimensions(points: pd.DataFrame) -> dict[str, np.ndarray]:
    """The theory's three dimensions in every row of ``points``, missing where it refuses."""
    counts = [_counts(row) for row in points.to_dict("records")]
    adapted, learned = np.array(counts).T
    risk = risk_dimension(points["theory"], points["beta"])
    return {"adapted": adapted, "learned": learned, "risk_dimension": risk}


def _counts(row: dict) -> tuple[float, float]:
    """Mean numbers that have grown by the end of adaptation and by the end of the run."""
    problem = problem_of(row)
    nodes = Nodes.of(problem, row["model_size"])
    ends = [named(row["schedule"]).adaptation_steps(row["samples"]), row["samples"]]
    solve, shares = {
        "quadratic": (partial(mean_field, times=ends), _quadratic_grown),
        "linear": (partial(linear_risk, whole=True, method="leaps"), _linear_grown),
    }[row["model"]]
    how = setting_of(row) | {"schedule": named(row["schedule"]), "growth": FINE}
    solved = or_missing(row, partial(solve, problem, **how), None)
    if solved is None:
        return np.nan, np.nan
    late = row["init"] ** 2 <= GROWN * nodes.target
    grown = shares(solved, nodes, row, ends)
    adapted, final = (float(np.sum(nodes.count * share * late)) for share in grown)
    return adapted, final


def _quadratic_grown(field, nodes, row, ends) -> list[np.ndarray]:
    """``p_i`` at every node, at the times ``ends``."""
    shares = []
    for _, state in field.coordinates.groupby("time"):
        mean, variance = state["mean"], np.maximum(state["variance"], 1e-12 * state["mean"] ** 2)
        law = scipy.stats.gamma(mean**2 / variance, scale=variance / mean)
        shares.append(law.sf(GROWN * state["target"]))
    return shares


def _linear_grown(path, nodes, row, ends) -> list[np.ndarray]:
    """``p_i`` at every node, at the times ``ends``, from the exact mean and second moment.

    ``E (w_i - w*_i)`` shrinks by ``1 - eta lambda_i`` a step; the second moment as in
    :mod:`quadlaw.theory.linear`, at the risk that is found there.
    """
    time = path["time"].to_numpy()
    risk = path["excess_risk"].to_numpy()
    noise = row["sigma"] ** 2 + (risk[1:] + risk[:-1]) / 2
    etas = row["step_size"] * named(row["schedule"]).factor(time[:-1], row["samples"])
    bias = row["init"] ** 2 - nodes.target
    square, shares, lams = bias**2, [], nodes.eigenvalues
    marks = set(np.searchsorted(time, ends))
    for k, (steps, eta, level) in enumerate(zip(np.diff(time), etas, noise, strict=True), 1):
        loss = 2 * eta * lams * (1 - eta * lams)
        kept = (1 - loss) ** steps
        square = kept * square + (1 - kept) / loss * eta**2 * lams * level
        bias = bias * (1 - eta * lams) ** steps
        if k in marks:
            error = np.sqrt(np.maximum(square - bias**2, 1e-24 * nodes.target**2))
            shares.append(scipy.stats.norm.sf((GROWN - 1) * nodes.target, loc=bias, scale=error))
    return shares
