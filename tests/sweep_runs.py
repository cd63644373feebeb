"""Made-up runs of a sweep."""

from itertools import product

import numpy as np
import pandas as pd

SAMPLES = 2.0 ** np.arange(8, 15)
SIZES = [4, 8, 16, 32, 64, 128]
CONSTANTS = {0.1: 1.5, 0.2: 1.0, 0.4: 1.2}  # risk in units of the best


def table(replicates=12, seed=0, slopes=(0.25, 0.2)):
    """Made-up runs of both models: exact power laws of ``T / log2 T`` times log-normal noise."""
    draw, rows = np.random.default_rng(seed), []
    for model, slope in zip(("quadratic", "linear"), slopes, strict=True):
        for T in SAMPLES:
            for replicate in range(replicates):
                shared = np.random.default_rng([int(T), replicate]).standard_normal()
                for constant, factor in CONSTANTS.items():
                    noise = np.exp(0.3 * shared + 0.02 * draw.standard_normal())
                    risk = factor * (T / np.log2(T)) ** -slope * noise
                    rows.append((model, T, replicate, constant, risk))
    columns = ["model", "samples", "replicate", "step_constant", "excess_risk"]
    return labelled(pd.DataFrame(rows, columns=columns))


def sizes_table(replicates=12):
    """The same against ``M`` at two sample sizes: ``M^-.5`` at the larger, flatter at the other."""
    draw, rows = np.random.default_rng(0), []
    for model, T in product(("quadratic", "linear"), (1024, 4096)):
        for replicate in range(replicates):
            shared = np.exp(0.3 * np.random.default_rng([T, replicate]).standard_normal())
            for size, (constant, factor) in product(SIZES, CONSTANTS.items()):
                noise = shared * np.exp(0.02 * draw.standard_normal())
                risk = factor * size ** (-0.5 if T == 4096 else -0.3) * noise
                rows.append((model, T, size, replicate, constant, risk))
    columns = ["model", "samples", "model_size", "replicate", "step_constant", "excess_risk"]
    return labelled(pd.DataFrame(rows, columns=columns))


def labelled(frame):
    """Runs with what else they have."""
    size = frame.get("model_size", 8)
    return frame.assign(
        alpha=2.5, beta=1.5, sigma=0.5, init_scale=0.5, model_size=size, init=0.5,
        step_size=frame["step_constant"] / 4, diverged=False,
    )  # fmt: skip
