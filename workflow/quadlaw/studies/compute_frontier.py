"""The best model size for a given compute ``C = M T``, and the risk that it reaches.

Source: minimizing the risk of the main theorem (Ding et al. 2025, section 4) at a given ``C`` puts
``M`` at ``D(T)``, so that with ``s = max(beta, (alpha + beta) / 2)`` (``max(alpha, beta)`` for the
linear model) ``M* ~ C^(1/(s + 1))`` and ``R* ~ C^(-(beta - 1)/(s + 1))``.

At each ``C``, models of several sizes are trained on ``T = C / M`` samples. A parabola through
``log R`` against ``log M`` about the lowest point gives ``M*`` and ``R*``. Risk depends on ``T``
through ``T / log2 T``, as the step size is halved ``log2 T`` times, and ``T`` is a power of ``C``:
exponents are fitted against ``C / log2 C``. Step sizes are ``c D^p`` with ``D = min(T^(1/s), M)``;
the theory tunes ``c`` once, in the middle of the simulated range.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from quadlaw.base import typed
from quadlaw.base.tables import select, stacked
from quadlaw.fit import designs
from quadlaw.fit.curves import measured_curves, with_divergence
from quadlaw.fit.designs import Tuning, predicted
from quadlaw.fit.estimates import ends, table
from quadlaw.fit.exponents import theory_row
from quadlaw.models import PAPER
from quadlaw.sgd.problem import PowerLaw, problem_of
from quadlaw.sgd.schedules.two_phase import TwoPhase
from quadlaw.studies import settings as keys
from quadlaw.theory.planning import setting, unit_size
from quadlaw.theory.rates import natural_clock

SMOKE = {
    "compute": [1024, 4096, 16384],
    "theory_compute": [100000.0, 1000000.0],
    "replicates": 6,
}
REPORT = (
    "2. Exponents",
    "For a given compute, do the best model size and its risk follow the predicted powers?",
)


TOO_MUCH = "a simulation takes C coordinate-updates a run, at most 10^9"
LISTS = f"lists at least two numbers from 256 to 10^15, {keys.RISING}"


class Settings(typed.Settings):
    """The best model size for a given compute."""

    problems: keys.Pairs
    compute: typed.several(
        typed.number("Compute.", TOO_MUCH, ge=256, le=1e9),
        "Compute C = M T, model size times sample size, that is simulated.",
        LISTS, rising=True, least=2,
    )  # fmt: skip
    theory_compute: typed.several(
        typed.number("Compute.", "lies between 256 and 10^15", ge=256, le=1e15),
        "Compute C = M T, larger than what is simulated, that the theory speaks of.",
        LISTS, rising=True, least=2,
    )  # fmt: skip
    replicates: keys.Replicates = 16


SMALLEST, LARGEST = 1 / 8, 4  # model sizes tried, in units of C^(1/(s + 1))
RESAMPLES = 1000
CLOCK = "C/log2 C"
BESIDE = 3  # points on either side of the lowest that the parabola goes through
SERIES = ["model", "alpha", "beta", "sigma"]
OPTIMA = ("optimal size", "least risk")
EXPONENTS = ("optimal size exponent", "compute exponent")


def rows(settings: dict) -> pd.DataFrame:
    """Simulated settings: label ``compute``."""
    return _rows(settings, settings["compute"])


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Risk by ``M`` and ``C``; the optimum at each ``C``, and its exponents.

    Rows of curves without a measured risk are the theory's, at larger ``C``.
    """
    far = predicted(designs.with_steps(_rows(settings, settings["theory_compute"])))
    runs, theory = tables["runs"], tables["theory"]
    rows = []
    for key, some in runs.groupby(SERIES):
        series = dict(zip(SERIES, key, strict=True))
        mine, beyond = (select(frame, **series) for frame in (theory, far))
        rows += [series | row for row in _measured(some, mine)]
        rows += [series | row for row in _by_theory(beyond)]
    return stacked([measured_curves(runs, theory), far]), table(rows)


def _rows(settings: dict, compute: Sequence[float]) -> pd.DataFrame:
    frames = []
    for one in settings["problems"]:
        problem = problem_of(settings | one)
        for model in PAPER:
            tuning = _tuning(problem, model, float(np.median(settings["compute"])))
            frame = pd.DataFrame(_points(problem, model, compute))
            labels = {"sigma": problem.sigma, "model": model, "tuning": tuning}
            frames.append(frame.assign(**one, **labels))
    return stacked(frames).assign(schedule=TwoPhase().name, replicates=settings["replicates"])


def _tuning(problem: PowerLaw, model: str, compute: float) -> Tuning:
    """In the middle of the simulated range."""
    size = round(unit_size(problem, model, compute))
    middle = setting(problem, size, round(compute / size))
    return Tuning(problem, model, middle["samples"], middle["model_size"], middle["init"])


def _points(problem: PowerLaw, model: str, compute: Sequence[float]) -> Iterator[dict]:
    for C in compute:
        for size in model_sizes(problem, model, C):
            yield setting(problem, size, round(C / size)) | {"compute": C}


def model_sizes(problem: PowerLaw, model: str, compute: float) -> list[int]:
    """Rounded powers of sqrt(2), the same for both models, which so share their runs."""
    unit = unit_size(problem, model, compute)
    low, high = (2 * np.log2(share * unit) for share in (SMALLEST, LARGEST))
    sizes = 2 ** (np.arange(np.ceil(low), np.floor(high) + 1) / 2)
    return sorted({max(1, round(size)) for size in sizes})


def optimum(sizes: np.ndarray, risks: np.ndarray) -> np.ndarray:
    """``log M*`` and ``log R*`` of a parabola about the lowest point; the size stays among these.

    Where the points do not curve upwards, the lowest of them.
    """
    lowest = int(np.argmin(risks))
    near = slice(max(0, lowest - BESIDE), lowest + BESIDE + 1)
    x, y = np.log(sizes[near]), np.log(risks[near])
    parabola = np.polyfit(x, y, 2)
    if not parabola[0] > 0:
        return np.array([np.log(sizes[lowest]), np.log(risks[lowest])])
    best = np.clip(-parabola[1] / (2 * parabola[0]), x[0], x[-1])
    return np.array([best, np.polyval(parabola, best)])


def frontier(frame: pd.DataFrame, value: str) -> tuple[np.ndarray, np.ndarray]:
    """``C`` in rising order and :func:`optimum` at each, shape (n, 2)."""
    groups = list(frame.sort_values("model_size").groupby("compute"))
    best = [optimum(some["model_size"].to_numpy(), some[value].to_numpy()) for _, some in groups]
    return np.array([C for C, _ in groups], dtype=float), np.array(best)


def resampled(runs: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """As :func:`frontier` of the medians of runs, and with replicates resampled.

    Once for each number of samples, as runs on the same samples are paired. Shape
    (1 + ``RESAMPLES``, n, 2); the first is of the runs themselves.
    """
    keys = ["compute", "model_size", "samples"]
    wide = with_divergence(runs).pivot(index=keys, columns="replicate", values="risk")
    (points, replicates), rng = wide.shape, np.random.default_rng(0)
    compute, sizes, samples = (wide.index.get_level_values(name).to_numpy() for name in keys)
    distinct, place = np.unique(samples, return_inverse=True)
    picked = rng.integers(replicates, size=(RESAMPLES, len(distinct), replicates))[:, place]
    every = np.concatenate([np.arange(replicates) + np.zeros_like(picked[:1]), picked])
    medians = np.median(wide.to_numpy()[np.arange(points)[:, None], every], axis=2)
    cuts = np.flatnonzero(np.diff(compute)) + 1
    parts = list(zip(np.split(sizes, cuts), np.split(medians, cuts, axis=1), strict=True))
    best = [[optimum(size, risks) for risks in some] for size, some in parts]
    return np.unique(compute).astype(float), np.swapaxes(best, 0, 1)


def slopes(compute: np.ndarray, best: np.ndarray) -> np.ndarray:
    """Exponents of ``M*`` and of ``1/R*`` against ``C / log2 C``."""
    return np.polyfit(np.log(natural_clock(compute)), best, 1)[0] * np.array([1, -1])


def _measured(runs: pd.DataFrame, theory: pd.DataFrame) -> Iterator[dict]:
    """The optimum at each ``C``, and exponents, with intervals over replicates."""
    (compute, best), (_, expected) = resampled(runs), frontier(theory, "theory")
    fewest = runs["replicate"].nunique()
    for k, C in enumerate(compute):
        place = {"setting": "", "window_low": C, "window_high": C}
        yield from _with_intervals(OPTIMA, np.exp(best[:, k]), np.exp(expected[k]), place, fewest)
    drawn = np.array([slopes(compute, one) for one in best])
    place = {"setting": ""} | _window(compute)
    yield from _with_intervals(EXPONENTS, drawn, slopes(compute, expected), place, fewest)


def _with_intervals(quantities, drawn, expected, place: dict, replicates: int) -> Iterator[dict]:
    interval = ends(drawn[1:], replicates)
    for k, name in enumerate(quantities):
        found = {"estimate": drawn[0, k]} | {side: value[k] for side, value in interval.items()}
        yield found | {"quantity": name, "theory": expected[k]} | place


def _by_theory(far: pd.DataFrame) -> Iterator[dict]:
    """The optimum at each larger ``C``; exponents, with the range between neighbouring ``C``."""
    compute, best = frontier(far, "theory")
    for C, logs in zip(compute, best, strict=True):
        for name, value in zip(OPTIMA, np.exp(logs), strict=True):
            place = {"setting": "theory", "window_low": C, "window_high": C}
            yield {"quantity": name, "theory": value} | place
    pairs = [slopes(compute[k : k + 2], best[k : k + 2]) for k in range(len(compute) - 1)]
    place = {"setting": f"theory to 10^{np.log10(compute[-1]):.0f}"} | _window(compute)
    found = zip(EXPONENTS, slopes(compute, best), np.transpose(pairs), strict=True)
    for name, value, local in found:
        yield theory_row(value, local) | {"quantity": name} | place


def _window(compute: np.ndarray) -> dict:
    low, high = natural_clock(compute[[0, -1]])
    return {"against": CLOCK, "window_low": low, "window_high": high, "points": len(compute)}
