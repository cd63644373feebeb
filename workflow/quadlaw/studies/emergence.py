"""Is the power law a sum of sharp steps? And do whole loss curves collapse onto one?

**Steps.** Ren, Nichani, Wu and Lee (arXiv 2504.19983) show for teachers of many neurons that each
is learned at a time of its own, abruptly, and that the sum of these steps is a power law. Their
neurons of strength ``p^-beta`` are our coordinates. Without noise ``u = v_i^2`` is logistic: the
log-odds of ``u / w*_i`` rise at a constant rate from ``-L``, ``L = log(w*_i / v_0^2 - 1)``, and
pass 0 at ``t_i = L / (2 eta lambda_i w*_i) ~ i^((alpha + beta)/2)``. The coordinate's share of its
risk, ``(1 - u / w*_i)^2``, falls from .9 to .1 while time grows by the factor

    (L + logit(1 - .1^(1/2))) / (L + logit(1 - .9^(1/2))) = (L + .77) / (L - 2.92),

which goes to 1 for small starts. The linear model's share falls as ``exp(-2 eta lambda_i t)``, by
a factor of ``log .1 / log .9 = 21.9`` in time, whatever the start. If each coordinate is a step at
the time at which half of its risk is gone, the risk is ``sum_{t_i > t} i^-beta``, which falls as
``t^-p`` with ``p = 2 (beta - 1)/(alpha + beta)``. Runs: those of
:mod:`quadlaw.studies.phase_transition`, in the first phase, medians over replicates, so without
the noise about what is learned. Theory there: the median of the mean field's law.

**Collapse.** Qiu, Xiao, Wilson, Pennington and Agarwala (arXiv 2507.02119) find that risks along
training, over the last one, against ``t / T``, are one curve for all models on the compute-optimal
frontier, as both terms of the risk keep their ratio. Measured: how ``R(T/4) / R(T)`` goes with the
compute ``C = M T``, a power ``C^q``; a collapse has ``q = 0``. Here ``M`` is ``D(T)``, each run has
the step size of its least theory risk, and all is theory. Without label noise both models should
collapse for ``alpha > beta``. With label noise the first phase stops at a floor of the order of its
step size, which the last risk leaves behind. So ``q`` should be

* ``alpha > beta``, at a constant step: that of the last risk, ``(beta - 1)/(s + 1)``, where ``s``
  is ``alpha``, or ``(alpha + beta)/2`` for the quadratic model;
* ``alpha < beta``: steps fall as ``T^((alpha - beta)/beta)``, or the root of that for the quadratic
  model, the last risk as ``T^(1/beta - 1)``, and ``T = C^(beta/(beta + 1))``. Hence
  ``(alpha - 1)/(beta + 1)``, or ``((alpha + beta)/2 - 1)/(beta + 1)``.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from pydantic import model_validator
from scipy.special import logit, zeta

from quadlaw.base import typed
from quadlaw.base.checks import require
from quadlaw.base.tables import select
from quadlaw.fit.estimates import ends, resampled, table
from quadlaw.fit.exponents import theory_row
from quadlaw.models import PAPER
from quadlaw.sgd.problem import PowerLaw
from quadlaw.studies import settings as keys
from quadlaw.theory import linear_risk, mean_field_risk, rates
from quadlaw.theory.planning import setting
from quadlaw.theory.rivals.batches import tuned_batch

SMOKE = {"steps": [2, 16], "compute": [1e5, 1e6, 1e7]}
USES = "phase_transition"
REPORT = (
    "9. Rivals and what came after",
    "Is the power law a sum of sharp steps, and are whole loss curves the same at every size?",
)
PROBLEM = ["model", "alpha", "beta", "sigma"]
HIGH, HALF, LOW = 0.9, 0.5, 0.1  # shares of a coordinate's risk
PART = 0.25  # of a run
SHARES = np.geomspace(0.01, 1, 41)  # of a run, that are drawn
DROP, STEPS, OVER = "log of drop over logistic", "exponent of the steps", "log of steps over risk"
COLLAPSE = "compute exponent of the normalized risk"


class Settings(typed.Settings):
    """Coordinates' shares of the risk over time, and curves along the compute-optimal frontier."""

    steps: keys.Window
    problems: keys.Pairs
    compute: typed.several(
        typed.number("Compute.", "lies between 10^4 and 10^18", ge=1e4, le=1e18),
        "Compute C = M T of the theory's runs on the frontier.",
        f"lists at least three numbers, {keys.RISING}", rising=True, least=3,
    )  # fmt: skip

    @model_validator(mode="after")
    def _rising(self):
        reason = "the upper end lies at least 2 above the lower one: a slope needs 3 coordinates"
        typed.demand(self.steps[1] >= self.steps[0] + 2, "steps", self.steps, reason)
        return self


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Curves and estimates of both parts.

    ``part`` is ``drop`` (``coordinate, time``, in units of its ``t_i``, ``share``), ``sum``
    (``time, risk, steps``) or ``collapse`` (``compute, time``, a share of ``T``, ``share``, over
    the last risk).
    """
    curves, estimates = [], []
    for key, runs in tables["runs"].groupby(PROBLEM):
        series = dict(zip(PROBLEM, key, strict=True))
        theory = select(tables["theory"], **series)
        drawn, found = _steps(series, runs, theory, settings["steps"])
        curves += [frame.assign(**series) for frame in drawn]
        estimates += [series | row for row in found]
    for one in settings["problems"]:
        for model in PAPER:
            frame = _frontier(one, model, settings["compute"])
            curves.append(frame)
            estimates += list(_collapse(frame))
    return pd.concat(curves, ignore_index=True), table(estimates)


# --- steps ----------------------------------------------------------------------------------------


def logistic_drop(delay: np.ndarray) -> np.ndarray:
    """Log of the factor of time in which a share falls from ``HIGH`` to ``LOW``, without noise.

    ``delay`` is ``L``; nan where the share begins below ``HIGH``.
    """
    first, last = (delay + logit(1 - np.sqrt(share)) for share in (HIGH, LOW))
    return np.log(last / np.where(first > 0, first, np.nan))


def falls(time: np.ndarray, shares: np.ndarray, level: float) -> np.ndarray:
    """When the columns of ``shares`` first fall below ``level``, between times in ``log t``.

    nan where that is not in the times, which are positive and rising.
    """
    later = np.argmax(shares < level, axis=0)
    column = np.arange(shares.shape[1])
    before, after = shares[later - 1, column], shares[later, column]
    part = (before - level) / np.where(later > 0, before - after, np.nan)
    step = np.log(time)
    return np.exp(step[later - 1] + part * (step[later] - step[later - 1]))


def _steps(series: dict, runs: pd.DataFrame, theory: pd.DataFrame, window: list) -> tuple:
    """Curves and estimates of one problem."""
    runs = runs[(runs["time"] > 0) & (runs["time"] <= runs["adaptation_steps"])]
    runs = runs.assign(ratio=(runs["weight"] / runs["target"]).fillna(np.inf))
    wide = runs.pivot(index="replicate", columns=["time", "coordinate"], values="ratio")
    coordinates = wide.columns.levels[1].to_numpy()
    ratios = wide.to_numpy().reshape(len(wide), -1, len(coordinates))
    time = wide.columns.levels[0].to_numpy(float)
    size, start = runs["model_size"].iloc[0], runs["init"].iloc[0] ** 2
    inside = (coordinates >= window[0]) & (coordinates <= window[1])
    grown = np.isfinite(falls(time, (1 - np.median(ratios, axis=0)) ** 2, HALF))
    seen = int((inside & grown).sum())
    alpha, beta = series["alpha"], series["beta"]
    weights = _weights(coordinates, size, beta)
    known = coordinates, time, inside, size, weights, start, alpha, beta
    draws = resampled(len(wide), lambda chosen: _numbers(ratios[chosen], *known))
    ideal = theory[(theory["time"] > 0) & (theory["time"] <= time[-1])]
    ideal = ideal.pivot(index="time", columns="coordinate", values="ratio")
    known_there = coordinates, ideal.index.to_numpy(float), *known[2:]
    expected = _numbers(ideal.to_numpy()[None], *known_there)
    found = _numbers(ratios, *known)
    # Medians of few runs are biased under resampling: the interval is about the estimate.
    limits = ends(draws - draws.mean(axis=0) + found, len(wide))
    labels = {"setting": "", "method": "steps", "replicates": len(wide)}
    labels |= {"window_low": window[0], "window_high": window[1], "points": seen}
    rows = [
        labels | {"quantity": name, "estimate": found[k], "theory": expected[k]}
        | {side: value[k] for side, value in limits.items()}
        for k, name in enumerate((DROP, STEPS, OVER))
    ]  # fmt: skip
    return _drawn(ratios, *known), rows


def _numbers(ratios, coordinates, time, inside, size, weights, start, alpha, beta) -> np.ndarray:
    """``DROP``, ``STEPS`` and ``OVER`` of ``v_i^2 / w*_i``.

    ``ratios`` have the shape (replicates, times, coordinates). All are of the medians over
    replicates: what is not learned, without the noise about it.
    """
    shares = (1 - np.median(ratios, axis=0)) ** 2
    high, half, low = (falls(time, shares, level)[inside] for level in (HIGH, HALF, LOW))
    delay = _delay(coordinates, start, alpha, beta)[inside]
    drop = np.nanmedian(np.log(low / high) - logistic_drop(delay))
    seen = np.isfinite(half)
    require(sum(seen) >= 3, "steps", sum(seen), "so many coordinates grew, a slope needs 3")
    steps = step_sum(coordinates[inside], beta)[seen]
    logs = np.log(shares @ weights + zeta(beta, size + 1.0))
    risk = np.interp(np.log(half[seen]), np.log(time), logs)
    slope = np.polyfit(np.log(half[seen]), np.log(steps), 1)[0]
    return np.array([drop, -slope, np.mean(np.log(steps) - risk)])


def step_sum(coordinates: np.ndarray, beta: float) -> np.ndarray:
    """``sum_{j > i} j^-beta`` and half of the coordinate's own: the risk on its step."""
    return zeta(beta, coordinates + 1.0) + 0.5 * coordinates**-beta


def _delay(coordinates: np.ndarray, start: float, alpha: float, beta: float) -> np.ndarray:
    """``L`` of coordinates that start at ``u = start``."""
    return np.log(coordinates ** ((alpha - beta) / 2) / start - 1)


def _weights(coordinates: np.ndarray, size: int, beta: float) -> np.ndarray:
    """What each followed coordinate stands for in the risk: others lie between in ``log i``."""
    every = np.arange(1.0, size + 1)
    between = (np.log(every), np.log(coordinates))
    return np.array([np.interp(*between, unit) @ every**-beta for unit in np.eye(len(coordinates))])


def _drawn(
    ratios, coordinates, time, inside, size, weights, start, alpha, beta
) -> list[pd.DataFrame]:
    shares = (1 - np.median(ratios, axis=0)) ** 2
    half, delay = falls(time, shares, HALF), _delay(coordinates, start, alpha, beta)
    shown = np.flatnonzero(inside & np.isfinite(half))
    frames = [
        pd.DataFrame({"time": time / half[k], "share": shares[:, k], "delay": delay[k]}).assign(
            part="drop", coordinate=coordinates[k]
        )
        for k in shown
    ]
    steps = pd.DataFrame({"time": half[shown], "steps": step_sum(coordinates[shown], beta)})
    risk = pd.DataFrame({"time": time, "risk": shares @ weights + zeta(beta, size + 1.0)})
    return [*frames, *(frame.assign(part="sum") for frame in (risk, steps))]


# --- collapse -------------------------------------------------------------------------------------


def _frontier(one: dict, model: str, compute: list) -> pd.DataFrame:
    """Normalized risks over time at each compute, with label noise and without it."""
    alpha, beta = one["alpha"], one["beta"]
    frames = []
    for sigma in (0.5, 0.0) if alpha > beta else (0.5,):
        problem = PowerLaw(alpha, beta, sigma)
        for C in compute:
            share = normalized(model, problem, C, SHARES)
            frame = pd.DataFrame({"time": SHARES, "share": share, "compute": C, "sigma": sigma})
            frames.append(frame.assign(model=model, part="collapse", **one))
    return pd.concat(frames, ignore_index=True)


def normalized(model: str, problem: PowerLaw, compute: float, shares: np.ndarray) -> np.ndarray:
    """Risk after these shares of the frontier's run, over its last risk."""
    exponent = rates.rate_exponent(model, problem.alpha, problem.beta)
    size = round(compute ** (1 / (exponent + 1)))
    lane = setting(problem, size, round(compute / size))
    eta = tuned_batch(model, problem, batch=1, **lane).step_size
    solver = {"linear": linear_risk, "quadratic": mean_field_risk}[model]
    how = {"method": {"linear": "leaps", "quadratic": "closure"}[model], "whole": True}
    path = solver(problem, step_size=eta, **lane, **how)
    logs = np.log(path["excess_risk"] / path["excess_risk"].iloc[-1])
    clock = np.log(path["time"].iloc[1:] / lane["samples"])
    return np.exp(np.interp(np.log(shares), clock, logs.iloc[1:]))


def _collapse(frame: pd.DataFrame) -> Iterator[dict]:
    """``q`` between the two largest computes; its range over the last two pairs."""
    for key, some in frame.groupby(PROBLEM):
        wide = some.pivot(index="compute", columns="time", values="share")
        at = [np.interp(np.log(PART), np.log(wide.columns), np.log(row)) for row in wide.to_numpy()]
        local = np.diff(at) / np.diff(np.log(wide.index))
        yield dict(zip(PROBLEM, key, strict=True)) | {
            "quantity": COLLAPSE, "against": "C", "points": len(wide),
            "setting": "with label noise" if key[-1] else "without label noise",
            "window_low": wide.index[-2], "window_high": wide.index[-1],
            **theory_row(local[-1], local[-2:]),
        }  # fmt: skip
