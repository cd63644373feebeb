"""Diagonal networks ``<x, v^L>``: what depth does to the exponent, and what it costs.

Linearized at the target, coordinate ``i`` learns at the rate ``L eta lambda_i (w*_i)^(2 - 2/L)``,
which falls more slowly with ``i`` in deeper models. But first ``v`` has to get there. From one
``v_0`` for all coordinates, ``dv/dt = eta lambda_i w*_i v^(L-1)`` reaches ``v*_i >> v_0`` after

    w_0^-(1 - 2/L) / ((L - 2) eta lambda_i w*_i)    (L > 2)

steps, however large ``v*_i`` is: ``i^((alpha + beta)/2)`` as at ``L = 2``, without its logarithm.
So for ``alpha > beta`` depth beyond two gains nothing from a *uniform* start. From a start in
proportion to the *target*, which nobody has, it does.

``part`` of the curves: ``risk`` against ``T``, and ``escape``, the number of steps after which the
first weight has passed half of its target, against ``1 / w_0``, at a step size ``eta / L``.
"""

import numpy as np
import pandas as pd

from quadlaw.base.tables import select, stacked
from quadlaw.fit import points
from quadlaw.fit.designs import measured_curves
from quadlaw.fit.estimates import exponents, far_exponents, table
from quadlaw.fit.fitting import fit_power_law
from quadlaw.sgd.problem import PowerLaw
from quadlaw.sgd.run import log_spaced
from quadlaw.sgd.schedules import named
from quadlaw.sgd.schedules.constant import Constant
from quadlaw.sgd.schedules.two_phase import TwoPhase
from quadlaw.sgd.starts import STARTS
from quadlaw.theory import rates
from quadlaw.theory.asymptotics import decades
from quadlaw.theory.deep import deep_risk
from quadlaw.theory.stability import stability_edge
from quadlaw.theory.tuning import LARGEST, SAFE, SMALLEST, least_risk

INIT_SCALE = 0.5  # w_0 is a quarter of min(1, w*_D), or of the target
RISK, ESCAPE = "risk", "escape"
COARSE = 0.5  # growth of leaps good enough to compare step sizes
LOOKS = 300  # at an escape
FAR = 4  # decades of the theory: over fewer, single nodes of its grid that escape show


def design(settings: dict) -> pd.DataFrame:
    """Rows of both parts, with the labels ``part``, ``start`` and ``setting``."""
    return stacked([_curves(settings), _escapes(settings)])


def _curves(settings: dict) -> pd.DataFrame:
    """Risk against ``T`` of every problem, depth and start."""
    return stacked(
        _curve(
            PowerLaw(one["alpha"], one["beta"], settings["sigma"]), depth, start, settings
        ).assign(replicates=one.get("replicates", settings["replicates"]))
        for one in settings["problems"]
        for depth in settings["depths"]
        for start in STARTS
    )


def _curve(problem: PowerLaw, depth: int, start: str, settings: dict) -> pd.DataFrame:
    """A curve against ``T``; the constant of its step size is tuned at the largest ``T``."""
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

    constant = _tuned_constant(problem, depth, start, max(settings["samples"]), scales)
    rows = []
    for T in settings["samples"]:
        size, init, unit = scales(T)
        rows.append({"samples": T, "model_size": size, "init": init, "step_size": constant * unit})
    return pd.DataFrame(rows).assign(
        part=RISK, model=rates.name_of(depth), start=start, setting=f"{start} start",
        alpha=alpha, beta=beta, sigma=problem.sigma,
        schedule=TwoPhase().name,
    )  # fmt: skip


def _tuned_constant(problem, depth, start, samples, scales) -> float:
    """Of the least risk by theory, at most ``SAFE`` of the stability edge."""
    size, init, unit = scales(samples)
    common = {"model_size": size, "samples": samples, "init": init, "start": start}
    largest = SAFE * stability_edge(problem, size, rates.name_of(depth))
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
        part=ESCAPE, start="uniform", setting="uniform start",
    )  # fmt: skip


def run_point(point: dict, seed: int, dtype: str) -> pd.DataFrame:
    """Last risks; of an escape, ``excess_risk`` is the number of steps that it took."""
    if point["lanes"][0]["part"] == RISK:
        return points.run_point(point, seed, dtype)
    times, tables = log_spaced(point["samples"], LOOKS)[1:].tolist(), []
    for replicate in range(point["replicates"]):
        escaped = {}
        for time, groups in points.trained(point, seed, dtype, replicate, times):
            for group in groups:
                here = np.where(group.grown()[:, 0], time, np.inf)
                escaped[group] = np.minimum(escaped.get(group, np.inf), here)
        tables += [
            group.lanes.assign(
                excess_risk=steps, diverged=~np.isfinite(steps), front=0, learned=1,
                replicate=replicate,
            )
            for group, steps in escaped.items()
        ]  # fmt: skip
    return stacked(tables).assign(**points.shared(point))


def predicted(design: pd.DataFrame) -> pd.DataFrame:
    """Expected risk; steps of a noiseless escape."""
    theory = [
        _risk(row) if row["part"] == RISK else _escape(row) for row in design.to_dict("records")
    ]
    return design.assign(theory=theory)


def _risk(row: dict) -> float:
    problem = PowerLaw(row["alpha"], row["beta"], row["sigma"])
    keys = ("model_size", "samples", "step_size", "init", "start")
    setting, schedule = {key: row[key] for key in keys}, named(row["schedule"])
    try:
        depth = rates.depth_of(row["model"])
        return deep_risk(problem, depth=depth, schedule=schedule, **setting)
    except ValueError as fault:
        print(f"no prediction for {row}: {fault}")
        return np.nan


def _escape(row: dict) -> float:
    """``int dw / (L eta w^(2 - 2/L) (1 - w))`` from ``w_0`` to 1/2: the first coordinate alone."""
    from scipy.integrate import quad

    L = rates.depth_of(row["model"])
    start = np.log(row["init"] ** 2)
    steps, _ = quad(lambda y: np.exp(y * (2 / L - 1)) / -np.expm1(y), start, np.log(0.5))
    return steps / (L * row["step_size"])


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Medians beside the theory; exponents of the risk in ``T`` and of the escape in ``1/w_0``.

    Rows without a measured risk are the theory's at the larger ``T`` of ``decades``.
    """
    runs, theory = tables["runs"], tables["theory"]
    risks, known = (select(some, part=RISK) for some in (runs, theory))
    first, last = settings["decades"]
    far = predicted(_curves(settings | {"samples": decades(first, last, 1)}))
    rows = [*exponents(risks, "sample exponent", window=settings["window"], theory=known)]
    rows += [row for against in ("T", "T/log2 T") for row in far_exponents(far, against, FAR)]
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
