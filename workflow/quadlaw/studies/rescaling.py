"""Whether the quadratic model's second phase is linear SGD on features rescaled by the target.

The quadratic model runs to the end of the adaptation phase. From there on, on the same samples and
with the same decay, three go on (:mod:`quadlaw.studies.linearized`): the quadratic model itself,
linear SGD on rescaled features at the same step size, and plain linear SGD, which has at each
``T`` the step size at which the theory's risk from ``T1`` on is least. Theory: the mean field, and
from its moments at ``T1`` the exact recursion of the linear models' second moments.

How close the predictors stay to the quadratic model's is seen besides the risk. What the rescaling
gains is not seen: plain linear SGD inherits what was learned, and hardly any bias is left there. It
is seen from half of the target (:mod:`quadlaw.studies.second_phase`).
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from quadlaw.base.tables import stacked
from quadlaw.fit import designs
from quadlaw.fit.curves import measured_curves, median_with_interval
from quadlaw.fit.designs import curve_rows
from quadlaw.fit.estimates import exponents, interval, table
from quadlaw.fit.points import labels_of, replicates_of, spectrum_of
from quadlaw.sgd.problem import Spectrum, problem_of, setting_of
from quadlaw.sgd.schedules import named
from quadlaw.sgd.train import diverged
from quadlaw.studies import settings as keys
from quadlaw.studies.linearized import (
    PLAIN,
    PROBLEM,
    QUADRATIC,
    RESCALED,
    RISK,
    Handover,
    looks,
    ratios,
    second_phase,
)
from quadlaw.theory import mean_field_risk

SMOKE = keys.SMALL | {
    "problems": [{"alpha": 3.0, "beta": 1.5}, {"alpha": 2.0, "beta": 3.0}],
}
REPORT = (
    "3. Two phases",
    "Is the quadratic model's second phase linear SGD on rescaled features?",
)


class Settings(keys.Curves):
    """The second phase beside linear SGD on rescaled features."""


# What is seen at each time: the excess risk R, and sum_i lambda_i (w_i - q_i)^2 / R_q, where q are
# the quadratic model's weights and R_q its risk.
DISTANCE = "relative distance"
RATIO = "ratio"  # of last risks, in the table of curves; the models that it is reported of:
EXPONENTS = (  # quantity, model that it is reported of, numerator, denominator
    ("rescaled ratio exponent", QUADRATIC, QUADRATIC, RESCALED),
    ("plain ratio exponent", PLAIN, PLAIN, QUADRATIC),
)


def rows(settings: dict) -> pd.DataFrame:
    """Rows of the quadratic model up to ``T1``, from where on two others train too."""
    frames = [curve_rows(settings, one, QUADRATIC) for one in settings["problems"]]
    return stacked(frames).assign(setting="from T1 on")


def with_steps(rows: pd.DataFrame, settings: dict) -> pd.DataFrame:
    """Also ``plain_step``, the plain linear model's step size."""
    design = designs.with_steps(rows)
    steps = [Handover.of(row).best_plain_step() for row in design.to_dict("records")]
    return design.assign(plain_step=steps)


def run_point(point: dict, seed: int, dtype: str, listed: Spectrum | None = None) -> pd.DataFrame:
    """Long table: one row a replicate, time of :func:`quadlaw.studies.linearized.looks`, model and
    part.

    The value is called ``excess_risk`` whatever the part; ``adapted`` and ``learned`` are how many
    leading coordinates, and how many in all, the linear models train.
    """
    (lane,) = point["lanes"]
    spectrum, found = spectrum_of(point, lane["model_size"], listed), []
    with np.errstate(over="ignore", invalid="ignore"):
        for replicate in replicates_of(point):
            for time, learned, weights in second_phase(spectrum, point, replicate, seed, dtype):
                counts = {"adapted": np.cumprod(learned).sum(), "learned": learned.sum()}
                labels = {"replicate": replicate, "time": time} | counts
                found += [labels | one for one in _seen(spectrum, weights)]
    shared = {key: value for key, value in (labels_of(point) | lane).items() if key != "model"}
    return pd.DataFrame(found).assign(**shared)


def _seen(spectrum: Spectrum, weights: dict) -> Iterator[dict]:
    """Each model's risk, and its distance from the quadratic model."""
    reference = weights[QUADRATIC]
    for model, w in weights.items():
        risk = spectrum.excess_risk(w)
        distance = spectrum.eigenvalues @ (w - reference) ** 2 / spectrum.excess_risk(reference)
        one = {"model": model, "diverged": diverged(risk, spectrum.tail[0])}
        yield one | {"part": RISK, "excess_risk": risk}
        if model != QUADRATIC:
            yield one | {"part": DISTANCE, "excess_risk": distance}


def predicted(design: pd.DataFrame) -> pd.DataFrame:
    """Expected risk: one row a row of the design, time and model."""
    return stacked(
        one.assign(part=RISK, **{key: row[key] for key in row if key != "model"})
        for row in design.to_dict("records")
        for one in _paths(row)
    )


def _paths(row: dict) -> Iterator[pd.DataFrame]:
    state, schedule = Handover.of(row), named(row["schedule"])
    problem, settings = problem_of(row), setting_of(row)
    paths = {
        QUADRATIC: mean_field_risk(problem, schedule=schedule, whole=True, **settings),
        RESCALED: state.path(RESCALED, row["step_size"]),
        PLAIN: state.path(PLAIN, row["plain_step"]),
    }
    times = looks(schedule, row["samples"])
    for model, path in paths.items():
        risk = np.interp(times, path["time"], path["excess_risk"])
        yield pd.DataFrame({"model": model, "time": times, "theory": risk})


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Medians by time, model and part; ratios of the last risks and their exponents in ``T``."""
    runs, theory = tables["runs"], tables["theory"]
    last, known = (some[some["time"] == some["samples"]] for some in (runs, theory))
    curves, estimates = [measured_curves(runs, theory)], list(_largest(last, known))
    for quantity, model, over, under in EXPONENTS:
        ratio, expected = (ratios(some, over, under).assign(model=model) for some in (last, known))
        estimates += exponents(
            ratio, quantity, window=settings["window"], value="ratio",
            theory=expected, theory_value="ratio",
        )  # fmt: skip
        curves.append(_ratio_curve(ratio, expected))
    return stacked(curves), table(estimates)


def _ratio_curve(ratio: pd.DataFrame, expected: pd.DataFrame) -> pd.DataFrame:
    """Median ratios with their intervals, beside the theory's."""
    keys = [*PROBLEM, "model", "samples"]
    medians = ratio.groupby(keys)["ratio"].apply(median_with_interval).unstack().reset_index()
    known = expected[[*keys, "ratio"]].rename(columns={"ratio": "theory"})
    return medians.merge(known, on=keys).assign(part=RATIO)


def _largest(last: pd.DataFrame, known: pd.DataFrame) -> Iterator[dict]:
    """At each problem's largest ``T``: quadratic over rescaled risk, and relative distances."""
    last, known = (some[some["samples"] == some["samples"].max()] for some in (last, known))
    for key, some in last.groupby(PROBLEM):
        labels = dict(zip(PROBLEM, key, strict=True))
        ratio = ratios(some, QUADRATIC, RESCALED)["ratio"].to_numpy()
        here = known[(known[PROBLEM] == list(key)).all(axis="columns")]
        yield labels | {
            "quantity": "risk over rescaled",
            "model": QUADRATIC,
            "theory": ratios(here, QUADRATIC, RESCALED)["ratio"].iloc[0],
            **interval([ratio], np.median),
        }
        for model, distances in some[some["part"] == DISTANCE].groupby("model"):
            row = labels | {"quantity": "relative distance from quadratic", "model": model}
            yield row | interval([distances["excess_risk"].to_numpy()], np.median)
