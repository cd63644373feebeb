"""What the page to play with shows: one setting, by theory at once, and simulated if asked to.

Step sizes are given as a share of each model's own stability edge, as the edges differ. Step size
and initial value hold at the setting's ``M`` and ``T``. At other sizes and samples they follow the
paper's laws through them, ``eta ~ D^min(0, p)`` and ``v_0 ~ min(1, w*_D)^(1/2)``
(:func:`quadlaw.theory.rates.step_size`, :func:`quadlaw.theory.rates.initial_value`). For
``alpha >= beta`` both are constants.

Risks are expected ones, with leaps coarse enough for a slider (``GROWTH``):
``benchmarks/explore.py`` prints their error, and the time that the page takes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
import scipy

from quadlaw.base.checks import count, require
from quadlaw.fit.curves import median_with_interval, with_divergence
from quadlaw.models import PAPER
from quadlaw.models.leaps_loop import COLUMNS
from quadlaw.sgd.leaps import LEAPS
from quadlaw.sgd.problem import PowerLaw
from quadlaw.sgd.run import log_spaced, simulate
from quadlaw.sgd.workload import Stream
from quadlaw.theory import mean_field, predicted_risk, rates, stability_edge
from quadlaw.theory.planning import SHARES, unit_size
from quadlaw.theory.stability import checked_init

# The smallest and the largest value of each parameter, and the one that the page begins with.
RANGES = {
    "alpha": (1.05, 6.0, 2.5),
    "beta": (1.05, 6.0, 1.5),
    "sigma": (0.0, 4.0, 0.5),
    "init": (1e-4, 2.0, 0.5),
    "samples": (2**6, 2**30, 2**20),
    "model_size": (1, 10**6, 10**4),
    "step_share": (1e-3, 0.99, 0.25),
}
# Powers of two, as the leaps of sixteen numbers of samples are kept (quadlaw.theory.grids).
SAMPLES = tuple(2**k for k in range(6, 31, 4))
SPLITS = tuple(2**k for k in range(6, 46, 3))
NEAR = 1  # of these to either side of the paper's split
GROWTH = 0.5  # of the leaps of all risks
TIMES = 60  # at which coordinates are looked at
SECONDS = 3.0  # of one core, that simulated points may take by quadlaw.sgd.workload


@dataclass(frozen=True)
class Setting:
    """A problem, and SGD on it, as the sliders say.

    Attributes
    ----------
    problem : PowerLaw
    model_size, samples : int
        ``M`` and ``T``.
    step_share : float
        ``eta`` at this ``M`` and ``T``, as a share of each model's stability edge.
    init : float
        ``v_0`` at this ``M`` and ``T``; the linear model starts at its square.
    """

    problem: PowerLaw
    model_size: int
    samples: int
    step_share: float
    init: float

    @classmethod
    def checked(cls, values: dict) -> "Setting":
        """The setting with a value for each of ``RANGES``.

        Raises
        ------
        ValueError
            ``key = value: reason`` for the first that is out of its range.
        """
        problem = PowerLaw(*(values[key] for key in ("alpha", "beta", "sigma")))
        init = checked_init("quadratic", values["init"])
        sizes = [count(key, values[key]) for key in ("model_size", "samples")]
        share = values["step_share"]
        grows = "the expected risk grows forever beyond the stability edge: must be below 1"
        require(share < 1, "step_share", share, grows)
        for key, (low, high, _) in RANGES.items():
            page = f"this page goes from {low:g} to {high:.10g}"
            require(low <= values[key] <= high, key, values[key], page)
        return cls(problem, *sizes, share, init)

    @property
    def exponents(self) -> tuple[float, float]:
        """``alpha, beta``."""
        return self.problem.alpha, self.problem.beta

    @property
    def compute(self) -> float:
        """``C = M T``."""
        return float(self.model_size * self.samples)

    @property
    def sizes(self) -> tuple[int, int]:
        """``T, M``."""
        return self.samples, self.model_size

    def options(
        self, model: str, model_size: int | None = None, samples: int | None = None
    ) -> dict:
        """``model_size, samples, step_size, init`` of a model, here or at another size."""
        size, T = model_size or self.model_size, samples or self.samples
        first = self.step_share * _edge(model, self.problem, self.model_size)
        here, there = (_laws(model, *self.exponents, *at) for at in (self.sizes, (T, size)))
        eta, init = first * there[0] / here[0], self.init * there[1] / here[1]
        if eta > first:
            eta = min(eta, max(first, SHARES[model] * _edge(model, self.problem, size)))
        return {"model_size": size, "samples": T, "step_size": float(eta), "init": float(init)}

    def form(self, model: str, samples: np.ndarray) -> np.ndarray:
        """The paper's form of the risk at this ``M``, scaled to the theory's risk at this ``T``."""
        rest = model, *self.exponents, self.problem.sigma
        here, there = (
            rates.risk_form(*rest, T, self.model_size) for T in (self.samples, np.asarray(samples))
        )
        return there * risk(model, self) / here

    def faults(self) -> list[str]:
        """Why a model has no risk here, a line each."""
        found = {model: _risk_or_fault(model, self) for model in PAPER}
        return [f"{m} model: {fault}" for m, fault in found.items() if isinstance(fault, str)]


def _laws(model: str, alpha: float, beta: float, samples: int, model_size: int) -> tuple:
    """The paper's laws of ``eta`` and ``v_0``, with constants one."""
    ours, quadratic = (
        rates.effective_dimension(name, alpha, beta, samples, model_size)
        for name in (model, "quadratic")
    )
    return rates.step_size(model, alpha, beta, ours), rates.initial_value(alpha, beta, quadratic)


@lru_cache(maxsize=256)
def _edge(model: str, problem: PowerLaw, model_size: int) -> float:
    return stability_edge(problem, model_size, model)


@lru_cache(maxsize=1024)
def _risk(model: str, problem: PowerLaw, *options: tuple) -> float | str:
    try:
        return predicted_risk(model, problem, growth=GROWTH, **dict(options))
    except ValueError as fault:
        return str(fault)


def _risk_or_fault(model: str, setting: Setting, **moved) -> float | str:
    return _risk(model, setting.problem, *setting.options(model, **moved).items())


def risk(model: str, setting: Setting, **moved) -> float:
    """Expected excess risk of a model, here or at another ``model_size`` and ``samples``.

    nan where step size or start is too large.
    """
    found = _risk_or_fault(model, setting, **moved)
    return np.nan if isinstance(found, str) else found


def _row(model: str, setting: Setting, **moved) -> dict:
    found = {"excess_risk": risk(model, setting, **moved)}
    return {"model": model} | setting.options(model, **moved) | found


def risk_curves(setting: Setting) -> pd.DataFrame:
    """Risk of both models after ``SAMPLES``, and after the setting's samples.

    Columns: ``model, model_size, samples, step_size, init, excess_risk``.
    """
    sizes = sorted({*SAMPLES, setting.samples})
    return pd.DataFrame([_row(model, setting, samples=T) for model in PAPER for T in sizes])


class Smooth:
    """Risk over an axis of one model's table: piecewise cubic in logarithms, no new extrema.

    Called with values of the axis; nan outside of the table, and where it has less than two risks.
    """

    def __init__(self, table: pd.DataFrame, axis: str):
        known = table[np.isfinite(table["excess_risk"])].sort_values(axis)
        x, y = (np.log(known[name].to_numpy(float)) for name in (axis, "excess_risk"))
        through = scipy.interpolate.PchipInterpolator
        self._curve = through(x, y, extrapolate=False) if len(x) > 1 else None
        self.range = np.exp(x[[0, -1]]) if len(x) > 1 else np.full(2, np.nan)

    def __call__(self, values) -> np.ndarray:
        """Risks."""
        if self._curve is None:
            return np.full(np.shape(values), np.nan)
        return np.exp(self._curve(np.log(values)))


def crossings(curves: pd.DataFrame) -> list[tuple[float, bool]]:
    """Where risks are equal: ``T``, and whether the quadratic model's is the smaller one beyond."""
    pairs = curves.pivot(index="samples", columns="model", values="excess_risk").dropna()
    if len(pairs) < 2:
        return []
    x, ahead = np.log(pairs.index.to_numpy(float)), np.log(pairs["linear"] / pairs["quadratic"])
    gap = scipy.interpolate.PchipInterpolator(x, ahead.to_numpy())
    places = gap.roots(extrapolate=False)
    places = places[np.isfinite(places)]
    slopes = gap.derivative()(places)
    return [(float(np.exp(at)), bool(up > 0)) for at, up in zip(places, slopes, strict=True) if up]


@dataclass(frozen=True)
class Front:
    """The quadratic model's coordinates over the time of one run.

    Attributes
    ----------
    time : ndarray, shape (n,)
    index : ndarray, shape (K,)
        Coordinates, one for each block of neighbours.
    grown : ndarray, shape (K, n)
        ``E v_i^2 / w*_i``.
    front : ndarray, shape (n,)
        The last of the leading coordinates that have grown beyond one half and did not start there;
        nan before the first.
    law : ndarray, shape (n,)
        The paper's ``(eta t)^(2 / (alpha + beta))``, at most ``M``; nan in the second phase.
    """

    time: np.ndarray
    index: np.ndarray
    grown: np.ndarray
    front: np.ndarray
    law: np.ndarray


def front(setting: Setting) -> Front | None:
    """The front by the mean field; None where the risk diverges."""
    options, times = setting.options("quadratic"), log_spaced(setting.samples, TIMES)
    try:
        found = mean_field(setting.problem, growth=GROWTH, times=times, **options).coordinates
    except ValueError:
        return None
    share = found.assign(grown=found["mean"] / found["target"])
    grown = share.pivot(index="index", columns="time", values="grown")
    index, time = grown.index.to_numpy(), grown.columns.to_numpy(float)[1:]
    start, grown = grown.to_numpy()[:, :1], grown.to_numpy()[:, 1:]
    learned = np.logical_and.accumulate(grown > 0.5, axis=0) & (start <= 0.5)
    last = np.where(learned, index[:, None], 0.0).max(axis=0)
    law = (options["step_size"] * time) ** rates.front_exponent(*setting.exponents)
    law = np.where(time <= setting.samples / 2, np.minimum(law, setting.model_size), np.nan)
    return Front(time, index, grown, np.where(last > 0, last, np.nan), law)


def split(setting: Setting) -> pd.DataFrame:
    """Risk of both models at the setting's compute, over sizes about the paper's ``M = D(T)``.

    Columns: ``model, model_size, samples, step_size, init, excess_risk``.
    """
    rows = [row for model in PAPER for row in _split(model, setting)]
    return pd.DataFrame(rows).sort_values("samples", ignore_index=True)


def _split(model: str, setting: Setting) -> list[dict]:
    """Eight times apart, and half as far beside the best of these."""
    splits = [T for T in SPLITS if setting.compute / T >= 1]
    unit = setting.compute / unit_size(setting.problem, model, setting.compute)
    near = int(np.argmin(np.abs(np.log(splits) - np.log(unit))))
    rows = [_at(model, setting, T) for T in splits[max(0, near - NEAR) : near + NEAR + 1]]
    best = min(rows, key=lambda row: np.nan_to_num(row["excess_risk"], nan=np.inf))["samples"]
    beside = [T for T in (best // 2, 2 * best) if setting.compute / T >= 1]
    return rows + [_at(model, setting, T) for T in beside]


def _at(model: str, setting: Setting, samples: int) -> dict:
    return _row(model, setting, samples=samples, model_size=round(setting.compute / samples))


def best_split(table: pd.DataFrame, setting: Setting, model: str) -> dict[str, float]:
    """``model_size, samples, excess_risk`` of a model's least risk in :func:`split`; may be nan."""
    curve = Smooth(table[table["model"] == model], "model_size")
    sizes = np.geomspace(*curve.range, 400)
    risks = curve(sizes)
    size = np.nan if np.isnan(risks).all() else float(sizes[np.nanargmin(risks)])
    return {
        "model_size": size,
        "samples": setting.compute / size,
        "excess_risk": float(curve(size)),
    }


def plane(alpha: Sequence[float], beta: Sequence[float]) -> np.ndarray:
    """The gain in the paper's exponent, quadratic less linear, over ``beta`` (rows) and ``alpha``.

    ``(beta - 1) (1 / max(beta, (alpha + beta) / 2) - 1 / max(alpha, beta))``: zero for
    ``alpha <= beta``.
    """
    grid = np.meshgrid(alpha, beta)
    quadratic, linear = (rates.sample_exponent(model, *grid) for model in PAPER)
    return quadratic - linear


def simulated(setting: Setting, seed: int = 0) -> pd.DataFrame:
    """Medians of simulated runs in leaps, with their exact 95 % intervals.

    ``COLUMNS`` runs of each model after as many of the curve's samples, up to the setting's, as
    take ``SECONDS``. Columns: ``model, samples, risk, ci_low, ci_high, mean, mean_error,
    diverged_share, replicates``.

    Raises
    ------
    ValueError
        ``key = value: reason`` where none is so cheap, or a model has no risk at this setting.
    """
    for fault in setting.faults():
        raise ValueError(fault)
    sizes = _affordable(setting)
    long = f"runs of this size take more than {SECONDS:g} s"
    require(len(sizes) > 0, "model_size", setting.model_size, long)
    how = {"method": LEAPS, "replicates": COLUMNS, "seed": seed}
    rows = []
    for model in PAPER:
        for T in sizes:
            options = setting.options(model, samples=T)
            runs = simulate(setting.problem, model=model, **how, **options)
            found = median_with_interval(with_divergence(runs)["risk"])
            rows.append({"model": model, "samples": T} | found.to_dict())
    return pd.DataFrame(rows)


def _affordable(setting: Setting) -> list[int]:
    """The first of the curve's samples, as many as the time is enough for."""
    sizes = [T for T in sorted({*SAMPLES, setting.samples}) if setting.samples >= T]
    work = [Stream(T, 0, 0, setting.model_size, 0, leaps=COLUMNS).seconds() for T in sizes]
    spent = len(PAPER) * np.cumsum(work)
    return [T for T, seconds in zip(sizes, spent, strict=True) if seconds <= SECONDS]
