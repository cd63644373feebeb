"""Speed of SGD in leaps, beside dense SGD on the same problem in the same process, on one core.

Prints a table: the time of both, of one step of a run, and the risks beside the theory's. Dense
lanes share their inputs, which is the fastest way of dense SGD; runs in leaps have their own. With
``--long``, runs of 2^30 steps follow, which take minutes.
"""

import os

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")

import argparse
import resource
import time

import numba
import numpy as np
from llvmlite import binding

import quadlaw
from quadlaw.base.normals import fill
from quadlaw.theory import predicted_risk, rates
from quadlaw.theory.tuning import tuned_step

LANES, HEADER = (
    64,
    "problem, model, method | T | M | runs | seconds | ns a step and run | mean over theory",
)


def setting(alpha: float, beta: float, samples: int) -> tuple:
    """The problem, and a model of ``4 D`` coordinates."""
    dimension = float(rates.effective_dimension("quadratic", alpha, beta, samples))
    size, init = int(np.ceil(4 * dimension)), float(rates.initial_value(alpha, beta, dimension))
    options = {"model_size": size, "samples": samples, "init": init}
    return quadlaw.PowerLaw(alpha, beta, 0.5), options


def timed(problem, model: str, options: dict, **how) -> float:
    """Run, print a line of the table, return nanoseconds a step and run.

    At the theory's step size, or at those that ``how`` has.
    """
    eta = tuned_step(model, problem, **options).step_size
    options = options | {"step_size": eta} | how
    began = time.process_time()
    risk = quadlaw.simulate(problem, model=model, **options)["excess_risk"]
    seconds = time.process_time() - began
    one = {key: options[key] for key in ("model_size", "samples", "init")}
    expected = predicted_risk(model, problem, step_size=float(np.max(options["step_size"])), **one)
    last = risk[risk.index % LANES == LANES - 1] if "step_size" in how else risk
    ratio, error = last.mean() / expected, last.sem() / expected
    nanoseconds = seconds / len(risk) / options["samples"] * 1e9
    name = f"({problem.alpha:g}, {problem.beta:g}), {model}, {how.get('method', 'steps')}"
    size = f"2^{np.log2(options['samples']):g} | {options['model_size']} | {len(risk)}"
    beside = f"{ratio:.4f} +- {error:.4f}" if len(last) > 1 else f"{ratio:.4f}"
    print(f"{name} | {size} | {seconds:.2f} | {nanoseconds:.2f} | {beside}", flush=True)
    return nanoseconds


def normals() -> float:
    """Nanoseconds a normal."""
    out, key = np.empty((64, 128), np.float32), np.arange(4, dtype=np.uint32)
    ones = np.ones(128, np.float32)
    fill(out, ones, key, 0, 0)
    began = time.process_time()
    for k in range(2000):
        fill(out, ones, key, 64 * k, 0)
    return (time.process_time() - began) / 2000 / out.size * 1e9


def main(samples: int, long: int | None) -> None:
    """Both methods at ``samples`` steps, then leaps at ``long``."""
    wide = binding.get_host_cpu_features().get("avx512f", False)
    print(f"{binding.get_host_cpu_name()}, numba {numba.__version__}, AVX-512: {wide}")
    print(f"a normal takes {normals():.2f} ns\n{HEADER}")
    problem, options = setting(3.0, 1.5, samples)
    for method in ("steps", "leaps"):  # compiled, or loaded
        small = options | {"samples": 64, "model_size": 16}
        for model in ("quadratic", "linear"):
            few = {"method": method, "replicates": 1, "step_size": 0.01}
            quadlaw.simulate(problem, model=model, **few, **small)
    lanes = list(tuned_step("quadratic", problem, **options).step_size * np.linspace(0.5, 1, LANES))
    dense = timed(problem, "quadratic", options, step_size=lanes, replicates=1)
    leapt = timed(problem, "quadratic", options, method="leaps", replicates=LANES)
    print(f"dense lanes on shared inputs take {dense / leapt:.0f} times as long")
    for alpha, beta in ((3.0, 1.5), (2.0, 3.0)) if long else ():
        problem, options = setting(alpha, beta, long)
        for model in ("quadratic", "linear"):
            timed(problem, model, options, method="leaps", replicates=32)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:.0f} MB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--samples", type=int, default=2**20, help="steps of both (2^20)")
    parser.add_argument("--long", type=int, help="steps of the long runs in leaps, as 1073741824")
    chosen = parser.parse_args()
    main(chosen.samples, chosen.long)
