"""How long the page to play with takes for an update, and how far its risks are off.

Runs the cells of notebooks/explore.ipynb in this process, moves every slider to values at random
and a step on, and prints the time of one core from there to the four pictures. Then, at random
settings, the error of its risks against those of finer leaps, and of its curves between their
points. Time counts on a quiet machine alone.
"""

import os

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from quadlaw.fit import explore
from quadlaw.models import PAPER
from quadlaw.theory import predicted_risk

NOTEBOOK = Path(__file__).parents[1] / "notebooks/explore.ipynb"
EVEN = ("alpha", "beta", "sigma")  # drawn evenly, the others evenly in their logarithms


def values(rng: np.random.Generator) -> dict:
    """One at random for each slider."""
    found = {}
    for key, (low, high, _) in explore.RANGES.items():
        even = rng.uniform(low, high) if key in EVEN else np.exp(rng.uniform(*np.log([low, high])))
        found[key] = rounded(key, even)
    return found


def rounded(key: str, value: float) -> float:
    """As a slider does."""
    if key == "samples":
        return 2 ** round(np.log2(value))
    return round(value) if key == "model_size" else float(f"{value:.3g}")


def step(key: str, value: float) -> float:
    """The next value of a slider, or the one before at its end."""
    near = {"samples": (2, 0.5), "model_size": (1.3, 0.7)}.get(key, (1.1, 0.9))
    low, high, _ = explore.RANGES[key]
    return next(one for factor in near if low <= (one := rounded(key, value * factor)) <= high)


def page() -> dict:
    """What the cells of the notebook define."""
    cells, names = json.loads(NOTEBOOK.read_text())["cells"], {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    return names


def updates(number: int, rng: np.random.Generator) -> Iterator[tuple[str, str, float]]:
    """How a slider moved, which, and seconds of one core."""
    boxes = page()["boxes"]
    for _ in range(number):
        for key, value in values(rng).items():
            for how, to in (("far", value), ("a step", step(key, value))):
                began = time.process_time()
                boxes[key].value = to
                yield how, key, time.process_time() - began


def errors(number: int, rng: np.random.Generator) -> tuple[list[float], list[float]]:
    """Of risks with the page's leaps, and of curves halfway between two of their points."""
    leaps, curves = [], []
    for _ in range(number):
        setting = explore.Setting.checked(values(rng))
        table = explore.risk_curves(setting)
        for model in PAPER:
            T = int(2 ** rng.integers(8, 29, endpoint=True))
            page = explore.risk(model, setting, samples=T)
            if np.isfinite(page):
                fine = predicted_risk(model, setting.problem, **setting.options(model, samples=T))
                curve = explore.Smooth(table[table["model"] == model], "samples")(T)
                leaps.append(abs(page / fine - 1))
                curves.append(abs(float(curve) / page - 1))
    return leaps, curves


def main(number: int) -> None:
    """Print both tables."""
    rng = np.random.default_rng(0)
    seconds = {}
    for *move, one in updates(number, rng):
        seconds.setdefault(tuple(move), []).append(one)
    print("move | slider | median, s | largest, s")
    for move, some in sorted(seconds.items()):
        print(f"{' | '.join(move)} | {np.median(some):.3f} | {max(some):.3f}")
    for what, some in zip(("leaps", "between points"), errors(5 * number, rng), strict=True):
        low, high = np.quantile(some, [0.5, 0.95])
        print(f"error, {what}: median {low:.1e}, in 95 of 100 below {high:.1e}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--number", type=int, default=20, help="moves of each slider (20)")
    main(parser.parse_args().number)
