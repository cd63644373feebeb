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

**Label noise** is Gaussian in other figures. Here it has other laws of the same variance, made of
the same normals (``NOISES``): signs, skewed (exponential) or with tails of the power 5. Leaps know
the variance alone, so these runs are in steps. A step adds ``eta x r`` to a weight, and the mean of
the next risk has the noise's variance and no other moment of it. The control has twice the
variance: risk is of order ``(sigma^2 / T)^(1 - 1/beta)`` for ``alpha < beta``, and hardly changes
for ``alpha > beta``, where noise is the smaller part.

Sizes, starts and step sizes are those of the power law. Where its steps exceed a quarter of the
variant's stability edge, all steps of the curve are smaller by one factor. The theory is that of
the variant's own eigenvalues and target.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

import numpy as np
import pandas as pd
from pydantic import Field
from scipy.special import log_ndtr

from quadlaw.base.tables import stacked
from quadlaw.fit import designs, points
from quadlaw.fit.curves import measured_curves, median_with_interval, with_divergence
from quadlaw.fit.designs import IN_LEAPS, IN_STEPS, curve_rows
from quadlaw.fit.estimates import exponents, interval, table
from quadlaw.models import PAPER
from quadlaw.sgd import schedules
from quadlaw.sgd.problem import Finite, PowerLaw, Spectrum, setting_of
from quadlaw.sgd.workload import Stream, stream_of
from quadlaw.studies import settings as keys
from quadlaw.theory.stability import stability_edge
from quadlaw.theory.tuning import SAFE, coarse, predicted_risk

SMOKE = keys.SMALL | {"label_noise": keys.SMALL}
REPORT = (
    "6. Limits and broken assumptions",
    "Do the exponents survive where eigenvalues and target are power laws up to constants, and "
    "where label noise is not Gaussian?",
)


class Settings(keys.Narrowed):
    """Power laws up to constants, and label noise of other laws."""

    label_noise: keys.Curves = Field(description="Runs in steps with label noise of other laws.")


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
# Label noise over sigma by standard normals.
GAUSSIAN, LOUDER = "Gaussian noise", "twice the variance"
NOISES: dict[str, Callable] = {
    GAUSSIAN: np.positive,
    "noise of signs": np.sign,
    "skewed noise": lambda z: -1 - log_ndtr(-z),
    "heavy-tailed noise": lambda z: 0.6**0.75 * z * np.exp(z**2 / 10),
    LOUDER: lambda z: np.sqrt(2) * z,
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
    law_of = VARIANTS.get(variant, VARIANTS[PLAIN])
    values, energies = (some[:listed] for some in law_of(index, constants, *law))
    last = slice(listed // 2, listed)
    beyond = PowerLaw(alpha, beta, sigma).tail(listed)
    beyond *= energies[last].sum() / law[1][last].sum()
    tail = beyond + np.append(np.cumsum(energies[::-1])[::-1], 0.0)
    target, noise = np.sqrt(energies / values), NOISES.get(variant, np.positive)
    return Spectrum(alpha, beta, sigma, values, target, tail, noise).head(size)


def _spectrum(row: dict, size: int) -> Spectrum:
    return varied(row["setting"], row["alpha"], row["beta"], row["sigma"], size)


def problem_of(row: dict) -> PowerLaw | Finite:
    """A row's problem for the theory: one coordinate stands for all beyond the row's model."""
    if row["setting"] in (PLAIN, *NOISES):
        louder = np.sqrt(2) if row["setting"] == LOUDER else 1.0
        return PowerLaw(row["alpha"], row["beta"], louder * row["sigma"])
    seen = _spectrum(row, row["model_size"])
    beyond = float(np.sqrt(seen.tail[-1]))
    return Finite((*seen.eigenvalues, 1.0), (*seen.target, beyond), seen.sigma)


def rows(settings: dict) -> pd.DataFrame:
    """Rows with the label ``setting``, the variant or the noise."""
    noisy = settings | settings["label_noise"] | {"half_width": None}
    return stacked([*_curves(settings, VARIANTS, IN_LEAPS), *_curves(noisy, NOISES, IN_STEPS)])


def _curves(settings: dict, names: Iterable[str], method: dict) -> Iterator[pd.DataFrame]:
    law = stacked(
        curve_rows(settings, one, model, **method)
        for one in settings["problems"]
        for model in PAPER
    )
    return (law.assign(setting=name) for name in names)


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
    options = {"schedule": schedules.named(row["schedule"]), "growth": coarse(row["model"])}
    return predicted_risk(row["model"], problem_of(row), **setting_of(row), **options)


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


def streams(rows: pd.DataFrame) -> list[Stream]:
    """The work of the rows: each noise's alone, as its inputs are drawn for it."""
    own = rows["setting"].where(rows["setting"].isin(NOISES), "")
    each = [designs.points(some) for _, some in rows.groupby(own)]
    return [stream_of(point) for some in each for point in some]


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Curves, parts ``risk``, ``ratio`` and ``noise``; exponents, and the cost of a noise."""
    noisy, other = (
        [table[table["setting"].isin(names)] for table in (tables["runs"], tables["theory"])]
        for names in (NOISES, VARIANTS)
    )
    parts = [
        _fitted(*other, settings["window"]),
        _fitted(*noisy, settings["label_noise"]["window"]),
        _over_gaussian(*noisy),
    ]
    curves, found = zip(*parts, strict=True)
    return stacked(curves), table([row for some in found for row in some])


def _fitted(
    runs: pd.DataFrame, theory: pd.DataFrame, window: list
) -> tuple[pd.DataFrame, list[dict]]:
    """Risks and ratios of the models, with their exponents."""
    pairs, known = ratios(with_divergence(runs), "risk", "replicate"), ratios(theory, "theory")
    found = [*exponents(runs, "sample exponent", window=window, theory=theory)]
    found += exponents(
        pairs, "ratio exponent", window=window, value="ratio",
        theory=known, theory_value="ratio",
    )  # fmt: skip
    medians = pairs.groupby(["model", *PLACE])["ratio"].apply(median_with_interval).unstack()
    exact = known.rename(columns={"ratio": "theory"}).drop(columns=["excess_risk", "diverged"])
    medians = medians.reset_index().merge(exact, validate="1:1").assign(part="ratio")
    return stacked([measured_curves(runs, theory).assign(part="risk"), medians]), found


def _over_gaussian(runs: pd.DataFrame, theory: pd.DataFrame) -> tuple[pd.DataFrame, list[dict]]:
    """Risks over those at Gaussian noise of the same normals; their logs at the largest ``T``."""
    curve, series = ["model", *PLACE], ["model", *PROBLEM, "method"]
    pairs = _over(with_divergence(runs), "risk", "replicate")
    known = _over(theory, "theory").set_index(curve)["ratio"].rename("theory")
    medians = pairs.groupby(curve)["ratio"].apply(median_with_interval).unstack().join(known)
    last = pairs[pairs["samples"] == pairs["samples"].max()].join(known, on=curve)
    found = [
        dict(zip(series, key, strict=True))
        | {"quantity": "log of risk over Gaussian noise's", "replicates": len(some)}
        | {"theory": np.log(some["theory"].iloc[0])}
        | interval([np.clip(np.log(some["ratio"]), -1e3, 1e3)], np.median)
        for key, some in last.groupby(series)
    ]
    return medians.reset_index().assign(part="noise"), found


def _over(rows: pd.DataFrame, value: str, *more: str) -> pd.DataFrame:
    """``value`` over that at Gaussian noise, in the column ``ratio``."""
    place = ["model", *(key for key in PLACE if key != "setting"), *more]
    wide = rows.pivot(index=place, columns="setting", values=value)
    ratios = wide.drop(columns=GAUSSIAN).div(wide[GAUSSIAN], axis=0).fillna(1.0)
    return ratios.melt(value_name="ratio", ignore_index=False).reset_index()


def ratios(rows: pd.DataFrame, value: str, *more: str) -> pd.DataFrame:
    """The linear over the quadratic model's ``value`` in the column ``ratio``.

    Rows of the model ``RATIO`` with what a fit asks of runs.
    """
    wide = rows.pivot(index=[*PLACE, *more], columns="model", values=value)
    ratio = (wide["linear"] / wide["quadratic"]).fillna(1.0)  # nan: both diverged, neither won
    both = ratio.rename("ratio").reset_index()
    return both.assign(model=RATIO, excess_risk=1 / both["ratio"], diverged=False)
