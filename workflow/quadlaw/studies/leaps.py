"""SGD in leaps beside SGD in steps: the same law, at a cost that does not grow with the model.

Rows have the label ``setting``, how they were run, which is their ``method``. Those of the part
``law`` run in both ways, and their quantiles are compared. Those of the part ``accuracy`` run far
longer, in leaps alone, beside the theory: the exact risk of the linear model, the mean field of the
quadratic one. What a step costs is counted from the levels that leaps have (part ``cost``).
"""

import numpy as np
import pandas as pd

from quadlaw.base import typed
from quadlaw.base.tables import select, stacked
from quadlaw.fit.curves import measured_curves, with_divergence
from quadlaw.fit.designs import curve_rows
from quadlaw.fit.estimates import SERIES, interval, table
from quadlaw.models import PAPER, named
from quadlaw.sgd.leaps import ACCURACY, METHODS, Rates, method_of, stages
from quadlaw.sgd.problem import PowerLaw, problem_of
from quadlaw.sgd.schedules import named as schedule_named
from quadlaw.studies import settings as keys
from quadlaw.theory import rates

SMOKE = {
    "problems": [{"alpha": 2.5, "beta": 1.5}, {"alpha": 2.0, "beta": 3.0}],
    "samples": 512,
    "replicates": 32,
    "accuracies": [0.5, 1.0],
    "long": 4096,
    "many": 32,
}
REPORT = (
    "7. Theory against simulation",
    "Does simulation in leaps give the law of SGD, and at which cost?",
)


class Settings(typed.Settings):
    """SGD in leaps beside steps and theory."""

    problems: keys.Pairs
    samples: keys.SampleSize
    replicates: keys.Replicates = 256
    accuracies: typed.several(
        typed.number("Accuracy of leaps.", "must lie above 0 and at most at 1", gt=0, le=1),
        "Accuracies of leaps at the long runs.",
        f"must list at least one accuracy, {keys.RISING} to six digits",
        rising=True, label=method_of,
    )  # fmt: skip
    long: keys.SampleSize
    many: keys.Many
    size_factor: keys.SizeFactor = 4


STEPS, LEAPS = METHODS[0], method_of(ACCURACY)
LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
CONSTANT = 0.08  # of the step size c D^p at which the cost is counted
COSTS = tuple(2**k for k in range(12, 31, 2))  # sample sizes whose cost a step is counted


def rows(settings: dict) -> pd.DataFrame:
    """Rows with the labels ``part``, ``setting`` and ``method``."""
    short = settings | {"samples": [settings["samples"]]}
    long = settings | {"samples": [settings["long"]], "replicates": settings["many"]}
    every = [method_of(accuracy) for accuracy in settings["accuracies"]]
    parts = (("law", short, (STEPS, LEAPS)), ("accuracy", long, every))
    return stacked(
        curve_rows(options, one, model, part=part, method=method, setting=method)
        for one in settings["problems"]
        for model in PAPER
        for part, options, methods in parts
        for method in methods
    )


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Quantiles of both methods, risks by accuracy, cost by ``T``; ratios of means and spreads."""
    runs, theory = with_divergence(tables["runs"]), tables["theory"]
    long = (select(frame, part="accuracy") for frame in (tables["runs"], theory))
    curves = measured_curves(*long)
    ratios, rows = [], [_beside_theory(row) for row in curves.to_dict("records")]
    for key, some in select(runs, part="law").groupby(
        [name for name in SERIES if name != "setting"]
    ):
        labels = dict(zip(SERIES, key, strict=False)) | {"setting": LEAPS}
        pair = [_risks(some, method) for method in (LEAPS, STEPS)]
        share = {"diverged_share": float(some["diverged"].mean())}
        rows += [
            labels | share | {"quantity": quantity} | _ratio(pair, statistic)
            for quantity, statistic in (("mean ratio", np.mean), ("spread ratio", np.std))
        ]
        ratios += [
            labels | {"level": level} | _ratio(pair, lambda risk, q=level: np.quantile(risk, q))
            for level in LEVELS
        ]
    costs = [row for one in settings["problems"] for row in _costs(one, settings)]
    curves = [curves, pd.DataFrame(ratios).assign(part="law"), pd.DataFrame(costs)]
    return stacked(curves), table(rows)


def _risks(runs: pd.DataFrame, method: str) -> np.ndarray:
    """Of the runs of a method that have not diverged."""
    risk = select(runs, method=method)["risk"].to_numpy()
    return risk[np.isfinite(risk)]


def _ratio(pair: list[np.ndarray], statistic) -> dict:
    """A statistic of leaps over that of steps, whose runs are independent."""
    return interval(pair, lambda one, other: statistic(one) / statistic(other), paired=False)


def _beside_theory(row: dict) -> dict:
    """The mean risk over the theory's."""
    ratio, error = row["mean"] / row["theory"], 1.96 * row["mean_error"] / row["theory"]
    found = {"estimate": ratio, "ci_low": ratio - error, "ci_high": ratio + error}
    return {name: row[name] for name in SERIES} | {"quantity": "mean over theory"} | found


def _costs(one: dict, settings: dict) -> list[dict]:
    """Coordinates of the quadratic model that a step updates, by ``T``, in leaps and in steps."""
    law, found = problem_of(settings | one), []
    for T in COSTS:
        dimension = rates.effective_dimension("quadratic", law.alpha, law.beta, T)
        size = int(np.ceil(settings["size_factor"] * dimension))
        eta = float(rates.step_size("quadratic", law.alpha, law.beta, dimension, CONSTANT))
        init = float(rates.initial_value(law.alpha, law.beta, dimension, 0.5))
        labels = one | {"model": "quadratic", "samples": T, "part": "cost"}
        found.append(labels | {"setting": STEPS, "updates": float(size)})
        updates = _updates(law, size, T, eta, init, settings["schedule"])
        found.append(labels | {"setting": LEAPS, "updates": updates})
    return found


def _updates(
    law: PowerLaw, size: int, samples: int, eta: float, init: float, schedule: str
) -> float:
    """Coordinates of a run in leaps that are updated, a step."""
    speeds, total = Rates(named("quadratic"), law.spectrum(size), np.full(size, init)), 0.0
    parts = list(stages(schedule_named(schedule), samples, [0, samples]))
    for _, steps, _, starts, levels in speeds.leveled(eta, ACCURACY, parts):
        total += steps * int(starts[0]) + (np.diff(starts) * np.ceil(steps / 2.0**levels)).sum()
    return total / samples
