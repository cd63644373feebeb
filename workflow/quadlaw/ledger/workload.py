"""What a configuration has to compute, rule by rule, counted without computing any of it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np

from quadlaw import models
from quadlaw.data.data_runs import FEATURES
from quadlaw.fit.experiments import model_sizes
from quadlaw.sgd.problem import PowerLaw
from quadlaw.sgd.schedules.constant import Constant
from quadlaw.sgd.starts import STARTS
from quadlaw.studies import (
    adaptivity,
    compute_frontier,
    parameterizations,
    phase_diagram,
    rotation,
)
from quadlaw.studies.saturated_linear import FIXED, MORE, TUNED, point
from quadlaw.studies.uniform_spectrum import DENSE, POWER_LAW, SPARSE
from quadlaw.theory import rates
from quadlaw.theory.asymptotics import decades, grid_cells

MODELS = ("quadratic", "linear")


class Stream(NamedTuple):
    """Lanes on shared samples: ``T``, replicates, lanes, their largest and their summed size."""

    samples: int
    replicates: int
    lanes: int
    largest: int
    total: int


class Load(NamedTuple):
    """The work of one rule for one sweep, trajectory or study.

    ``streams`` are simulated; ``solves`` counts the theory's risks, in units of one at ``T = 10``
    (:func:`effort`); ``looks`` are rows of weights over time; ``particles`` is the sum of
    ``sqrt(T)`` over the accurate solutions of the mean field; ``kernels`` are the values of kernels
    that are computed, each as many times as features are made of it, and ``numbers`` those of the
    rows that are held at once.
    """

    rule: str
    jobs: int
    streams: Sequence[Stream] = ()
    solves: float = 0.0
    looks: int = 0
    particles: float = 0.0
    kernels: float = 0.0
    numbers: float = 0.0


def even(samples: int, replicates: int, lanes: int, size: int) -> Stream:
    """Lanes of one model size."""
    return Stream(samples, replicates, lanes, size, lanes * size)


def effort(samples: float) -> float:
    """One risk by the theory's fast methods: its leaps times the nodes of the largest models."""
    return float(np.log10(samples) ** 2.6)


def tuning(alpha: float, beta: float, samples: float) -> float:
    """One best step size: inside of the range that is searched, or at its end after two looks."""
    return (3.3 if beta > alpha else 1.85) * effort(samples)


def loads(config: dict) -> list[Load]:
    """All the work of a configuration, as from :func:`quadlaw.ledger.config.checked`, but for the
    last rules, which only collect tables.
    """
    names = [*config["sweeps"], *config["trajectories"], *config["studies"]]
    result = [Load("figure", len(names) + 2), *_comparisons(config)]
    for sweep in config["sweeps"].values():
        result += _sweep(sweep, config)
    for one in config["trajectories"].values():
        result += _trajectory(one)
    for name, one in config["studies"].items():
        result += _study(name, one)
    return result


def _comparisons(config: dict) -> list[Load]:
    field, extinction = config["mean_field"], config["extinction"]
    singles = [
        even(one["samples"], field["replicates"], 1, one["model_size"]) for one in field["settings"]
    ]
    particles = sum(one.samples**0.5 for one in singles)
    keys = ("samples", "replicates", "model_size")
    samples, replicates, size = (extinction[key] for key in keys)
    survival = [even(samples, replicates, len(extinction["step_sizes"]), size)]
    looks = replicates * len(extinction["step_sizes"]) * extinction["coordinates"]
    return [
        Load("mean_field_check", len(singles), singles, particles=particles),
        Load("survival", 1, survival, looks=looks),
    ]


# --- sweeps and trajectories ----------------------------------------------------------------------


def _sweep(sweep: dict, config: dict) -> list[Load]:
    constants = sum(map(len, sweep["step_constants"].values()))
    series = len(sweep["step_constants"]) * len(sweep["init_scales"])
    streams, solves = [], 0.0
    for problem, samples in product(sweep["problems"], sweep["samples"]):
        sizes = model_sizes(sweep | problem | {"samples": samples})
        lanes, replicates = constants * len(sweep["init_scales"]), problem.get("replicates")
        streams.append(
            Stream(
                samples, replicates or sweep["replicates"],
                lanes * len(sizes), max(sizes), lanes * sum(sizes),
            )
        )  # fmt: skip
        solves += series * len(sizes) * effort(samples)
    return [
        Load("spectrum", len(sweep["problems"])),
        Load("runs", 0, streams),  # as many jobs as the work asks for
        Load("fit_sweep", 1),
        Load("theory_sweep", 1, solves=solves),
    ]


def _trajectory(one: dict) -> list[Load]:
    problems = one["problems"]
    streams = [
        even(one["samples"], problem.get("replicates", one["replicates"]), 1, one["model_size"])
        for problem in problems
    ]
    looks = sum(stream.replicates for stream in streams) * one["times"] * one["coordinates"]
    return [
        Load("trajectory", len(problems), streams, looks=looks),
        Load("fit_trajectory", 1),
        Load("theory_trajectory", 1),
    ]


# --- studies --------------------------------------------------------------------------------------


def _study(name: str, one: dict) -> list[Load]:
    result = []
    if "grid" in one:
        cells, samples = grid_cells(one["grid"]), _decades(one["grid"])
        solves = sum(tuning(cell["alpha"], cell["beta"], T) for cell in cells for T in samples)
        result.append(Load("study_tuned", one["grid"]["jobs"], solves=solves))
    streams = study_streams(name, one)
    if streams:
        solves = sum(stream.lanes * effort(stream.samples) for stream in streams)
        last = max(stream.samples for stream in streams)
        tuned = 2 * sum(tuning(1, 1, last) for stream in streams if stream.samples == last)
        result += [
            Load("study_design", 1, solves=tuned),
            Load("study_theory", 1, solves=solves),
            Load("study_runs", one["jobs"], streams),
        ]
    return [*result, _collected(name, one)]


def _collected(name: str, one: dict) -> Load:
    """The rule of a study's results, which is all that one of real data has."""
    if "landmarks" not in one:
        return Load("study_results", 1)
    blocks, models = one["pilots"] + one["replicates"], len(one["smoothness"])
    lanes, size = len(one["fractions"]), one["model_size"]
    width = len(FEATURES) * lanes
    streams = [
        Stream(T, blocks * models, width, size, sum(FEATURES) * lanes * size)
        for T in one["samples"]
    ]
    rows = one["estimation"] + one["held_out"] + blocks * max(one["samples"])
    kernels = rows * models * one["landmarks"] * size
    numbers = (3 * one["estimation"] + one["held_out"]) * size  # the first in double precision
    return Load("study_results", 1, streams, kernels=kernels, numbers=numbers)


def _decades(grid: dict) -> list[int]:
    return decades(*grid["decades"], grid["per_decade"])


def study_streams(name: str, one: dict) -> list[Stream]:
    """What a study simulates; nothing if it uses the runs of a sweep, or theory alone."""
    return list(STREAMS[name](one)) if name in STREAMS else []


def _size(problem: dict, samples: int, size_factor: float) -> int:
    dimension = rates.effective_dimension("quadratic", problem["alpha"], problem["beta"], samples)
    return int(np.ceil(size_factor * dimension))


def _scaling(problem: dict, one: dict, lanes: int, size_factor: float = 0) -> list[Stream]:
    """A curve against ``T``, as of :func:`quadlaw.fit.designs.scaling_rows`."""
    replicates, factor = problem.get("replicates", one["replicates"]), one["size_factor"]
    return [
        even(T, replicates, lanes, _size(problem, T, size_factor or factor)) for T in one["samples"]
    ]


def _noise(one: dict) -> Iterable[Stream]:
    for problem in one["problems"]:
        yield from _scaling(problem, one, len(one["step_factors"])) * len(one["sigmas"])
    keys = ("samples", "replicates", "model_size")
    samples, replicates, size = (one["survival"][key] for key in keys)
    yield from [even(samples, replicates, 1, size)] * len(one["survival"]["sigmas"])


def _phase_diagram(one: dict) -> Iterable[Stream]:
    lanes = len(phase_diagram.SERIES) * len(one["step_factors"])
    for alpha, beta in product(one["alphas"], one["betas"]):
        yield from _scaling({"alpha": alpha, "beta": beta}, one, lanes)


def _rescaling(one: dict) -> Iterable[Stream]:
    for problem in one["problems"]:
        yield from _scaling(problem, one, 1)


def _rotation(one: dict) -> Iterable[Stream]:
    """A product of a multiplication by a matrix is counted as a feature of a lane is."""
    turned = len(rotation.bases(one)) - 1
    for problem, samples in product(one["problems"], one["samples"]):
        size = rotation.model_size(problem, samples, one["size_factor"])
        features = (2 * turned + 3) * size * len(one["fractions"])
        products = size * (sum(one["blocks"]) + size) * turned // (len(one["blocks"]) + 1)
        lanes = (turned + 2) * len(one["fractions"])
        yield Stream(samples, one["replicates"], lanes, size, features + products)


def _sketch(one: dict) -> Iterable[Stream]:
    """Inputs are drawn for the sketch; its products are counted as features of lanes are."""
    steps, inputs = len(one["fractions"]), one["inputs"]
    plan = [(T, [one["model_size"]]) for T in one["samples"]] + [(one["long"], one["model_sizes"])]
    for _, (samples, sizes) in product(one["problems"], plan):
        total = sum(sizes) * (inputs + 2 * 3 * steps)
        yield Stream(samples, one["replicates"], 4 * steps * len(sizes), inputs, total)


def _initialization(one: dict) -> Iterable[Stream]:
    for problem in one["problems"]:
        varied = _scaling(problem, one, len(one["init_scales"]))
        sized = _scaling(problem, one, 2, one["fixed"]["size_factor"])
        for some, more in zip(varied, sized, strict=True):
            wide = problem["alpha"] < problem["beta"]
            yield _together(some, more) if wide else some


def _together(one: Stream, other: Stream) -> Stream:
    return Stream(
        one.samples, one.replicates, one.lanes + other.lanes,
        max(one.largest, other.largest), one.total + other.total,
    )  # fmt: skip


def _uniform_spectrum(one: dict) -> Iterable[Stream]:
    for samples in one["samples"]:
        alone = even(samples, one["replicates"], len(MODELS), one["dimension"])
        yield from [alone] * len((POWER_LAW, SPARSE, DENSE))


def _stability(one: dict) -> Iterable[Stream]:
    last = max(one["samples"])
    for problem in one["problems"]:
        yield from _scaling(problem, one, len(MODELS) * len(one["fractions"]))
        yield even(last, one["many"], len(MODELS), _size(problem, last, one["size_factor"]))


def _schedules(one: dict) -> Iterable[Stream]:
    lanes = len(MODELS) * len(one["step_factors"])
    for problem, name in product(one["problems"], one["schedules"]):
        many = name == Constant().name and problem["alpha"] > problem["beta"]
        replicates = one["many"] if many else one["replicates"]
        yield from _scaling(problem | {"replicates": replicates}, one, lanes)


def _parameterizations(one: dict) -> Iterable[Stream]:
    wide = 2 * len(parameterizations.HALVES)  # features of each coordinate
    lanes = len(parameterizations.SIGNS) * (len(MODELS) + wide)
    for problem in one["problems"]:
        yield from _scaling(problem, one, lanes)


def _relu(one: dict) -> Iterable[Stream]:
    for problem in one["problems"]:
        yield from _scaling(problem, one, 3 * len(one["step_factors"]))
    growth = one["growth"]
    for problem in growth["problems"]:
        replicates = problem.get("replicates", growth["replicates"])
        yield even(growth["samples"], replicates, 3, growth["model_size"])


def _inputs(one: dict) -> Iterable[Stream]:
    for problem in one["problems"]:
        yield from _scaling(problem, one, len(MODELS) * len(one["laws"]) * len(one["step_factors"]))


def _compute_frontier(one: dict) -> Iterable[Stream]:
    for problem in one["problems"]:
        law, lanes = PowerLaw(problem["alpha"], problem["beta"], 0.0), defaultdict(list)
        for compute, model in product(one["compute"], MODELS):
            for size in compute_frontier.model_sizes(law, model, compute):
                lanes[round(compute / size)].append(size)
        for samples, sizes in lanes.items():
            yield Stream(samples, one["replicates"], len(sizes), max(sizes), sum(sizes))


def _saturated_linear(one: dict) -> Iterable[Stream]:
    for problem in one["problems"]:
        law = PowerLaw(problem["alpha"], problem["beta"], 0.0)
        for samples, (name, more) in product(one["samples"], ((FIXED, 1), (TUNED, MORE))):
            size = point(law, name, samples, one["size_factor"], 1.0)["model_size"]
            yield even(samples, more * one["replicates"], len(one["step_factors"]), size)


def _depth(one: dict) -> Iterable[Stream]:
    lanes, deepest = len(STARTS) * len(one["depths"]), max(one["depths"])
    for problem, samples in product(one["problems"], one["samples"]):
        speed = rates.linearized_exponent(deepest, problem["alpha"], problem["beta"])
        size = int(np.ceil(one["size_factor"] * samples ** (1 / speed)))
        yield even(samples, problem.get("replicates", one["replicates"]), lanes, size)
    escape, keys = one["escape"], ("samples", "replicates", "model_size")
    samples, replicates, size = (escape[key] for key in keys)
    yield even(samples, replicates, len(one["depths"]) * len(escape["weights"]), size)


def _adaptivity(one: dict) -> Iterable[Stream]:
    starts, size = len(one["init_weights"]), one["model_size"]
    wide = {model: models.named(model).width for model in adaptivity.MODELS}  # features
    tries = {model: 1 if model == "linear" else starts for model in wide}
    lanes = len(one["trace_shares"]) * sum(wide[model] * tries[model] for model in wide)
    for problem in one["problems"]:
        yield from _scaling(problem, one | {"size_factor": 4}, sum(wide.values()))
        for samples in one["samples"]:
            trained = samples - adaptivity.held_out(samples)
            yield even(trained, problem.get("replicates", one["replicates"]), lanes, size)


STREAMS = {
    "noise": _noise,
    "phase_diagram": _phase_diagram,
    "rotation": _rotation,
    "sketch": _sketch,
    "rescaling": _rescaling,
    "initialization": _initialization,
    "uniform_spectrum": _uniform_spectrum,
    "stability": _stability,
    "schedules": _schedules,
    "parameterizations": _parameterizations,
    "relu": _relu,
    "inputs": _inputs,
    "compute_frontier": _compute_frontier,
    "saturated_linear": _saturated_linear,
    "depth": _depth,
    "adaptivity": _adaptivity,
}
