"""Fixed samples: one pass, many epochs, gradient descent, ridge regression.

One-pass SGD sees each of ``n`` samples once. Whoever has no more of them can use them again. With a
step of order one and ``L`` steps in all, the linear model learns the coordinates of ``eta lambda_i
L > 1``, ``k = L^(1/alpha)`` of them. The quadratic model learns those of ``eta lambda_i w*_i L >
1``, ``k = L^(2/(alpha + beta))``. But ``n`` samples know ``k`` coordinates to ``sigma^2 k / n``:

    risk ~ k^-(beta - 1) + sigma^2 k / n,    least at k = n^(1/beta): n^-(1 - 1/beta), minimax.

* ``alpha > beta``: one pass stops short of that. In epochs the linear model's risk falls as
  ``L^-((beta - 1)/alpha)`` up to ``L = n^(alpha/beta)`` (Lin, Wu and Bartlett, arXiv 2506.08415:
  their a, b, N are our alpha, beta, n). As fresh samples would do the same, ``K`` epochs are worth
  ``K n`` samples, up to a plateau (Yan et al., arXiv 2511.13421, for other inputs), here ``n^(alpha
  / beta - 1)`` times ``n``. The quadratic model needs ``L = n^((alpha + beta)/(2 beta))`` steps. It
  comes to the same rate: its advantage is one of steps, and once there are epochs enough, none of
  samples.
* ``alpha <= beta``: one pass is at the rate already.
* Gradient descent is minimax for all of them. Ridge regression has the bias ``mu^2 sum_i i^(2 alpha
  - beta)`` over learned coordinates, ``mu = k^-alpha``. Where ``beta > 2 alpha + 1`` the sum stays
  finite, so that ``k^-(2 alpha) + sigma^2 k / n`` is least at ``k = n^(1/(2 alpha + 1))``, and the
  exponent is ``2 alpha/(2 alpha + 1)``, a worse one (a case of Wu et al., arXiv 2509.17251).

Each learner has one number to choose, the step size, the time or the penalty, which is of the least
theory risk (:mod:`quadlaw.theory.rivals.reuse`); that of SGD, up to ``SHARE`` of its stability
edge. All start from the same ``w_0 = v_0^2``, which ridge regression shrinks to as well. The column
``step_size`` holds the time of gradient descent and the penalty of ridge regression; ``samples`` is
``L``, the number of steps, and ``fixed`` is ``n``.

Parts of the tables: ``sizes``, all learners against ``n``, at as many epochs as help by the rates,
where that is affordable (for ``beta > 2 alpha + 1`` closed forms alone); ``epochs``, both models
against ``L`` at one ``n``.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from quadlaw.base import typed
from quadlaw.base.tables import select, stacked
from quadlaw.fit.curves import measured_curves
from quadlaw.fit.estimates import SERIES, exponents, interval, table
from quadlaw.fit.fitting import LEAST_POINTS
from quadlaw.fit.points import labels_of, replicates_of, spectrum_of
from quadlaw.sgd.problem import PowerLaw, Spectrum, problem_of, setting_of
from quadlaw.sgd.rivals.reuse import LeastSquares, epochs, fixed_samples
from quadlaw.sgd.schedules import named
from quadlaw.sgd.schedules.two_phase import TwoPhase
from quadlaw.sgd.train import diverged, groups_of, train
from quadlaw.sgd.workload import Stream
from quadlaw.studies import settings as keys
from quadlaw.theory import predicted_risk, rates
from quadlaw.theory.rivals import reuse
from quadlaw.theory.stability import stability_edge
from quadlaw.theory.tuning import SAFE, TunedStep, tuned_step

SMOKE = {
    "problems": [
        {"alpha": 3.0, "beta": 1.5, "sigma": 2.0},
        {"alpha": 2.0, "beta": 3.0, "sigma": 0.5},
        {"alpha": 1.2, "beta": 6.0, "sigma": 0.5},
    ],
    "samples": [64, 128, 256],
    "window": [64, 256],
    "most_steps": 2**18,
    "replicates": 6,
    "repeated": {
        "problems": [{"alpha": 4.0, "beta": 2.0, "sigma": 0.5}],
        "samples": 128,
        "epochs": [1, 4, 16],
        "window": [128, 2048],
    },
}
REPORT = (
    "9. Rivals and what came after",
    "How much of the quadratic model's gain is left when samples may be used more than once?",
)
SIGMA = typed.number(
    "Standard deviation of the label noise.",
    "must be a number above 0 (and at most 1000): without noise a few samples teach all",
    gt=0, le=1000,
)  # fmt: skip
STEPS = typed.whole(
    "Longest run in steps; where epochs would take more, there is one pass alone.",
    "a run has at least one step (and at most 10^9)", ge=1, le=10**9,
)  # fmt: skip


class Noisy(keys.Pair):
    """A problem with its noise."""

    sigma: SIGMA


class Sized(keys.Problem):
    """A problem with its noise and, if it says so, with replicates and a longest run of its own."""

    sigma: SIGMA
    most_steps: STEPS | None = None


NOISY = "Problems, each with its noise."


class Repeated(typed.Settings):
    """Both models against the number of steps, on one number of samples."""

    problems: keys.problems_of(Noisy, NOISY)
    samples: keys.SampleSize
    epochs: typed.several(
        typed.whole("Passes over the samples.", "a run is one epoch at least", ge=1),
        "Numbers of epochs.", f"must list at least one number of epochs, {keys.RISING}",
        rising=True,
    )  # fmt: skip
    replicates: keys.Replicates
    window: keys.Window

    @model_validator(mode="after")
    def _fitted(self):
        steps = [self.samples * number for number in self.epochs]
        keys.check_samples_window(self.window, steps)
        return self


class Settings(keys.Fitted):
    """Fixed samples, used more than once."""

    problems: keys.problems_of(Sized, NOISY)
    most_steps: STEPS
    size_factor: keys.SizeFactor = 2
    repeated: Repeated = Field(description=Repeated.__doc__)


LINEAR, QUADRATIC = "linear", "quadratic"
ONE_PASS, MANY, DESCENT, RIDGE = "one pass", "epochs", "gradient descent", "ridge"
CLOSED = (DESCENT, RIDGE)  # no steps are simulated
SIZES, EPOCHS = "sizes", "epochs"  # parts
SHARE = {LINEAR: SAFE, QUADRATIC: SAFE / 2}  # at sigma = 2 the quadratic model diverges beyond
LONGEST = {LINEAR: 0.25, QUADRATIC: 1.0}  # over most_steps; gradient descent stands for the first
LEAST_EPOCHS = 32  # of fewer, at larger steps, the noise is not that of the samples alone
REACH = {LINEAR: 0.8, QUADRATIC: 3.2}  # time after which no more helps, over its rate


# --- what is simulated ----------------------------------------------------------------------------


def rows(settings: dict) -> pd.DataFrame:
    """Rows of both parts, with the labels ``part, setting, fixed, epochs``."""
    listed, repeated, largest = [], settings["repeated"], settings["samples"][-1]
    for one in settings["problems"]:
        own = {key: settings[key] for key in ("most_steps", "replicates")} | one
        for n in settings["samples"]:
            number = int(own["replicates"] * (largest / n) ** 0.75)  # small risks vary less
            runs = _sizes(problem_of(one), n, own["most_steps"])
            listed += _rows(problem_of(one), n, SIZES, runs, number, settings)
    for one in repeated["problems"]:
        n, number = repeated["samples"], repeated["replicates"]
        runs = [(model, MANY, K) for model in (LINEAR, QUADRATIC) for K in repeated["epochs"]]
        listed += _rows(problem_of(one), n, EPOCHS, runs, number, settings)
    return pd.DataFrame(listed)


def _sizes(problem: PowerLaw, n: int, most: int) -> Iterator[tuple[str, str, int]]:
    """Model, setting and epochs of all learners that are compared at ``n``."""
    yield from ((LINEAR, setting, 1) for setting in CLOSED)
    for model in (LINEAR, QUADRATIC) if problem.beta <= 2 * problem.alpha + 1 else ():
        yield model, ONE_PASS, 1
        steps = REACH[model] * reuse.slowest(problem, n, model) / _largest(problem, model)
        number = max(LEAST_EPOCHS, int(np.ceil(steps / n)))
        if number * n <= LONGEST[model] * most:
            yield model, MANY, number


def _rows(problem: PowerLaw, n: int, part: str, runs, replicates: int, settings: dict):
    size = int(np.ceil(settings["size_factor"] * reuse.learned(problem, n)))
    init = float(rates.initial_value(problem.alpha, problem.beta, reuse.learned(problem, n)))
    shared = {
        "alpha": problem.alpha, "beta": problem.beta, "sigma": problem.sigma, "part": part,
        "fixed": n, "model_size": size, "init": init, "replicates": replicates,
        "schedule": TwoPhase().name,
    }  # fmt: skip
    for model, setting, number in runs:
        run = {"model": model, "setting": setting, "epochs": number, "samples": n * number}
        yield shared | run


def _largest(problem: PowerLaw, model: str) -> float:
    return SHARE[model] * stability_edge(problem, 10**6, model)  # as good as infinite


def streams(rows: pd.DataFrame) -> list[Stream]:
    """The work of the rows: each input is drawn once and then copied, once an epoch."""
    runs = rows[~rows["setting"].isin(CLOSED)].itertuples()
    return [Stream(row.samples, row.replicates, 1, 0, 3 * row.model_size) for row in runs]


def run_point(point: dict, seed: int, dtype: str, listed: Spectrum | None = None) -> pd.DataFrame:
    """Last risks of a point's lanes, those of the same ``n`` on the same samples."""
    lanes, tables = pd.DataFrame(point["lanes"]), []
    for (n, closed), some in lanes.groupby(["fixed", lanes["setting"].isin(CLOSED)]):
        spectrum, some = spectrum_of(point, some["model_size"].iloc[0], listed), some.reset_index()
        ways = (_closed_risks if closed else _trained_risks)(spectrum, some, point, seed, dtype)
        for replicate in replicates_of(point):
            x, y = fixed_samples(spectrum, n, replicate, seed, dtype)
            tables.append(some.assign(excess_risk=ways(x, y, replicate), replicate=replicate))
    found = stacked(tables).drop(columns="index")
    bad = diverged(found["excess_risk"], float(problem_of(point).tail(0)))
    return found.assign(**labels_of(point), diverged=bad, adapted=0, learned=0)


Risks = Callable[[np.ndarray, np.ndarray, int], list[float]]  # of x, y and the replicate's number


def _closed_risks(spectrum: Spectrum, lanes: pd.DataFrame, point: dict, *_) -> Risks:
    """Of lanes that take no steps."""
    rows = [point | row for row in lanes.to_dict("records")]

    def risks(x, y, _):
        squares = LeastSquares.of(x, y, spectrum.size, rows[0]["init"] ** 2)
        return [float(spectrum.excess_risk(_solved(squares, row))) for row in rows]

    return risks


def _solved(squares: LeastSquares, row: dict) -> np.ndarray:
    if row["setting"] == DESCENT:
        return squares.gradient_descent(row["step_size"])
    return squares.ridge(_fixed(row).plain_penalty(row["step_size"]))


def _trained_risks(spectrum: Spectrum, lanes, point: dict, seed: int, dtype: str) -> Risks:
    """Of lanes that are trained on one stream, all for as many epochs."""
    fresh = groups_of(spectrum, lanes.assign(place=lanes.index), dtype)
    steps, schedule = point["samples"], named(point["schedule"])
    order = np.argsort(np.concatenate([group.lanes["place"] for group in fresh]))

    def risks(x, y, replicate):
        groups = [group.again(replicate) for group in fresh]
        stream = epochs(spectrum, x, y, steps // len(y), replicate, seed)
        with np.errstate(over="ignore", invalid="ignore"):
            list(train(groups, stream, schedule, steps, [steps]))
            return np.concatenate([group.excess_risk() for group in groups])[order]

    return risks


# --- theory ---------------------------------------------------------------------------------------


def with_steps(rows: pd.DataFrame, settings: dict) -> pd.DataFrame:
    """Each row's step size, time or penalty of least theory risk."""
    return rows.assign(step_size=[_best(row) for row in rows.to_dict("records")])


def _best(row: dict) -> float:
    fixed, model, n = _fixed(row), row["model"], row["fixed"]
    largest, usual = _largest(fixed.problem, model), reuse.slowest(fixed.problem, n, model)
    if row["setting"] == RIDGE:
        usual = reuse.learned(fixed.problem, n) ** -fixed.problem.alpha
        return reuse.best_time(fixed.ridge, usual).step_size
    if row["setting"] == DESCENT:
        return reuse.best_time(fixed.gradient_descent, usual).step_size
    if row["epochs"] > 1:
        unit = reuse.clock(named(row["schedule"]), row["samples"])
        return reuse.best_time(_flow(fixed, model), usual, largest * unit).step_size / unit
    return _one_pass(row).step_size


def _one_pass(row: dict) -> TunedStep:
    """The best one over as many fresh samples as steps."""
    run = {key: row[key] for key in ("model_size", "samples", "init")}
    return tuned_step(row["model"], problem_of(row), share=SHARE[row["model"]], **run)


def _fixed(row: dict) -> reuse.FixedSamples:
    return reuse.FixedSamples(problem_of(row), row["model_size"], row["fixed"], row["init"])


def _flow(fixed: reuse.FixedSamples, model: str) -> Callable[[float], float]:
    return fixed.gradient_descent if model == LINEAR else fixed.quadratic


def _risk(row: dict) -> float:
    """One pass: the expected risk of SGD. More: the theory of fixed samples."""
    fixed, number, schedule = _fixed(row), row["step_size"], named(row["schedule"])
    if row["setting"] in CLOSED:
        return {DESCENT: fixed.gradient_descent, RIDGE: fixed.ridge}[row["setting"]](number)
    if row["epochs"] > 1:
        return _flow(fixed, row["model"])(number * reuse.clock(schedule, row["samples"]))
    return predicted_risk(row["model"], fixed.problem, schedule=schedule, **setting_of(row))


def predicted(design: pd.DataFrame) -> pd.DataFrame:
    """The design with its column ``theory``."""
    return design.assign(theory=[_risk(row) for row in design.to_dict("records")])


def _fresh(row: dict, lowest: float) -> Callable[[np.ndarray], np.ndarray]:
    """How many fresh samples a risk is worth to the model of a row."""
    run = {key: row[key] for key in ("model_size", "init")}
    run |= {"share": SHARE[row["model"]], "first": max(2, int(row["fixed"]) // 4)}
    return reuse.fresh_samples(row["model"], problem_of(row), lowest, **run)


# --- results --------------------------------------------------------------------------------------


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Medians beside the theory, and that of ``L`` fresh samples; exponents; worth of epochs."""
    runs, theory = tables["runs"], tables["theory"]
    found = [*_in_sizes(runs, theory, settings), *_in_steps(runs, theory, settings)]
    curves = measured_curves(runs, theory)
    fresh = [_one_pass(row).risk for row in select(curves, part=EPOCHS).to_dict("records")]
    curves.loc[curves["part"] == EPOCHS, "fresh"] = fresh
    return curves, table(found)


def _enough(frame: pd.DataFrame, window: list[float]) -> pd.DataFrame:
    """The series that have points enough in the window for a slope."""
    inside = frame[frame["samples"].between(*window)]
    return inside.groupby(SERIES).filter(lambda some: some["samples"].nunique() >= LEAST_POINTS)


def _in_sizes(runs: pd.DataFrame, theory: pd.DataFrame, settings: dict) -> Iterator[dict]:
    """Exponents of risks in ``n``; of ratios to gradient descent; of what reuse is worth."""
    window, by_size = settings["window"], {"samples": lambda some: some["fixed"]}
    runs, theory = (select(frame, part=SIZES).assign(**by_size) for frame in (runs, theory))
    fitted = _enough(runs, window)
    yield from exponents(fitted, "sample exponent", window=window, theory=theory)
    ratio, known = _over_descent(fitted), _over_descent(theory)
    options = {"value": "ratio", "theory_value": "ratio"}
    yield from exponents(ratio, "ratio exponent", window=window, theory=known, **options)
    yield from _last_ratios(ratio, known)
    worth, known = _worth(fitted, "excess_risk"), _worth(theory, "theory")
    options = {"value": "worth", "theory_value": "worth"}
    yield from exponents(worth, "worth exponent", window=window, theory=known, **options)


def _over_descent(frame: pd.DataFrame) -> pd.DataFrame:
    """Risks in epochs and by ridge regression, with their ``ratio`` on the same samples."""
    value = "excess_risk" if "excess_risk" in frame else "theory"
    keys = ["alpha", "beta", "sigma", "samples", *(["replicate"] if "replicate" in frame else [])]
    other = select(frame, setting=DESCENT).set_index(keys)[value].rename("other")
    some = frame[frame["setting"].isin([MANY, RIDGE])].join(other, on=keys)
    return some.assign(ratio=some[value] / some["other"])


def _last_ratios(ratio: pd.DataFrame, known: pd.DataFrame) -> Iterator[dict]:
    """The median ratio at the largest ``n`` of each series."""
    theory = known.set_index([*SERIES, "samples"])["ratio"]
    for key, some in ratio.groupby(SERIES):
        last = some[some["samples"] == some["samples"].max()]
        yield {
            **dict(zip(SERIES, key, strict=True)),
            **interval([last["ratio"].to_numpy()], np.median),
            "quantity": "risk over gradient descent's",
            "theory": theory[(*key, last["samples"].iloc[0])],
            "diverged_share": last["diverged"].mean(), "replicates": len(last),
        }  # fmt: skip


def _worth(frame: pd.DataFrame, value: str) -> pd.DataFrame:
    """Gradient descent's samples with their ``worth``, in passes over fresh ones."""
    some = frame[(frame["setting"] == DESCENT) & (frame["alpha"] > frame["beta"])]
    worth = pd.Series(np.nan, some.index)
    for _, group in some.groupby(["alpha", "beta", "sigma", "samples"]):
        fresh = _fresh(group.iloc[0].to_dict(), group[value].min())
        worth[group.index] = fresh(group[value].to_numpy()) / group["fixed"]
    return some.assign(worth=worth)


def _in_steps(runs: pd.DataFrame, theory: pd.DataFrame, settings: dict) -> Iterator[dict]:
    """Exponents in ``L``, on the same samples; log of epochs' worth over log of their number."""
    runs, theory = select(runs, part=EPOCHS), select(theory, part=EPOCHS)
    window = settings["repeated"]["window"]
    yield from exponents(runs, "step exponent", window=window, theory=theory, paired=True)
    for key, some in runs.groupby(SERIES):
        series = dict(zip(SERIES, key, strict=True))
        mine = select(theory, **series).set_index("epochs")["theory"]
        worth = _fresh(some.iloc[0].to_dict(), min(some["excess_risk"].min(), mine.min()))
        for number, group in some[some["epochs"] > 1].groupby("epochs"):
            yield series | _log_worth(group, worth, int(number), mine[number])


def _log_worth(group: pd.DataFrame, worth: Callable, number: int, theory: float) -> dict:
    n = group["fixed"].iloc[0]

    def log_worth(risk):
        return np.log(worth(np.median(risk)) / n) / np.log(number)

    return {
        "quantity": "log worth over log epochs", "setting": f"{number} epochs",
        "theory": log_worth(theory), **interval([group["excess_risk"].to_numpy()], log_worth),
        "diverged_share": group["diverged"].mean(), "replicates": len(group),
    }  # fmt: skip
