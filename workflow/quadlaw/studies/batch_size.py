"""Samples or steps: the largest batch that is nearly free, and how it grows.

A batch of ``B`` samples makes one step along their mean gradient, so that ``T`` samples make
``T / B`` steps. The *critical batch* ``B*(T)`` is the largest at which ``MORE = 1.2`` times as many
samples reach the risk that ``T`` samples reach one at a time, both at their best step sizes. Zhang
et al. (arXiv 2410.21676) define it so, as a fifth more than ideal scaling, and say that it grows
with the data and not with the model. They prove the first for least squares.

Why, with ``a = alpha`` for the linear model and ``(alpha + beta) / 2`` for the quadratic one, whose
features are rescaled by the target: ``k = (eta T / B)^(1/a)`` coordinates are learned, and

    risk ~ k^-(beta - 1) + sigma^2 k / T.

A batch divides the variance of a step and multiplies what it costs, so that at a given ``k`` the
second term has no ``B``. As long as ``eta`` can grow with ``B``, nothing is lost. The edge of
stability ends that: it grows with the batch by a constant factor only.

* ``alpha < beta``: the best ``k = T^(1/beta)`` asks for ``eta / B = k^a / T``. At the largest step,
  a constant, ``B* ~ T k^-a = T^(1 - a/beta)``. That is ``1 - alpha/beta`` for the linear model and
  half of it for the quadratic one.
* ``alpha > beta``: one sample at a time has the largest step already, and ``B*`` stays.
* The model's size is in neither, once it is larger than ``k``.

``setting`` is ``simulation`` or ``theory``. Theory: :mod:`quadlaw.theory.rivals.batches`, the
linear model's second moments and the quadratic model's closure. Each batch has the step size of its
least theory risk, up to a quarter of its own edge. Risks are means, which the theory is of. Runs
with one sample at a time end within the streams of the others, which are longer by a fifth.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd
from pydantic import model_validator

from quadlaw.base import typed
from quadlaw.base.tables import select, stacked
from quadlaw.fit.estimates import ends, resampled, table
from quadlaw.fit.exponents import theory_row
from quadlaw.fit.points import labels_of, replicates_of, spectrum_of
from quadlaw.models import PAPER
from quadlaw.sgd.problem import PowerLaw, Spectrum, problem_of
from quadlaw.sgd.rivals.batches import train_batches
from quadlaw.sgd.schedules import named
from quadlaw.sgd.train import diverged
from quadlaw.studies import settings as keys
from quadlaw.theory import rates
from quadlaw.theory.rivals.batches import batch_risk, tuned_batch

SMOKE = {
    "problems": [{"alpha": 4.0, "beta": 2.0}, {"alpha": 1.5, "beta": 3.0}],
    "samples": [256, 1024],
    "batches": [1, 2, 4, 8, 16, 32, 64],
    "far": [4096, 16384],
    "size_factors": [1, 2],
    "replicates": 6,
}
REPORT = (
    "9. Rivals and what came after",
    "How large a batch is nearly free, and does it grow with the data or with the model?",
)
MORE = 1.2  # times the samples
LEAST = 8  # steps of a run
SERIES = ["model", "alpha", "beta", "sigma"]
FOUND = ("simulation", "theory")
EXPONENT, IN_SIZE = "critical batch exponent", "critical batch exponent in M"
OVER_THEORY = "log of critical batch over theory's"


class Settings(typed.Settings):
    """Batches, and the samples at which the largest one that is nearly free is looked for."""

    problems: keys.Problems
    samples: keys.SampleSizes
    batches: typed.several(
        typed.whole("Batch.", "a batch is a whole number from 1 to 10^8", ge=1, le=10**8),
        "Batches B that are simulated, 1 among them; a sample size has those that leave 8 steps.",
        "must list 1 and at least one larger batch, in rising order, none twice",
        rising=True, least=2, holding=1,
    )  # fmt: skip
    far: typed.several(
        typed.whole("Sample size.", "lies between 1024 and 10^12", ge=1024, le=10**12),
        "Sample sizes of the theory alone.",
        f"must list at least two sample sizes, {keys.RISING}", rising=True, least=2,
    )  # fmt: skip
    size_factor: keys.SizeFactor = 4
    size_factors: typed.several(
        keys.SizeFactor, "Model sizes of the theory at the first of its sample sizes, over D.",
        f"must list at least two factors, {keys.RISING}", rising=True, least=2,
    )  # fmt: skip
    replicates: keys.Replicates = 16

    @model_validator(mode="after")
    def _steps(self):
        most, largest = self.samples[-1], self.batches[-1]
        reason = f"a batch of more than the {most} samples takes no step"
        typed.demand(largest <= most, "batches", self.batches, reason)
        least = f"at {LEAST} steps or more, {self.samples[0]} samples have one batch only"
        typed.demand(self.samples[0] >= LEAST * 2, "samples", self.samples, least)
        return self


def rows(settings: dict) -> pd.DataFrame:
    """One row a problem, ``T``, model and batch, and a first one of ``T`` samples one at a time."""
    frames = []
    for one in settings["problems"]:
        for T in settings["samples"]:
            lane = _lane(one, T, settings["size_factor"])
            fit = [B for B in settings["batches"] if B * LEAST <= T]
            runs = [(1, T), *((B, int(MORE * T)) for B in fit)]
            frame = pd.DataFrame(runs, columns=["batch", "used"]).assign(**lane)
            frames += [frame.assign(model=model) for model in PAPER]
    kept = {key: settings[key] for key in ("sigma", "schedule")}
    own = stacked(frames).assign(**kept)
    mine = own["replicates"] if "replicates" in own else pd.Series(np.nan, own.index)
    return own.assign(replicates=mine.fillna(settings["replicates"]).astype(int))


def _lane(one: dict, samples: int, size_factor: float) -> dict:
    """A problem with its ``samples``, ``model_size`` and ``init``, by the rules for ``T``."""
    D = float(rates.effective_dimension("quadratic", one["alpha"], one["beta"], samples))
    init = float(rates.initial_value(one["alpha"], one["beta"], D))
    return one | {"samples": samples, "model_size": int(np.ceil(size_factor * D)), "init": init}


def with_steps(rows: pd.DataFrame, settings: dict) -> pd.DataFrame:
    """Rows with the best step size of each batch."""
    steps = [tuned_batch(*_asked(row)[:2], **_asked(row)[2]) for row in rows.to_dict("records")]
    return rows.assign(step_size=[tuned.step_size for tuned in steps])


def predicted(design: pd.DataFrame) -> pd.DataFrame:
    """The design with its column ``theory``."""
    found = [_risk(row) for row in design.to_dict("records")]
    return design.assign(theory=found)


def _asked(row: dict) -> tuple[str, PowerLaw, dict]:
    """Model, problem and settings of the theory."""
    kept = {key: row[key] for key in ("model_size", "batch", "init")}
    more = {"samples": row["used"], "schedule": named(row["schedule"])}
    return row["model"], problem_of(row), kept | more


def _risk(row: dict) -> float:
    model, problem, settings = _asked(row)
    return batch_risk(model, problem, step_size=row["step_size"], **settings)


def run_point(point: dict, seed: int, dtype: str, listed: Spectrum | None = None) -> pd.DataFrame:
    """Last risks of all lanes, replicate by replicate."""
    lanes = pd.DataFrame(point["lanes"])
    spectrum = spectrum_of(point, lanes["model_size"].max(), listed)
    common = {"seed": seed, "schedule": named(point["schedule"]), "dtype": dtype}
    tables = []
    for replicate in replicates_of(point):
        risk = train_batches(spectrum, lanes, point["samples"], replicate, **common)
        bad = diverged(risk, spectrum.tail[0])
        tables.append(lanes.assign(replicate=replicate, excess_risk=risk, diverged=bad))
    return stacked(tables).assign(**labels_of(point))


# --- the critical batch ---------------------------------------------------------------------------


def crossing(batches: np.ndarray, logs: np.ndarray) -> float:
    """Where ``logs``, of the risk over the one to reach, last comes to 0 from below.

    Linear in ``log B`` between neighbours. The first batch if they are never below, nan if they
    never come back.
    """
    below = np.flatnonzero(logs <= 0)
    if not len(below):
        return float(batches[0])
    if below[-1] == len(logs) - 1:
        return np.nan
    here = below[-1]
    share = logs[here] / (logs[here] - logs[here + 1])
    return float(batches[here] * (batches[here + 1] / batches[here]) ** share)


def critical_batch(model: str, lane: dict, sigma: float) -> float:
    """``B*`` of the theory, by halving the interval of powers of two."""
    problem = PowerLaw(lane["alpha"], lane["beta"], sigma)
    fixed = {key: lane[key] for key in ("model_size", "init")}
    least = tuned_batch(model, problem, samples=lane["samples"], batch=1, **fixed).risk
    more = int(MORE * lane["samples"])

    def log_ratio(power):
        risk = tuned_batch(model, problem, samples=more, batch=2**power, **fixed).risk
        return np.log(risk / least)

    low, high = 0, int(np.log2(more / LEAST))
    logs = {low: log_ratio(low), high: log_ratio(high)}
    while high - low > 1:
        middle = (low + high) // 2
        logs[middle] = log_ratio(middle)
        low, high = (middle, high) if logs[middle] <= 0 else (low, middle)
    return crossing(2.0 ** np.array([low, high]), np.array([logs[low], logs[high]]))


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Curves: risks over the one to reach, and critical batches; their exponents.

    ``part`` is ``risk`` (``batch, ratio``), ``data`` (``samples, critical``) or ``model``
    (``model_size, critical``); ``found`` says by what.
    """
    curves, estimates = [], []
    for key, runs in tables["runs"].groupby(SERIES):
        series = dict(zip(SERIES, key, strict=True))
        found = list(_measured(runs, select(tables["theory"], **series)))
        curves += [series | row for one in found for row in one["curves"]]
        estimates += [series | row for row in _compared(found)]
    for one in settings["problems"]:
        for model in PAPER:
            series = {key: one[key] for key in ("alpha", "beta")}
            series |= {"model": model, "sigma": settings["sigma"]}
            drawn, fitted = _by_theory(series, settings)
            curves += [series | row for row in drawn]
            estimates += [series | row for row in fitted]
    return pd.DataFrame(curves), table(estimates)


def _measured(runs: pd.DataFrame, theory: pd.DataFrame) -> Iterator[dict]:
    """At each ``T``, of one series: rows of curves, ``B*`` by theory and its draws."""
    for T, some in runs.groupby("samples"):
        some = some.assign(excess_risk=some["excess_risk"].where(~some["diverged"], np.inf))
        wide = some.pivot(index="replicate", columns=["used", "batch"], values="excess_risk")
        batched, first = wide[int(MORE * T)], wide[T][1].to_numpy()
        batches = batched.columns.to_numpy(float)

        logs = partial(_log_ratios, batched.to_numpy(), first)
        draws = np.vstack([logs(np.arange(len(wide))), resampled(len(wide), logs)])
        known = select(theory, samples=T).set_index(["used", "batch"])["theory"].sort_index()
        ideal = np.log(known[int(MORE * T)].to_numpy() / known[(T, 1)])
        critical = np.array([crossing(batches, one) for one in draws])
        best = crossing(batches, ideal)
        limits = ends(draws[1:], len(wide))
        place = {"samples": T, "part": "risk", "found": FOUND[0]}
        yield {
            "samples": T,
            "draws": np.log(critical),
            "theory": np.log(best),
            "replicates": len(wide),
            "curves": [
                place | {"batch": B, "ratio": np.exp(draws[0, k]), "theory": np.exp(ideal[k])}
                | {side: np.exp(value[k]) for side, value in limits.items()}
                for k, B in enumerate(batches)
            ] + [place | _critical(critical, best, len(wide))],
        }  # fmt: skip


def _log_ratios(values: np.ndarray, first: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Log of mean risks, shape (replicates, B), over that of one sample at a time."""
    return np.log(values[chosen].mean(axis=0) / first[chosen].mean())


def _critical(draws: np.ndarray, theory: float, replicates: int) -> dict:
    found = {"part": "data", "critical": draws[0], "theory": theory}
    return found | ends(draws[1:], replicates)


def _compared(found: list[dict]) -> Iterator[dict]:
    """``B*`` over the theory's at each ``T``, and the exponent over all of them."""
    for one in found:
        place = {"quantity": OVER_THEORY, "setting": f"T = {one['samples']}", "theory": 0.0}
        yield place | _interval(one["draws"] - one["theory"], one["replicates"])
    samples = [one["samples"] for one in found]
    slopes = _slopes(samples, np.array([one["draws"] for one in found]))
    place = {"quantity": EXPONENT, "setting": FOUND[0], "against": "T", "points": len(found)}
    place |= {"window_low": samples[0], "window_high": samples[-1]}
    ideal = float(_slopes(samples, np.array([one["theory"] for one in found])))
    yield place | {"theory": ideal} | _interval(slopes, min(one["replicates"] for one in found))


def _interval(draws: np.ndarray, replicates: int) -> dict:
    """The first is the estimate."""
    found = {"estimate": draws[0], "replicates": replicates, "method": "steps"}
    return found | ends(draws[1:], replicates)


def _slopes(x: list, logs: np.ndarray) -> np.ndarray:
    """Least-squares slope of ``logs``, along the first axis, against ``log x``."""
    t = np.log(x) - np.mean(np.log(x))
    return t @ logs / np.sum(t**2)


def _by_theory(series: dict, settings: dict) -> tuple[list[dict], list[dict]]:
    """Rows of curves and of estimates of one series, by theory alone."""
    far, widest = settings["far"], settings["size_factors"][-1]
    lanes = {"data": [_lane(series, T, widest) for T in far]}
    lanes["model"] = [_lane(series, far[0], factor) for factor in settings["size_factors"]]
    drawn, fitted = [], []
    parts = (("data", "samples", "T", EXPONENT), ("model", "model_size", "M", IN_SIZE))
    for part, axis, against, name in parts:
        found = [critical_batch(series["model"], lane, series["sigma"]) for lane in lanes[part]]
        x = [lane[axis] for lane in lanes[part]]
        shared = {"part": part, "found": FOUND[1]}
        drawn += [
            lane | shared | {"critical": B} for lane, B in zip(lanes[part], found, strict=True)
        ]
        local = np.diff(np.log(found)) / np.diff(np.log(x))
        slope = float(_slopes(x, np.log(found)))
        fitted.append({
            "quantity": name, "setting": FOUND[1], "against": against,
            "window_low": x[0], "window_high": x[-1], "points": len(x), **theory_row(slope, local),
        })  # fmt: skip
    return drawn, fitted
