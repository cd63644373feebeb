"""What the command ``quadlaw`` does: one function a subcommand, from its options to its output."""

import json
import math
import sys
from argparse import Namespace
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pandas as pd
from tqdm import tqdm

from quadlaw import theory
from quadlaw.base.checks import count, real, require
from quadlaw.base.files import write_table
from quadlaw.fit.curves import measured_curves
from quadlaw.fit.law_fit import LawFit, fit_law
from quadlaw.fit.law_table import ROLES, read_file
from quadlaw.fit.laws import FORMS
from quadlaw.ledger import cost
from quadlaw.ledger.config import read
from quadlaw.ledger.plans import plans
from quadlaw.models import named as named_model
from quadlaw.models.leaps_loop import COLUMNS
from quadlaw.sgd.leaps import checked_method, require_leaps
from quadlaw.sgd.problem import PowerLaw
from quadlaw.sgd.run import run_lanes
from quadlaw.sgd.schedules import Schedule, named
from quadlaw.sgd.workload import stream_of
from quadlaw.theory import planning, rates, stability_edge, tuned_step
from quadlaw.theory.predict import predict as prediction

# Beyond these, numbers overflow on the way to a risk.
MOST = {"alpha": 20, "beta": 20} | dict.fromkeys(("sigma", "step_size", "init", "scale"), 1e30)
LARGEST_SHOWN = 5  # residuals
PLOTS = (".pdf", ".png", ".svg")


def _problem(options: Namespace) -> PowerLaw:
    """The problem asked for, with all options in bounds."""
    for key, most in MOST.items():
        value = getattr(options, key, None)
        if value is not None and math.isfinite(value):
            require(value <= most, key, value, f"must be at most {most:g}")
    _require_plot(getattr(options, "plot", None))
    return PowerLaw(options.alpha, options.beta, options.sigma)


def _require_plot(path: str | None) -> None:
    known = path is None or Path(path).suffix in PLOTS
    require(known, "plot", path, f"must end in {', '.join(PLOTS)}")


def predict(options: Namespace) -> None:
    """Print, and draw if asked to, all that the theory says of a setting."""
    problem = _problem(options)
    result = prediction(problem, samples=options.samples, model_size=options.model_size)
    if options.plot:
        _plots().draw_prediction(problem, result, options.plot)
    if options.json:
        _print_json(result)
    else:
        table = pd.DataFrame({model: result[model] for model in ("quadratic", "linear")})
        print(table.to_string(float_format="{:.6g}".format))


def plan(options: Namespace) -> None:
    """Print the best setting of both models for a budget, and which of them to use; or draw it."""
    problem = _problem(options)
    budget = {"compute": options.compute, "samples": options.samples, "risk": options.risk}
    result = planning.plan(problem, **budget)
    if options.plot:
        _plots().draw_plan(problem, result, options.plot)
    if options.json:
        _print_json(result)
        return
    table = pd.DataFrame({model: result[model] for model in planning.SHARES if result[model]})
    print(table.to_string(float_format="{:.6g}".format))
    print(f"\nuse the {result['use']} model: {result['reason']}")
    shares = " and ".join(f"{share:g} (the {model})" for model, share in planning.SHARES.items())
    print(f"step sizes are planned up to {shares} of the stability edge, where runs still stay")


def _plots() -> ModuleType:
    """Loaded where it is asked for: Matplotlib takes a second."""
    return import_module("quadlaw.cli.plots")


# --- simulate -------------------------------------------------------------------------------------


def simulate(options: Namespace) -> None:
    """Run SGD, print the median risk beside the theory's, write all runs if asked to."""
    if options.output is not None:
        known = Path(options.output).suffix in (".parquet", ".csv")
        require(known, "output", options.output, "must end in .parquet or .csv")
    problem, replicates = _problem(options), options.replicates
    replicates, seed = count("replicates", replicates), count("seed", options.seed, least=0)
    schedule = named(options.schedule)
    lane = _lane(problem, options, schedule, replicates)
    samples = lane.pop("samples")
    runs = _runs(problem, lane, samples, replicates, seed, schedule)
    if options.output:
        write_table(runs, options.output)
    result = _summary(runs, problem, schedule)
    if options.json:
        _print_json(result | {"runs": runs["excess_risk"].tolist()})
    else:
        print(pd.Series(result).to_string())


def _lane(problem: PowerLaw, options: Namespace, schedule: Schedule, replicates: int) -> dict:
    """``model, model_size, samples, step_size, init``, refused if they take too long."""
    T, M = count("samples", options.samples, least=2), count("model_size", options.model_size)
    leaps = _leaps(options)
    lanes = [{"model": options.model, "model_size": M} | leaps]
    work = stream_of({"samples": T, "range": (0, replicates), "lanes": lanes})
    cost.require_affordable(work.seconds(), work.memory(), options.force)
    init, model = _init(problem, options, T, M), options.model
    setting = {"model_size": M, "samples": T, "init": init}
    if options.tuned:
        step = tuned_step(model, problem, schedule=schedule, **setting).step_size
    else:
        descends = "must be positive, or SGD does not descend"
        step = real("step_size", options.step_size, above=0, reason=descends)
        _warn_beyond_edge(problem, M, step, model)
    return {"model": model, "step_size": step} | setting | leaps


def _warn_beyond_edge(problem: PowerLaw, size: int, step_size: float, model: str) -> None:
    """A line on standard error; models other than diagonal networks have no edge by theory."""
    with suppress(ValueError):
        edge = stability_edge(problem, size, model)
        if step_size >= edge:
            line = f"step_size = {step_size:g}: beyond the stability edge of {edge:.6g}"
            print(f"quadlaw: {line}, where runs diverge", file=sys.stderr)


def _leaps(options: Namespace) -> dict:
    """The lane's ``method``, if it is another one than steps."""
    method = checked_method(options.method, options.accuracy)
    if method == "steps":
        return {}
    require_leaps({"model": options.model})
    return {"method": method}


def _init(problem: PowerLaw, options: Namespace, samples: int, size: int) -> float:
    if options.init is not None:
        return named_model(options.model).checked_init(options.init)
    zero = "must be positive: zero is a fixed point of the quadratic model"
    scale = real("scale", options.scale, above=0, reason=zero)
    alpha, beta = problem.alpha, problem.beta
    dimension = rates.effective_dimension("quadratic", alpha, beta, samples, size)
    return float(rates.initial_value(alpha, beta, dimension, scale))


def _runs(problem, lane, samples, replicates, seed, schedule) -> pd.DataFrame:
    """One row a run; on a terminal, a bar with the rate and the time left."""
    spectrum, lanes, tables = problem.spectrum(lane["model_size"]), pd.DataFrame([lane]), []
    bar = {"unit": " samples", "unit_scale": True, "leave": False, "disable": None}
    with tqdm(total=replicates * samples, file=sys.stderr, **bar) as progress:
        block = COLUMNS if "method" in lane else 1
        for first in range(0, replicates, block):
            some = range(first, min(first + block, replicates))
            options = {"replicates": some, "seed": seed, "schedule": schedule}
            tables.append(run_lanes(spectrum, lanes, samples, **options))
            progress.update(len(some) * samples)
    return pd.concat(tables, ignore_index=True)


def _summary(runs: pd.DataFrame, problem: PowerLaw, schedule: Schedule) -> dict:
    """The setting, what was measured with its 95 % interval, and the theory, None if it refuses."""
    (row,) = measured_curves(runs).to_dict("records")
    setting = {key: row[key] for key in ("model_size", "samples", "step_size", "init")}
    try:
        risk = theory.predicted_risk(row["model"], problem, schedule=schedule, **setting)
    except ValueError:
        risk = None
    return row | {"replicates": len(runs), "theory": risk}


# --- fit ------------------------------------------------------------------------------------------


def fit(options: Namespace) -> None:
    """Print, and draw if asked to, the law of the loss of a table of runs."""
    _require_plot(options.plot)
    names = {role: getattr(options, role) for role in ROLES}
    more = {key: getattr(options, key) for key in ("form", "delta", "draws", "seed")}
    law = fit_law(read_file(options.runs), **names, **more)
    if options.plot:
        _plots().draw_law(law, options.plot)
    if options.json:
        _print_json(law.as_dict())
        return
    formula, number = FORMS[law.form].formula, len(law.residuals)
    print(f"{law.form}, {formula}, of {number} runs, with 95 % intervals\n")
    for table in (law.parameters, law.exponents, law.held_out):
        if len(table):
            print(table.to_string(float_format="{:.6g}".format), end="\n\n")
    print(f"residuals of logarithms: {law.scatter:.3g} in the middle; the largest are")
    largest = law.residuals.sort_values("residual", key=abs, ascending=False).head(LARGEST_SHOWN)
    print(largest.to_string(float_format="{:.6g}".format))
    print(f"\n{_verdict(law)}")


def _verdict(law: LawFit) -> str:
    """What the held-out runs say of the forms."""
    if not len(law.held_out):
        return "the runs are too few to hold any out"
    number = int(law.held_out["runs"].iloc[0])
    errors = " and ".join(f"{error:.2g} ({form})" for form, error in law.held_out["error"].items())
    better = f": {law.better} err less" if law.better else ""
    return f"on the largest {number} runs, held out, errors of logarithms are {errors}{better}"


# --- estimate -------------------------------------------------------------------------------------


def estimate(options: Namespace) -> None:
    """Print what a configuration will cost on this machine, rule by rule and in all."""
    cores = count("cores", options.cores)
    config = read(options.configfile)
    listed, slow = plans(config), cost.slowness()
    table = cost.estimate(listed, slow)
    sums = cost.totals(table, cores) | {"slowness": slow}
    refused = _refusal(listed, config["force"])
    if options.json:
        _print_json({"rules": table.to_dict("records"), "total": sums, "refused": refused})
    else:
        print(table.to_string(index=False, float_format="{:.0f}".format))
        print("\n" + _total_line(sums))
        if refused:
            print(f"the workflow refuses it: {refused}")


def _total_line(sums: dict) -> str:
    return (
        "in all {core_seconds:.0f} core-seconds: {wall_seconds:.0f} s on {cores} cores, at most "
        "{memory_mb:.0f} MB of memory, {disk_mb:.0f} MB of disk"
    ).format(**sums)


def _refusal(listed: dict, force: bool) -> str | None:
    """What the workflow would say to it."""
    try:
        cost.require_affordable_plans(listed, force)
    except ValueError as fault:
        return str(fault)


def _print_json(result: dict) -> None:
    print(json.dumps(_finite(result), indent=2))


def _finite(node: object) -> object:
    """What is not finite has no place in JSON: null."""
    if isinstance(node, dict):
        return {key: _finite(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_finite(value) for value in node]
    if hasattr(node, "item"):  # a NumPy scalar
        node = node.item()
    return None if isinstance(node, float) and not math.isfinite(node) else node
