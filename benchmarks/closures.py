"""Closures of the mean field's moment equations side by side: which serves it best?

A law of ``u = v^2`` is described by ``A = E u`` and ``rho = Var u / A^2``. Its mean obeys
``d log A = a - b A (1 + rho)`` exactly; how ``rho`` moves needs a guess about the law's shape:

* the equation of ``E u^2`` with the third moment of a Gamma law, of a log-normal law, or the mean
  of both (``blend``);
* the equation of ``E log u`` with the second moment of a Gamma law (``gamma, log moment``). With a
  log-normal law it would be the first of these again.

Each is integrated in continuous time by SciPy and compared with the particles, beside the library's
closure, which is the last one with single steps for narrow laws at large step sizes. First at the
settings of ``theory_vs_sgd`` in the configuration, then at scrambled Sobol points over alpha in
[1.3, 4], beta in [1.3, 3.5], sigma in [.1, 1], step sizes from .01 to .4 of the stability edge and
T from 2^10 to 2^14. Prints two Markdown tables for docs/theory.md.
"""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.integrate import solve_ivp
from scipy.stats import qmc

from quadlaw import PowerLaw, TwoPhase
from quadlaw.base.documents import from_yaml
from quadlaw.theory import mean_field, mean_field_risk, stability_edge
from quadlaw.theory.closure import gap_slope

CONFIG = Path(__file__).parents[1] / "config/config.yaml"
SIZE, POINTS = 64, 64
SETTING = ("model_size", "samples", "step_size", "init")


def gamma(rho, push, pull):
    return 2 * (1 + rho) * (push - pull * rho)


def log_normal(rho, push, pull):
    return 2 * (1 + rho) * (push - pull * rho * (1 + rho))


def blend(rho, push, pull):
    return (gamma(rho, push, pull) + log_normal(rho, push, pull)) / 2


def gamma_log_moment(rho, push, pull):
    return (push - pull * rho) / np.array([gap_slope(value) for value in rho])


# drho/dt with push = c^2 / 2 and pull = b A
CLOSURES = {
    "gamma": gamma,
    "log-normal": log_normal,
    "blend": blend,
    "gamma, log moment": gamma_log_moment,
}
LIBRARY = "library"


def continuous_risk(problem, widening, *, model_size, samples, step_size, init) -> float:
    """Risk after ``T`` steps of the moment equations in continuous time, by SciPy's LSODA."""
    lam, target = problem.eigenvalues(model_size), problem.target(model_size)
    tail = float(problem.tail(model_size))

    def risk_of(A, rho):
        return tail + lam @ ((A - target) ** 2 + A * A * rho)

    def slope(_, state, eta):
        log_A, rho = state.reshape(2, -1)
        A, rho, b = np.exp(log_A), np.maximum(rho, 0), 2 * eta * lam
        push = b * eta * (risk_of(A, rho) + problem.sigma**2)
        grown = b * target + push / 2 - b * A * (1 + rho)
        return np.concatenate([grown, widening(rho, push, b * A)])

    state = np.concatenate([np.full(model_size, 2 * np.log(init)), np.zeros(model_size)])
    factors = TwoPhase().factor(np.arange(samples), samples)
    edges = np.flatnonzero(np.diff(factors, prepend=np.nan, append=np.nan))
    for start, stop in pairwise(edges):
        eta, span = step_size * factors[start], (0, stop - start)
        found = solve_ivp(slope, span, state, args=(eta,), method="LSODA", rtol=1e-6, atol=1e-8)
        if not found.success:
            raise RuntimeError(found.message)
        state = found.y[:, -1]
    log_A, rho = state.reshape(2, -1)
    return float(risk_of(np.exp(log_A), rho))


def compare(setting: dict) -> dict:
    """Relative differences from the particles, in per cent, unless over 1 % of them escaped."""
    problem = PowerLaw(setting["alpha"], setting["beta"], setting["sigma"])
    rest = {key: setting[key] for key in SETTING}
    label = ", ".join(f"{setting[key]:g}" for key in ("alpha", "beta", "sigma", "step_size"))
    row = {"alpha, beta, sigma, e, v_0, T": f"{label}, {setting['init']:g}, {setting['samples']}"}
    try:
        particles = mean_field(problem, method="accurate", **rest)
    except ValueError:  # most runs would diverge
        return row
    if particles.escaped > 0.01:
        return row
    found = {name: continuous_risk(problem, k, **rest) for name, k in CLOSURES.items()}
    found[LIBRARY] = mean_field_risk(problem, method="closure", **rest)
    row |= {name: 100 * (risk / particles.risk - 1) for name, risk in found.items()}
    return row | {"particles' error": 100 * particles.error / particles.risk}


def spread_settings() -> Iterator[dict]:
    """Settings that fill the ranges named above evenly."""
    for point in qmc.Sobol(6, rng=0).random(POINTS):
        alpha, beta = np.round([1.3 + 2.7 * point[0], 1.3 + 2.2 * point[1]], 2)
        sigma, samples = round(10 ** (point[2] - 1), 2), 2 ** (10 + int(5 * point[3]))
        edge = stability_edge(PowerLaw(alpha, beta, sigma), SIZE, "quadratic")
        smallest = np.sqrt(min(1, SIZE ** ((alpha - beta) / 2)))
        yield {
            "alpha": alpha, "beta": beta, "sigma": sigma, "model_size": SIZE, "samples": samples,
            "step_size": float(edge * 10 ** (1.6 * point[4] - 2)),
            "init": float(smallest * 10 ** (0.8 * point[5] - 1)),
        }  # fmt: skip


def configured() -> list[dict]:
    """Settings of the configuration."""
    return from_yaml(CONFIG.read_text())["studies"]["theory_vs_sgd"]["settings"]


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Largest, 90 % quantile and median of the absolute differences, over all settings."""
    sizes = table.drop(columns=table.columns[0]).dropna().abs()
    rows = {"largest": sizes.max(), "90 %": sizes.quantile(0.9), "median": sizes.median()}
    result = pd.DataFrame(rows).T
    note = f"of {len(sizes)} ({len(table) - len(sizes)} left out)"
    result.insert(0, table.columns[0], [f"{name} {note}" for name in rows])
    return result


def main() -> None:
    table = pd.DataFrame([compare(setting) for setting in configured()])
    spread = pd.DataFrame([compare(setting) for setting in spread_settings()])
    for some in (pd.concat([table, summary(table)]), summary(spread)):
        print(some.to_markdown(index=False, floatfmt="+.2f"), end="\n\n")


if __name__ == "__main__":
    main()
