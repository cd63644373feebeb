"""Speed of `quadlaw.simulate` against the NumPy loop of one run, in one process on one thread.

Both train the quadratic model in float32 and draw their own normals. Rounds alternate between the
two, and the ratio is taken round by round, so that a machine that slows down slows both.
"""

import os

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")

import argparse
import json
import time

import numpy as np

import quadlaw

PROBLEM = quadlaw.PowerLaw(alpha=2.5, beta=1.5, sigma=0.5)
STEP_SIZE, INIT = 0.05, 0.5


def numpy_loop(size: int, samples: int, seed: int) -> None:
    """One run at a time, as a reader of the paper would write it."""
    draw = np.random.default_rng(seed)
    scale = np.sqrt(PROBLEM.eigenvalues(size)).astype(np.float32)
    target = PROBLEM.target(size).astype(np.float32)
    tail = np.sqrt(PROBLEM.tail(size))
    v = np.full(size, INIT, dtype=np.float32)
    for _ in range(samples):
        x = scale * draw.standard_normal(size, dtype=np.float32)
        noise = tail * draw.standard_normal() + PROBLEM.sigma * draw.standard_normal()
        residual = x @ (v * v - target) - noise
        v -= np.float32(STEP_SIZE * residual) * x * v


def batched(size: int, samples: int, lanes: int, seed: int) -> None:
    steps = np.linspace(0.5 * STEP_SIZE, STEP_SIZE, lanes)
    settings = {"model_size": size, "samples": samples, "step_size": steps, "init": INIT}
    quadlaw.simulate(PROBLEM, **settings, replicates=1, seed=seed)


def nanoseconds(function, updates: int) -> float:
    began = time.perf_counter()
    function()
    return 1e9 * (time.perf_counter() - began) / updates


def main(size: int, lanes: int, samples: int, rounds: int) -> dict:
    batched(size, 2, lanes, seed=0)  # compile, or load the compiled code
    loop, quick = [], []
    for seed in range(rounds):
        loop.append(nanoseconds(lambda s=seed: numpy_loop(size, samples, s), size * samples))
        updates = size * samples * lanes
        quick.append(nanoseconds(lambda s=seed: batched(size, samples, lanes, s), updates))
    ratios = np.array(loop) / np.array(quick)
    return {
        "model_size": size,
        "lanes": lanes,
        "numpy_loop_ns": float(np.median(loop)),
        "quadlaw_ns": float(np.median(quick)),
        "ratio": float(np.median(ratios)),
        "ratio_range": [float(ratios.min()), float(ratios.max())],
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=1024, help="model size M (default 1024)")
    parser.add_argument("--lanes", type=int, default=64, help="runs on one stream (default 64)")
    parser.add_argument("--samples", type=int, default=4096, help="steps a run (default 4096)")
    parser.add_argument("--rounds", type=int, default=7, help="repetitions (default 7)")
    arguments = parser.parse_args()
    print(json.dumps(main(**vars(arguments)), indent=2))
