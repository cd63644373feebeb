"""Diagonal networks ``<x, v^L>``: what depth does to the exponent, and what it costs.

Linearized at the target, coordinate ``i`` learns at the rate ``L eta lambda_i (w*_i)^(2 - 2/L)``,
which falls more slowly with ``i`` in deeper models. But first ``v`` has to get there. From one
``v_0`` for all coordinates, ``dv/dt = eta lambda_i w*_i v^(L-1)`` reaches ``v*_i >> v_0`` after

    w_0^-(1 - 2/L) / ((L - 2) eta lambda_i w*_i)    (L > 2)

steps, however large ``v*_i`` is: ``i^((alpha + beta)/2)`` as at ``L = 2``, without its logarithm.
So for ``alpha > beta`` depth beyond two gains nothing from a *uniform* start. From a start in
proportion to the *target*, which nobody has, it does. Each exponent is judged against the variable
of its limiting term (:func:`quadlaw.theory.rates.limiting_clock`): for ``alpha > beta``, ``T`` but
for depth two from a uniform start, where it is ``T`` over the logarithm of the escape
(:func:`quadlaw.theory.rates.escape_clock`).

That depth helps gradient descent to learn in diagonal networks, and how, was known: adaptivity of
over-parameterized sequence models (arXiv 2409.00894), and the limits of SGD in such networks
(Pesme et al. 2021, arXiv 2106.09524). The exponents of one pass are worked out here.

``part`` of the curves: ``risk`` against ``T``, and ``escape``, the number of steps after which the
first weight has passed half of its target, against ``1 / w_0``, at a step size ``eta / L``.
"""

from functools import partial

import numpy as np
import pandas as pd
import scipy
from pydantic import model_validator

from quadlaw.base import typed
from quadlaw.base.tables import select, stacked
from quadlaw.fit import points
from quadlaw.fit.curves import measured_curves
from quadlaw.fit.designs import IN_LEAPS, IN_STEPS, or_missing, own_replicates
from quadlaw.fit.estimates import exponents, far_exponents, table
from quadlaw.fit.fitting import fit_power_law
from quadlaw.fit.points import replicates_of
from quadlaw.sgd.problem import PowerLaw, Spectrum, problem_of, setting_of
from quadlaw.sgd.run import log_spaced
from quadlaw.sgd.schedules import named
from quadlaw.sgd.schedules.constant import Constant
from quadlaw.sgd.schedules.two_phase import TwoPhase
from quadlaw.sgd.starts import STARTS
from quadlaw.studies import settings as keys
from quadlaw.theory import rates
from quadlaw.theory.asymptotics import decades
from quadlaw.theory.deep import deep_risk
from quadlaw.theory.stability import stability_edge
from quadlaw.theory.tuning import LARGEST, SAFE, SMALLEST, least_risk

SMOKE = keys.SMALL | {
    "problems": [{"alpha": 3.0, "beta": 1.5}, {"alpha": 2.0, "beta": 3.0}],
    "decades": [5, 9],
    "escape": {"weights": [0.03, 0.1, 0.2], "samples": 4096, "replicates": 6},
}
REPORT = (
    "8. Beyond the paper",
    "Do deeper diagonal networks learn faster, and what does it cost to leave a small start?",
)


class Escape(typed.Settings):
    """Runs at a constant step size eta / L, until the first coordinate has grown."""

    alpha: keys.Alpha
    beta: keys.Beta
    weights: typed.several(
        typed.number("Weight.", "must lie between 0 and .5, half of the target", gt=0, lt=0.5),
        "Weights w_0 at the start.",
        "must list three weights or more between 0 and .5 (half of the target), in rising order, "
        "none twice",
        rising=True, least=3,
    )  # fmt: skip
    step_size: keys.StepSize
    samples: keys.SampleSize
    model_size: keys.ModelSize
    replicates: keys.Replicates


class Settings(keys.Curves):
    """Models <x, v^L>, from two kinds of start."""

    depths: typed.several(
        typed.one_of("Depth L.", "must be 1, 2, 3, 4 or 6", 1, 2, 3, 4, 6),
        "Depths L of the models <x, v^L>.",
        f"must list depths among 1, 2, 3, 4 and 6, {keys.RISING}", rising=True,
    )  # fmt: skip
    decades: keys.Decades
    escape: Escape

    @model_validator(mode="after")
    def _related(self):
        low, high = self.decades
        reason = "the theory's exponent is that over three powers of ten"
        typed.demand(high - low >= 3, "decades", [low, high], reason)
        escape = self.escape
        for depth in self.depths:
            eta, name = escape.step_size / depth, rates.name_of(depth)
            keys.check_step("escape.step_size", escape.model_dump(), eta, name)
        return self


INIT_SCALE = 0.5  # w_0 is a quarter of min(1, w*_D), or of the target
RISK, ESCAPE = "risk", "escape"
COARSE = 0.5  # growth of leaps good enough to compare step sizes
LOOKS = 300  # at an escape
FAR = 4  # decades of the theory: over fewer, single nodes of its grid that escape show


def rows(settings: dict) -> pd.DataFrame:
    """Rows of both parts, with the labels ``part``, ``start`` and ``setting``."""
    return stacked([_curves(settings), _escapes(settings)])


def _curves(settings: dict) -> pd.DataFrame:
    """Risk against ``T`` of every problem, depth and start."""
    return stacked(
        _curve(problem_of(settings | one), depth, start, settings).assign(
            replicates=own_replicates(settings, one)
        )
        for one in settings["problems"]
        for depth in settings["depths"]
        for start in STARTS
    )


def _curve(problem: PowerLaw, depth: int, start: str, settings: dict) -> pd.DataFrame:
    """A curve against ``T``; its step size is a constant times ``unit``."""
    alpha, beta = problem.alpha, problem.beta
    deepest = max(settings["depths"])

    def scales(T):
        held = T ** (1 / rates.linearized_exponent(deepest, alpha, beta))
        dimension = T ** (1 / rates.rate_exponent("quadratic", alpha, beta))
        init = float(rates.initial_value(alpha, beta, dimension, INIT_SCALE))
        speed = rates.rate_exponent(rates.name_of(depth), alpha, beta)
        if start == "target":
            init, speed = INIT_SCALE, rates.linearized_exponent(depth, alpha, beta)
        unit = T ** (min(0.0, (alpha - beta) / depth) / speed)
        return int(np.ceil(settings["size_factor"] * held)), init, unit

    rows = [(T, *scales(T)) for T in settings["samples"]]
    columns = ["samples", "model_size", "init", "unit"]
    return pd.DataFrame(rows, columns=columns).assign(
        part=RISK, model=rates.name_of(depth), start=start, setting=f"{start} start",
        alpha=alpha, beta=beta, sigma=problem.sigma,
        schedule=TwoPhase().name, **IN_LEAPS,
    )  # fmt: skip


def with_steps(rows: pd.DataFrame, settings: dict) -> pd.DataFrame:
    """The constant of a curve is tuned at its largest ``T``."""
    curves, escapes = (rows[rows["part"] == part] for part in (RISK, ESCAPE))
    frames = [
        some.assign(step_size=_tuned_constant(some.loc[some["samples"].idxmax()]) * some["unit"])
        for _, some in curves.groupby(["alpha", "beta", "sigma", "model", "start"], sort=False)
    ]
    return stacked([*frames, escapes] if len(escapes) else frames).drop(columns="unit")


def _tuned_constant(row: pd.Series) -> float:
    """Of the least risk by theory, at most ``SAFE`` of the stability edge."""
    problem, depth = problem_of(row), rates.depth_of(row["model"])
    common = {key: row[key] for key in ("model_size", "samples", "init", "start")}
    unit, largest = row["unit"], SAFE * stability_edge(problem, row["model_size"], row["model"])
    smallest = min(SMALLEST * unit, largest / 2)

    def risk_at(eta):
        return deep_risk(problem, depth=depth, step_size=eta, growth=COARSE, **common)

    return least_risk(risk_at, min(largest, LARGEST * unit), smallest).step_size / unit


def _escapes(settings: dict) -> pd.DataFrame:
    one = settings["escape"]
    rows = [
        {"model": rates.name_of(depth), "step_size": one["step_size"] / depth, "init": w**0.5}
        for depth in settings["depths"]
        for w in one["weights"]
    ]
    keys = ("alpha", "beta", "samples", "model_size", "replicates")
    return pd.DataFrame(rows).assign(
        **{key: one[key] for key in keys}, sigma=settings["sigma"], schedule=Constant().name,
        part=ESCAPE, start="uniform", setting="uniform start", **IN_STEPS,
    )  # fmt: skip


def run_point(point: dict, seed: int, dtype: str, listed: Spectrum | None = None) -> pd.DataFrame:
    """Last risks; of an escape, ``excess_risk`` is the number of steps that it took."""
    if point["lanes"][0]["part"] == RISK:
        return points.run_point(point, seed, dtype, listed)
    times, tables = log_spaced(point["samples"], LOOKS)[1:].tolist(), []
    for replicate in replicates_of(point):
        escaped = {}
        for time, groups in points.trained(point, seed, dtype, replicate, times, listed):
            for group in groups:
                here = np.where(group.grown()[:, 0], time, np.inf)
                escaped[group] = np.minimum(escaped.get(group, np.inf), here)
        tables += [
            group.lanes.assign(
                excess_risk=steps, diverged=~np.isfinite(steps), adapted=0, learned=1,
                replicate=replicate,
            )
            for group, steps in escaped.items()
        ]  # fmt: skip
    return stacked(tables).assign(**points.labels_of(point))


def predicted(design: pd.DataFrame) -> pd.DataFrame:
    """Expected risk; steps of a noiseless escape."""
    theory = [
        _risk(row) if row["part"] == RISK else _escape(row) for row in design.to_dict("records")
    ]
    return design.assign(theory=theory)


def _risk(row: dict) -> float:
    how = {"depth": rates.depth_of(row["model"]), "schedule": named(row["schedule"])}
    how |= setting_of(row) | {"start": row["start"]}
    return or_missing(row, partial(deep_risk, problem_of(row), **how))


def _escape(row: dict) -> float:
    """``int dw / (L eta w^(2 - 2/L) (1 - w))`` from ``w_0`` to 1/2: the first coordinate alone."""
    L = rates.depth_of(row["model"])
    start = np.log(row["init"] ** 2)
    steps, _ = scipy.integrate.quad(
        lambda y: np.exp(y * (2 / L - 1)) / -np.expm1(y), start, np.log(0.5)
    )
    return steps / (L * row["step_size"])


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Medians beside the theory; exponents of the risk in ``T`` and of the escape in ``1/w_0``.

    Rows without a measured risk are the theory's at the larger ``T`` of ``decades``.
    """
    runs, theory = tables["runs"], tables["theory"]
    risks, known = (select(some, part=RISK) for some in (runs, theory))
    first, last = settings["decades"]
    far = _curves(settings | {"samples": decades(first, last, 1)})
    far = predicted(with_steps(far, settings))
    rows = [*exponents(risks, "sample exponent", window=settings["window"], theory=known)]
    rows += [
        row for against in ("T", "T/log2 T", "T/L") for row in far_exponents(far, against, FAR)
    ]
    rows += [
        _escape_exponent(model, some)
        for model, some in select(runs, part=ESCAPE).groupby("model")
        if rates.depth_of(model) > 2
    ]
    return stacked([measured_curves(runs, theory), far]), table(rows)


def _escape_exponent(model: str, runs: pd.DataFrame) -> dict:
    """``p`` of ``steps ~ (1/w_0)^p``; replicates share their streams over ``w_0``."""
    inverse = 1 / runs["init"] ** 2
    groups = list(runs.assign(x=inverse).sort_values("replicate").groupby("x")["excess_risk"])
    x = [x for x, _ in groups]
    fit = fit_power_law(x, [steps.to_numpy() for _, steps in groups], paired=True)
    one = runs.iloc[0]
    exact = [_escape({"model": model, "init": v**-0.5, "step_size": 1.0}) for v in x]
    slope = np.polyfit(np.log(x), np.log(exact), 1)[0]
    return {
        "quantity": "escape exponent", "model": model, "against": "1/w_0",
        "alpha": one["alpha"], "beta": one["beta"], "sigma": one["sigma"],
        "setting": "uniform start", "estimate": fit.exponent, "ci_low": fit.ci_low,
        "ci_high": fit.ci_high, "theory": slope, "window_low": fit.window[0],
        "window_high": fit.window[1], "points": fit.points,
        "diverged_share": runs["diverged"].mean(),
    }  # fmt: skip
