"""Where the time of `quadlaw.simulate` goes, how it grows, and how fast arithmetic could be."""

import re
import statistics
import time
from collections.abc import Callable

import llvmlite.binding
import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from quadlaw.base.layout import rows, whole
from quadlaw.models import MODELS
from quadlaw.sgd.streams import chunks
from rivals import INIT, PROBLEM, Run, Work, simulate

OPERATIONS = 4  # multiplications, fused with additions or not, in one coordinate-update
CHAINS = 12  # independent sums: more than an FMA's latency times the FMAs that start in a cycle


def seconds(function: Callable, *arguments) -> float:
    began = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - began


def fitted(prepare: Callable, size: int, lanes: int, target: float) -> tuple[Work, Run]:
    """Work of about ``target`` seconds, and its run, compiled; the samples are a power of two."""
    work = Work(size, lanes, 16)
    while True:
        run = prepare(work)
        run(0)  # compiles
        took = min(seconds(run, 0) for _ in range(2))  # one hiccup would end it too soon
        if took > 0.7 * target or work.samples >= 1 << 20:
            return work, run
        grow = min(64, max(2, 1 << int(np.log2(target / took))))
        work = Work(size, lanes, work.samples * grow)


# Growth ------------------------------------------------------------------------------------------


def growth(vary: str, values: list[int], base: dict[str, int], rounds: int) -> list[dict]:
    """Time of ``simulate`` as one of ``size``, ``samples``, ``lanes`` grows, the others fixed.

    ``exponent`` is that of the time against the value, from the value before.
    """
    works = [Work(**(base | {vary: value})) for value in values]
    runs = [simulate(work) for work in works]
    runs[0](0)
    times = np.median([[seconds(run, seed) for run in runs] for seed in range(rounds)], axis=0)
    exponents = np.diff(np.log(times)) / np.diff(np.log(values))
    return [
        {
            "varied": vary,
            "value": value,
            "seconds": float(took),
            "ns": float(1e9 * took / work.updates),
            "exponent": exponent,
        }
        for value, work, took, exponent in zip(
            values, works, times, [None, *exponents.tolist()], strict=True
        )
    ]


# Parts -------------------------------------------------------------------------------------------


def samples_of(work: Work, seed: int):
    """The samples that ``simulate`` would train on, chunk by chunk."""
    spectrum = PROBLEM.spectrum(work.size)
    return chunks(spectrum, work.samples, 0, seed, [work.samples], "float32")


def generate(work: Work, seed: int) -> None:
    for _ in samples_of(work, seed):
        pass


def kernel_of(work: Work) -> Callable[[], None]:
    """The compiled training loop on samples that are there already.

    It trains on the first chunk again and again, as that is in the cache, where ``simulate`` has a
    chunk that was just written.
    """
    _, x, y = next(samples_of(work, 0))
    x, y = x.copy(), y.copy()
    train, sizes = MODELS["quadratic"].train, np.full(work.lanes, whole(work.size))
    parameters = rows(work.lanes, work.size, "float32")
    parameters[:, : work.size] = INIT
    factor, steps = np.ones(len(y), np.float32), work.step_sizes.astype(np.float32)

    def run() -> None:
        for start in range(0, work.samples, len(y)):
            n = min(len(y), work.samples - start)
            train(parameters, x[:n], y[:n], factor[:n], steps, sizes)

    return run


def parts(size: int, lanes: int, target: float, rounds: int) -> dict:
    """Nanoseconds a coordinate-update of ``simulate``, of its two main parts, and of the rest."""
    work, whole = fitted(simulate, size, lanes, target)
    kernel = kernel_of(work)
    kernel()
    measured = []
    for seed in range(rounds):
        took = [seconds(whole, seed), seconds(generate, work, seed), seconds(kernel)]
        measured.append([*took, took[0] - took[1] - took[2]])
    names = ("simulate", "generation", "kernel", "rest")
    medians = 1e9 * np.median(measured, axis=0) / work.updates
    return {"size": size, "lanes": lanes, "samples": work.samples} | dict(
        zip(names, medians.tolist(), strict=True)
    )


# Ceiling -----------------------------------------------------------------------------------------


def vector_width() -> int:
    """Float32 numbers in this processor's widest register that has fused multiply-adds, or 0."""
    features = llvmlite.binding.get_host_cpu_features()
    return 16 if features.get("avx512f") else 8 if features.get("fma") else 0


def multiply_add_loop(width: int) -> Callable:
    """Compile ``f(steps, factor, term)``: ``CHAINS`` vectors ``a = a factor + term``, summed.

    Written in LLVM's own language, since no loop over arrays is sure to stay in registers.
    """
    vector = ir.VectorType(ir.FloatType(), width)

    @intrinsic
    def loop(typing, steps, factor, term):
        def emit(context, builder, signature, arguments):
            function = ir.FunctionType(vector, [vector] * 3)
            name = f"llvm.fma.v{width}f32"
            fma = cgutils.get_or_insert_function(builder.module, function, name)
            steps, *scalars = arguments
            factor, term = (_splat(builder, vector, scalar) for scalar in scalars)
            slots = [
                cgutils.alloca_once_value(builder, ir.Constant(vector, [float(k)] * width))
                for k in range(CHAINS)
            ]  # the compiler keeps them in registers; `registers_only` looks at whether it did
            with cgutils.for_range(builder, steps):
                for slot in slots:
                    builder.store(builder.call(fma, [builder.load(slot), factor, term]), slot)
            total = builder.load(slots[0])
            for slot in slots[1:]:
                total = builder.fadd(total, builder.load(slot))
            return _sum(builder, total, width)

        return types.float32(types.int64, types.float32, types.float32), emit

    @numba.njit("float32(int64, float32, float32)")
    def multiply_add(steps, factor, term):
        return loop(steps, factor, term)

    return multiply_add


def _splat(builder, vector, scalar):
    first = builder.insert_element(ir.Constant(vector, ir.Undefined), scalar, ir.IntType(32)(0))
    places = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), [0] * vector.count)
    return builder.shuffle_vector(first, first, places)


def _sum(builder, vector, width):
    numbers = [builder.extract_element(vector, ir.IntType(32)(k)) for k in range(width)]
    total = numbers[0]
    for number in numbers[1:]:
        total = builder.fadd(total, number)
    return total


def registers_only(assembly: str, width: int) -> bool:
    """Whether the loop is vector FMAs on whole registers, and touches no memory."""
    register = {16: "%zmm", 8: "%ymm"}[width]
    blocks = re.split(r"^\.?\w+:", assembly, flags=re.MULTILINE)
    lines = max(blocks, key=lambda block: block.count("vfmadd")).splitlines()
    fused = [line for line in lines if "vfmadd" in line]
    whole = all(line.count(register) == 3 and "ps" in line for line in fused)
    return len(fused) >= CHAINS and whole and not any("(" in line for line in lines)


def ceiling(target: float, rounds: int) -> dict | None:
    """Most float32 FMAs a nanosecond on one core, or None where that cannot be measured."""
    width = vector_width()
    if not width:
        return None
    loop = multiply_add_loop(width)
    (assembly,) = loop.inspect_asm().values()
    if not registers_only(assembly, width):
        return None
    steps = max(1, int(target * 1e9))
    rates = []
    for _ in range(rounds):
        rates.append(steps * CHAINS * width / (1e9 * seconds(loop, steps, 0.5, 1.0)))
    best = max(rates)
    return {
        "width": width,
        "fma_per_ns": best,
        "median": statistics.median(rates),
        "ns_per_update": OPERATIONS / best,
    }
