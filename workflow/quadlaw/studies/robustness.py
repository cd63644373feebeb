"""Power laws up to constants: do the exponents survive?

The paper assumes eigenvalues ``lambda_i`` and energies ``e_i = lambda_i (w*_i)^2`` of the orders
``i^-alpha`` and ``i^-beta`` (Ding et al. 2025, Assumption 3.3). Other figures have these powers
themselves, the *variants* here have not. Let ``log2 c_i`` be uniform in [-1, 1].

* ``random eigenvalues``: ``lambda_i = c_i i^-alpha``, at the same energies;
* ``random energies``: ``e_i = c_i i^-beta``, at the same eigenvalues;
* ``broken power``: ``lambda_i = i^-alpha max(1, KNEE / i)``, at the same energies: up to the knee
  another exponent;
* ``shuffled target``: the coordinates ``w*_i`` in the order of ``c_i i``, at the same eigenvalues.

The control, ``alpha + 1 throughout``, has eigenvalues of another order, so it must have another
law for ``alpha > beta``.

Sizes, starts and step sizes are those of the power law. Where its steps exceed a quarter of the
variant's stability edge, all steps of the curve are smaller by one factor. The theory is that of
the variant's own eigenvalues and target.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pandas as pd

from quadlaw.base.tables import stacked
from quadlaw.fit import designs, points
from quadlaw.fit.curves import measured_curves, median_with_interval, with_divergence
from quadlaw.fit.designs import IN_LEAPS, curve_rows
from quadlaw.fit.estimates import exponents, table
from quadlaw.models import PAPER
from quadlaw.sgd import schedules
from quadlaw.sgd.problem import Finite, PowerLaw, Spectrum
from quadlaw.studies import settings as keys
from quadlaw.theory.stability import stability_edge
from quadlaw.theory.tuning import SAFE, coarse, predicted_risk

SMOKE = keys.SMALL
REPORT = (
    "6. Limits and broken assumptions",
    "Do the exponents survive where eigenvalues and target are power laws up to constants?",
)


class Settings(keys.Curves):
    """Power laws up to constants."""


KNEE = 8
DRAWN = 2**16  # coordinates, at least, and at least four times a model's
PLAIN, CONTROL, RATIO = "power law", "alpha + 1 throughout", "linear/quadratic"
PROBLEM = ["alpha", "beta", "sigma", "setting"]
PLACE = [*PROBLEM, "samples", "method"]

# Eigenvalues and energies of the variants, by indices, constants c, and those of the power law.
VARIANTS: dict[str, Callable] = {
    PLAIN: lambda i, c, lam, e: (lam, e),
    "random eigenvalues": lambda i, c, lam, e: (c * lam, e),
    "random energies": lambda i, c, lam, e: (lam, c * e),
    "broken power": lambda i, c, lam, e: (lam * np.maximum(1, KNEE / i), e),
    "shuffled target": lambda i, c, lam, e: (lam, lam * (e / lam)[np.argsort(c * i)]),
    CONTROL: lambda i, c, lam, e: (lam / i, e),
}


@lru_cache(maxsize=64)
def varied(variant: str, alpha: float, beta: float, sigma: float, size: int) -> Spectrum:
    """The problem of a variant, as a model of ``size`` coordinates sees it.

    The first coordinates are the same at any size. All that are not listed together have the power
    law's signal times a factor: the one by which the last half of those listed differs from it.
    """
    index = np.arange(1.0, max(DRAWN, 4 * size) + 1)
    draw = np.random.default_rng([int(1000 * alpha), int(1000 * beta)])
    constants = 2.0 ** draw.uniform(-1, 1, len(index))
    law = index**-alpha, index**-beta
    listed = len(index) // 2  # a shuffled target lacks some of its larger places beyond that
    values, energies = (some[:listed] for some in VARIANTS[variant](index, constants, *law))
    last = slice(listed // 2, listed)
    beyond = PowerLaw(alpha, beta, sigma).tail(listed)
    beyond *= energies[last].sum() / law[1][last].sum()
    tail = beyond + np.append(np.cumsum(energies[::-1])[::-1], 0.0)
    target = np.sqrt(energies / values)
    return Spectrum(alpha, beta, sigma, values, target, tail).head(size)


def _spectrum(row: dict, size: int) -> Spectrum:
    return varied(row["setting"], row["alpha"], row["beta"], row["sigma"], size)


def problem_of(row: dict) -> PowerLaw | Finite:
    """A row's problem for the theory: one coordinate stands for all beyond the row's model."""
    if row["setting"] == PLAIN:
        return PowerLaw(row["alpha"], row["beta"], row["sigma"])
    seen = _spectrum(row, row["model_size"])
    beyond = float(np.sqrt(seen.tail[-1]))
    return Finite((*seen.eigenvalues, 1.0), (*seen.target, beyond), seen.sigma)


def rows(settings: dict) -> pd.DataFrame:
    """Rows with the label ``setting``, the variant."""
    law = stacked(
        curve_rows(settings, one, model, **IN_LEAPS)
        for one in settings["problems"]
        for model in PAPER
    )
    return stacked(law.assign(setting=variant) for variant in VARIANTS)


def with_steps(rows: pd.DataFrame, _: dict) -> pd.DataFrame:
    """The power law's step sizes, each curve's times one factor of at most 1."""
    curves = designs.with_steps(rows).groupby(["model", *PROBLEM])
    return stacked(some.assign(step_size=some["step_size"] * _factor(some)) for _, some in curves)


def _factor(curve: pd.DataFrame) -> float:
    """It keeps all steps within a quarter of the edge, which is lowest for the largest model."""
    row = curve.loc[curve["model_size"].idxmax()].to_dict()
    edge = stability_edge(problem_of(row), row["model_size"], row["model"])
    return min(1.0, SAFE * edge / curve["step_size"].max())


def predicted(design: pd.DataFrame) -> pd.DataFrame:
    """The design with its column ``theory``, in coarse leaps: right to .2 %."""
    return design.assign(theory=[_theory(row) for row in design.to_dict("records")])


def _theory(row: dict) -> float:
    setting = {key: row[key] for key in ("model_size", "samples", "step_size", "init")}
    options = {"schedule": schedules.named(row["schedule"]), "growth": coarse(row["model"])}
    return predicted_risk(row["model"], problem_of(row), **setting, **options)


def run_point(point: dict, seed: int, dtype: str, listed: Spectrum | None = None) -> pd.DataFrame:
    """As :func:`quadlaw.fit.points.run_point`, each variant on its own problem.

    ``listed``, the power law, is not used.
    """
    size = max(lane["model_size"] for lane in point["lanes"])
    lanes = pd.DataFrame(point["lanes"]).groupby("setting", sort=False)
    return stacked(
        points.run_point(
            point | {"lanes": some.to_dict("records")}, seed, dtype,
            _spectrum(point | {"setting": variant}, size),
        )
        for variant, some in lanes
    )  # fmt: skip


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Curves, parts ``risk`` and ``ratio``; exponents of both."""
    runs, theory, window = tables["runs"], tables["theory"], settings["window"]
    pairs, known = ratios(with_divergence(runs), "risk", "replicate"), ratios(theory, "theory")
    found = [*exponents(runs, "sample exponent", window=window, theory=theory)]
    found += exponents(
        pairs, "ratio exponent", window=window, value=lambda some: some["ratio"],
        theory=known, theory_value=lambda some: some["ratio"],
    )  # fmt: skip
    medians = pairs.groupby(["model", *PLACE])["ratio"].apply(median_with_interval).unstack()
    exact = known.rename(columns={"ratio": "theory"}).drop(columns=["excess_risk", "diverged"])
    medians = medians.reset_index().merge(exact, validate="1:1").assign(part="ratio")
    return stacked([measured_curves(runs, theory).assign(part="risk"), medians]), table(found)


def ratios(rows: pd.DataFrame, value: str, *more: str) -> pd.DataFrame:
    """The linear over the quadratic model's ``value`` in the column ``ratio``.

    Rows of the model ``RATIO`` with what a fit asks of runs.
    """
    wide = rows.pivot(index=[*PLACE, *more], columns="model", values=value)
    ratio = (wide["linear"] / wide["quadratic"]).fillna(1.0)  # nan: both diverged, neither won
    both = ratio.rename("ratio").reset_index()
    return both.assign(model=RATIO, excess_risk=1 / both["ratio"], diverged=False)
