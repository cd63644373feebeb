r"""Compute-optimal slopes of sign descent, Adam and SGD on the linear model, without label noise.

Sources: Kim, Song, Yun 2026 (arXiv 2603.02069) for the slopes of sign descent on mixed features;
Xiao et al. 2024 (arXiv 2411.12135) for its moments, :mod:`quadlaw.theory.rivals.sign`. In their
notation ``alpha`` is half of ours, and ``alpha + beta`` half of our ``beta``. They sketch the
features; our
*mixed* ones are a rotation of the first ``M`` (:mod:`quadlaw.sgd.rivals.sign`), so that the terms
of a sketch are missing. What follows is our own derivation.

The risk is at least the floor ``M^-(beta - 1)``, reached after ``T = M^a`` steps, so that compute
``C = M T`` gives ``R ~ C^-p`` with ``p = (beta - 1)/(1 + a)``. With a constant step:

* *SGD*: the slowest direction takes ``M^alpha`` steps, ``a = alpha``.
* *Mixed sign descent* is SGD of the step ``eta (M/R)^(1/2)``, and its noise fills the risk up to
  ``eta^2 M``, which may be no more than the floor. So ``a = alpha`` again, as long as any movement
  at all, ``M^((beta - 1)/2)`` steps, takes no longer: ``a = max(alpha, (beta - 1)/2)``.
* *Sign descent in the eigenbasis* also has ``i^(-alpha/2)`` in place of ``lambda_i``, and noise up
  to ``eta^2`` times the squared sum of these: ``a = max(alpha, beta - 1)/2`` for ``alpha > 2``, and
  ``max(1, (beta + 1 - alpha)/2)`` below. This preconditioning is no part of the source.

The source finds sign descent steeper than SGD where SGD's noise dominates. That is for
``beta > 2 alpha``, and needs its sketch, whose floor ``M^-alpha`` is met after fewer than
``M^alpha`` steps. A rotation has a lower floor, and by then the noise is forgotten: this study
cannot show it. The source also finds a steeper slope with a stable-decay schedule, where features
decay fast and the target slowly. In the derivation above a decay gains no exponent there, as the
noise of a larger step slows the drift by as much. The claim is the source's.

At each ``C`` models of several sizes train on ``T = C/M`` samples, at the step of least theory
risk; Adam has that of sign descent. The size is the one of least theory risk, and neither the
smallest nor the largest that was tried.
"""

import numpy as np
import pandas as pd

from quadlaw.base import typed
from quadlaw.base.checks import require
from quadlaw.base.tables import select, stacked
from quadlaw.fit import points
from quadlaw.fit.curves import measured_curves, with_divergence
from quadlaw.fit.designs import IN_LEAPS, IN_STEPS, by_learner, own_replicates
from quadlaw.fit.estimates import difference, table
from quadlaw.fit.exponents import fit_row
from quadlaw.fit.fitting import curve_exponent, fit_power_law
from quadlaw.sgd.problem import Spectrum, problem_of
from quadlaw.sgd.rivals.sign import EIGENBASIS, MIXED, last_risk
from quadlaw.sgd.schedules import named
from quadlaw.sgd.train import diverged
from quadlaw.studies import settings as keys
from quadlaw.theory import predicted_risk, stability_edge
from quadlaw.theory.rivals.sign import sign_risk
from quadlaw.theory.tuning import SAFE, least_risk

SMOKE = {"compute": [1024, 4096, 16384], "replicates": 6}
REPORT = (
    "9. Rivals and what came after",
    "Are the slopes of sign descent and Adam steeper than those of SGD?",
)
SGD, SIGN, MIXED_SIGN, ADAM = "SGD", "sign descent", "mixed sign descent", "Adam"
LEARNERS = SGD, SIGN, MIXED_SIGN, ADAM
CONSTANT, DECAYED = "constant", "two-phase 0.5"
AROUND = range(-3, 3)  # powers of 2 about the size by the law; the best by theory lies within
LEAST = 2  # the smallest model
KEYS = ["learner", "alpha", "beta", "setting", "compute"]  # of the sizes that are compared
COARSE = 0.2  # growth of leaps good enough to compare step sizes


class Settings(typed.Settings):
    """Sign descent and Adam."""

    problems: keys.Problems
    compute: typed.several(
        typed.whole("Compute.", "a simulation takes from 256 to 10^9 updates", ge=256, le=10**9),
        "Compute C = M T, model size times sample size.",
        f"lists at least three numbers, {keys.RISING}", rising=True, least=3,
    )  # fmt: skip
    replicates: keys.Replicates = 8


def steps_power(learner: str, alpha: float, beta: float) -> float:
    """``a`` of ``T = M^a``, at a constant step."""
    if learner == SGD:
        return alpha
    if learner == MIXED_SIGN:
        return max(alpha, (beta - 1) / 2)
    return max(alpha, beta - 1) / 2 if alpha > 2 else max(1.0, (beta + 1 - alpha) / 2)


def slope(learner: str, alpha: float, beta: float) -> float:
    """``p`` of ``R ~ C^-p``, at a constant step."""
    return (beta - 1) / (1 + steps_power(learner, alpha, beta))


def rows(settings: dict) -> pd.DataFrame:
    """Rows of every problem, learner, schedule, ``compute`` and model size, a power of 2."""
    return pd.DataFrame(
        {
            "model": "linear", "learner": learner, "alpha": one["alpha"], "beta": one["beta"],
            "sigma": 0.0, "schedule": schedule, "setting": schedule, "compute": compute,
            "model_size": size, "samples": compute // size, "init": 0.0,
            "replicates": own_replicates(settings, one),
            **(IN_LEAPS if learner == SGD else IN_STEPS),
        }
        for one in settings["problems"]
        for learner in LEARNERS
        for schedule in (CONSTANT, DECAYED)
        for compute in settings["compute"]
        for size in _sizes(learner, one["alpha"], one["beta"], compute)
    )  # fmt: skip


def _sizes(learner: str, alpha: float, beta: float, compute: int) -> list[int]:
    middle = round(np.log2(compute) / (1 + steps_power(learner, alpha, beta)))
    return sorted({max(LEAST, 2 ** (middle + one)) for one in AROUND})


def basis_of(learner: str) -> str:
    """The basis that a learner works in."""
    return MIXED if learner == MIXED_SIGN else EIGENBASIS


def with_steps(rows: pd.DataFrame, settings: dict) -> pd.DataFrame:
    """The step size of the least theory risk of each row; SGD's is ``SAFE`` of its edge."""
    return rows.assign(step_size=[_best_step(row) for row in rows.to_dict("records")])


def _best_step(row: dict) -> float:
    if row["learner"] == SGD:
        return SAFE * stability_edge(problem_of(row), row["model_size"], "linear")

    def risk_at(eta):
        return _risk(row | {"step_size": eta}, growth=COARSE)

    return least_risk(risk_at, 1.0, 0.01 / row["samples"]).step_size


def _risk(row: dict, **options) -> float:
    """Expected risk; of Adam, that of sign descent."""
    setting = {key: row[key] for key in ("model_size", "samples", "step_size")}
    setting |= {"schedule": named(row["schedule"])} | options
    if row["learner"] == SGD:
        return predicted_risk("linear", problem_of(row), init=row["init"], **setting)
    return sign_risk(problem_of(row), basis=basis_of(row["learner"]), **setting)


def predicted(design: pd.DataFrame) -> pd.DataFrame:
    """Expected risk; Adam has none. ``chosen`` is whether the size is the best by theory.

    ``ValueError`` if that is the largest or the smallest that was tried, but for ``LEAST``.
    """
    risks = pd.Series([_risk(row) for row in design.to_dict("records")], design.index)
    chosen = risks == risks.groupby([design[key] for key in KEYS]).transform("min")
    for _, sizes in design["model_size"].groupby([design[key] for key in KEYS]):
        _require_inside(sizes[chosen[sizes.index]].item(), sizes)
    theory = risks.where(design["learner"] != ADAM)
    return by_learner(design.assign(theory=theory, chosen=chosen))


def _require_inside(best: int, sizes: pd.Series) -> None:
    inside = sizes.min() < best < sizes.max() or best == LEAST
    require(inside, "model_size", best, f"is the last of {sorted(sizes)}, and the best by theory")


def run_point(point: dict, seed: int, dtype: str, listed: Spectrum | None = None) -> pd.DataFrame:
    """Last risks; SGD in leaps, the others on shared samples, lane by lane."""
    lanes, frames = point["lanes"], []
    leaping = [one for one in lanes if one["learner"] == SGD]
    if leaping:
        frames.append(points.run_point(point | {"lanes": leaping}, seed, dtype, listed))
    frames += [_run(point, lane, seed, dtype, listed) for lane in lanes if lane["learner"] != SGD]
    return by_learner(stacked(frames))


def _run(point: dict, lane: dict, seed: int, dtype: str, listed: Spectrum | None) -> pd.DataFrame:
    spectrum = points.spectrum_of(point, lane["model_size"], listed)
    samples, replicates = point["samples"], list(points.replicates_of(point))
    etas = lane["step_size"] * named(point["schedule"]).factor(np.arange(samples), samples)
    how = {"adam": lane["learner"] == ADAM, "basis": basis_of(lane["learner"]), "dtype": dtype}
    risks = np.array([last_risk(spectrum, etas, one, seed, **how) for one in replicates])
    frame = pd.DataFrame(
        {"replicate": replicates, "excess_risk": risks, "adapted": 0, "learned": 0}
    )
    frame["diverged"] = diverged(risks, spectrum.tail[0])
    return frame.assign(**points.labels_of(point), **lane)


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Median risks at the sizes of least theory risk; their slopes, and gains by the decay."""
    best = tables["theory"][tables["theory"]["chosen"]]
    shared = [*(set(best) & set(tables["runs"]))]
    runs = with_divergence(tables["runs"].merge(best[shared], on=shared))
    curves = measured_curves(runs.drop(columns="risk"), best.drop(columns="chosen"))
    found = [_slope(key, some, best) for key, some in runs.groupby(SERIES)]
    return curves, table([*found, *_gains(found)])


SERIES = ["model", "alpha", "beta", "sigma", "setting"]
GAIN = "constant less decayed slope"


def _slope(key: tuple, runs: pd.DataFrame, best: pd.DataFrame) -> dict:
    """A series' exponent in ``C``."""
    series = dict(zip(SERIES, key, strict=True))
    groups = list(runs.sort_values("replicate").groupby("compute")["risk"])
    compute = np.array([one for one, _ in groups], dtype=float)
    fit = fit_power_law(compute, [1 / risks.to_numpy() for _, risks in groups])
    law = slope(series["model"], series["alpha"], series["beta"])
    known = select(best, **series).sort_values("compute")["theory"].to_numpy()
    theory = np.nan if np.isnan(known).any() else curve_exponent(compute, 1 / known, (0, np.inf))
    row = fit_row(series, "compute exponent", "C", law, fit) | {"theory": theory}
    return row | {"diverged_share": runs["diverged"].mean(), "replicates": len(groups[0][1])}


def _gains(found: list[dict]) -> list[dict]:
    """Slopes at a constant step less those of the same learner with the decay."""
    of = {tuple(row[key] for key in SERIES): row for row in found}
    pairs = [(row, of[*key[:-1], DECAYED]) for key, row in of.items() if key[-1] == CONSTANT]
    return [
        {key: one[key] for key in (*SERIES[:-1], "against", "replicates")}
        | {"quantity": GAIN, "theory": one["theory"] - other["theory"]}
        | difference(one, other)
        for one, other in pairs
    ]
