"""Closures of the moment equations side by side: which third moment serves the mean field best?

The first two moments of ``u = v^2`` need the third, ``E u^3 = A^3 k(g)`` with ``A = E u`` and
``g = E u^2 / A^2``. A Gamma law has ``k = g (2 g - 1)``, a log-normal one ``k = g^3``, and a blend is
their mean. Each is integrated in continuous time by SciPy at the settings of ``mean_field`` in the
configuration, and compared with the particles, beside the library's closure, which takes single
steps where the step size asks for them. Prints a Markdown table for docs/theory.md.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from scipy.integrate import solve_ivp

from quadlaw import PowerLaw, TwoPhase
from quadlaw.theory import mean_field, mean_field_risk

CONFIG = Path(__file__).parents[1] / "config/config.yaml"
CLOSURES = {
    "gamma": lambda g: g * (2 * g - 1),
    "log-normal": lambda g: g**3,
    "blend": lambda g: (g * (2 * g - 1) + g**3) / 2,
}


def continuous_risk(problem, third_moment, *, model_size, samples, step_size, init):
    """Risk after ``T`` steps of the moment equations in continuous time, by SciPy's LSODA.

    ``d log A = a - b g A`` and ``d log g = c^2 - 2 b A (k(g)/g - g)`` with the drift, the crowding
    and the noise of :mod:`quadlaw.theory.stationary`.
    """
    lam, target = problem.eigenvalues(model_size), problem.target(model_size)
    tail = float(problem.tail(model_size))

    def risk_of(A, g):
        return tail + lam @ (A * A * g - target * (2 * A - target))

    def slope(_, state, eta):
        A, g = np.exp(state.reshape(2, -1))
        S = risk_of(A, g) + problem.sigma**2
        a, b = 2 * eta * lam * target + eta**2 * lam * S, 2 * eta * lam
        c2 = 4 * eta**2 * lam * S
        return np.concatenate([a - b * g * A, c2 - 2 * b * A * (third_moment(g) / g - g)])

    state = np.concatenate([np.full(model_size, 2 * np.log(init)), np.zeros(model_size)])
    factors = TwoPhase().factor(np.arange(samples), samples)
    edges = np.flatnonzero(np.diff(factors, prepend=np.nan, append=np.nan))
    for start, stop in zip(edges[:-1], edges[1:], strict=True):
        eta = step_size * factors[start]
        found = solve_ivp(
            slope, (0, stop - start), state, args=(eta,), method="LSODA", rtol=1e-6, atol=1e-8
        )
        state = found.y[:, -1]
    return float(risk_of(*np.exp(state.reshape(2, -1))))


def compare(setting: dict) -> dict:
    """Relative differences from the particles, in per cent."""
    problem = PowerLaw(setting["alpha"], setting["beta"], setting["sigma"])
    rest = {key: setting[key] for key in ("model_size", "samples", "step_size", "init")}
    particles = mean_field(problem, method="accurate", **rest)
    found = {name: continuous_risk(problem, k, **rest) for name, k in CLOSURES.items()}
    found["library (gamma, single steps)"] = mean_field_risk(problem, method="closure", **rest)
    label = ", ".join(f"{setting[key]:g}" for key in ("alpha", "beta", "sigma", "step_size"))
    label = f"{label}, {setting['init']:g}, {setting['samples']}"
    row = {name: 100 * (risk / particles.risk - 1) for name, risk in found.items()}
    error = 100 * particles.error / particles.risk
    return {"alpha, beta, sigma, e, v_0, T": label} | row | {"particles' error": error}


def main() -> None:
    settings = yaml.safe_load(CONFIG.read_text())["mean_field"]["settings"]
    table = pd.DataFrame([compare(setting) for setting in settings])
    numbers = table.drop(columns=table.columns[0]).abs()
    bottom = [{table.columns[0]: "largest"} | numbers.max().to_dict()]
    bottom += [{table.columns[0]: "median"} | numbers.median().to_dict()]
    table = pd.concat([table, pd.DataFrame(bottom)])
    print(table.to_markdown(index=False, floatfmt="+.1f"))


if __name__ == "__main__":
    main()
