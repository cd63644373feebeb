"""The configuration, checked as a whole before anything runs."""

import copy
import json
import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.validators import extend

from quadlaw.base.checks import require
from quadlaw.fit.experiments import model_sizes
from quadlaw.ledger.claims import evaluate
from quadlaw.sgd.problem import PowerLaw
from quadlaw.sgd.run import log_spaced
from quadlaw.sgd.schedules import named
from quadlaw.theory.asymptotics import decades, grid_cells
from quadlaw.theory.rates import name_of
from quadlaw.theory.stability import require_stable

PROJECT = Path(__file__).parents[3]
COMPARISONS = ("theory_vs_sgd", "extinction")  # figures that are no sweep, trajectory or study

LONGEST = 160  # what is shown of a refused value

# JSON takes 20.0 for an integer; a number of replicates is not.
_whole = Draft202012Validator.TYPE_CHECKER.redefine(
    "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
)


def _rising(_, wanted: bool, value: object, __) -> Iterator[ValidationError]:
    """The schema's keyword ``rising``; what is no list of numbers is for other keywords."""
    numbers = isinstance(value, list) and all(isinstance(x, int | float) for x in value)
    if wanted and numbers and any(x >= y for x, y in pairwise(value)):
        yield ValidationError(f"{value!r} does not rise")


Validator = extend(Draft202012Validator, {"rising": _rising}, type_checker=_whole)


def read(files: list[str]) -> dict:
    """The checked configuration of the files on top of ``config/config.yaml``, as Snakemake does.

    Raises
    ------
    ValueError
        One line: a file that is missing or no configuration, or a fault as of :func:`checked`.
    """
    config = _load(PROJECT / "config/config.yaml")
    for path in files:
        config = merged(config, _load(path))
    return checked(config, _load(PROJECT / "workflow/schemas/config.schema.yaml"))


def _load(path: str | Path) -> dict:
    """A mapping in JSON or else YAML, which disagree on what 1e5 is."""
    try:
        text = Path(path).read_text()
    except (OSError, UnicodeDecodeError) as fault:
        require(False, "configfile", str(path), getattr(fault, "strerror", None) or "no text")
    try:
        content = json.loads(text)
    except ValueError:
        content = _yaml(text, path)
    require(isinstance(content, dict), "configfile", str(path), "has no keys at its top level")
    return content


def _yaml(text: str, path: str | Path) -> object:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as fault:
        line = getattr(getattr(fault, "problem_mark", None), "line", 0) + 1
        require(False, "configfile", str(path), f"is neither JSON nor YAML, see its line {line}")


def merged(base: dict, top: dict) -> dict:
    """``base`` with the keys of ``top``, key by key where both are mappings."""
    both = {key: merged(base[key], top[key]) for key in top if _mappings(base.get(key), top[key])}
    return base | top | both


def _mappings(*values: object) -> bool:
    return all(isinstance(value, dict) for value in values)


def checked(config: dict, schema: dict) -> dict:
    """A copy of ``config`` with defaults filled in.

    Parameters
    ----------
    config : dict
        As read from YAML.
    schema : dict
        JSON schema with defaults, and with a ``reason`` where its own words would not do.

    Raises
    ------
    ValueError
        One line, ``key = value: reason``, for the most telling of the faults.
    """
    config = copy.deepcopy(config)
    _check_schema(config, schema)
    _fill(config, schema, schema)
    _check_across_keys(config)
    return config


def checked_claims(claims: list[dict], schema: dict, figures: list[str]) -> None:
    """Refuse a ledger of claims with a fault, as :func:`checked`.

    ``figures`` are the names that a claim may give as its figure.
    """
    _check_schema(claims, schema)
    ids = [claim["id"] for claim in claims]
    for number, claim in enumerate(claims):
        key = f"claims[{number}]"
        require(ids.count(claim["id"]) == 1, f"{key}.id", claim["id"], "another claim has that id")
        known = f"no such figure; there are {', '.join(figures)}"
        require(claim["figure"] in figures, f"{key}.figure", claim["figure"], known)
        for part in ("prediction", "rival", "only"):
            if part in claim:
                _check_formula(f"{key}.{part}", claim[part])


def _check_formula(key: str, formula: str | float) -> None:
    example = {"model": "quadratic", "alpha": 2.5, "beta": 1.75, "sigma": 0.5}
    try:
        evaluate(formula, example)
    except ValueError as fault:
        require(False, key, formula, str(fault).split(": ", 1)[1])


def _check_schema(config: dict | list, schema: dict) -> None:
    for key, value in _leaves(config):
        finite = not isinstance(value, float) or math.isfinite(value)
        require(finite, key, value, "must be a finite number")
    fault = best_match(Validator(schema).iter_errors(config))
    if fault is not None:
        raise ValueError(_one_line(fault))


def _leaves(node: object, key: str = "config") -> Iterator[tuple[str, object]]:
    """Every scalar with its dotted key."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from _leaves(value, f"{key}.{_name(name)}" if key != "config" else _name(name))
    elif isinstance(node, list):
        for position, value in enumerate(node):
            yield from _leaves(value, f"{key}[{position}]")
    else:
        yield key, node


def _key(path: list) -> str:
    parts = [f"[{part}]" if isinstance(part, int) else f".{_name(part)}" for part in path]
    return "".join(parts).removeprefix(".") or "config"


def _name(key: object) -> str:
    """A key as it stands, or quoted if that would not do in a line."""
    text = str(key)
    return text if text.strip() and text.isprintable() else repr(key)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _one_line(fault: ValidationError) -> str:
    key, value = _key(list(fault.absolute_path)), fault.instance
    if fault.validator == "additionalProperties":
        known = fault.schema.get("properties", {})
        unknown = sorted(set(value) - set(known), key=str)[0]
        prefix = "" if key == "config" else f"{key}."
        known = f"unknown key; known are {', '.join(known)}"
        return f"{prefix}{_name(unknown)} = {_shown(value[unknown])}: {known}"
    if fault.validator == "required":
        missing = next(name for name in fault.validator_value if name not in value)
        return f"{key}.{missing} = None: missing"
    reason = fault.schema.get("reason") or fault.message.split("\n")[0]
    return f"{key} = {_shown(value)}: {reason}"


def _fill(node: object, schema: dict, root: dict) -> None:
    """Insert defaults below ``node``, in place, following references and patterns of the schema.

    What has a reference and properties of its own, a study, has only these of those referred to.
    """
    own = schema.get("properties")
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    if isinstance(node, dict):
        for name, sub in schema.get("properties", {}).items():
            if name not in node and "default" in sub and name in (own or schema["properties"]):
                node[name] = copy.deepcopy(sub["default"])
        for name, value in node.items():
            sub = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            if isinstance(sub, dict):
                _fill(value, sub, root)


def _check_across_keys(config: dict) -> None:
    """What a schema cannot say: relations between keys."""
    names = [*config["sweeps"], *config["trajectories"], *config["studies"]]
    for name in COMPARISONS:
        require(name not in names, name, names, "the name of another figure")
    require(len(set(names)) == len(names), "trajectories", names, "two figures have the same name")
    for kind in ("sweeps", "trajectories"):
        for name, one in config[kind].items():
            low, high = one["fit"]["window"]
            key = f"{kind}.{name}.fit.window"
            require(low < high, key, [low, high], "the lower end must lie below the upper end")
            _check_problems(f"{kind}.{name}.problems", one["problems"])
    for name, sweep in config["sweeps"].items():
        _check_sweep(f"sweeps.{name}", sweep)
    for name, one in config["trajectories"].items():
        _check_trajectory(f"trajectories.{name}", one)
    _check_studies(config)


def _check_studies(config: dict) -> None:
    for name, one in config["studies"].items():
        _check_study(f"studies.{name}", one, config["sweeps"])
    extinction = config["extinction"]
    for number, setting in enumerate(config["mean_field"]["settings"]):
        _check_step(f"mean_field.settings[{number}].step_size", setting, setting["step_size"])
    for number, eta in enumerate(extinction["step_sizes"]):
        _check_step(f"extinction.step_sizes[{number}]", extinction, eta)
    _check_followed("extinction", extinction)


def _check_study(key: str, one: dict, sweeps: dict) -> None:
    sweep = one.get("sweep")
    require(sweep is None or sweep in sweeps, f"{key}.sweep", sweep, "no sweep has that name")
    _check_problems(f"{key}.problems", one.get("problems", []))
    if "window" in one:
        samples = one.get("samples") or sweeps.get(sweep, {}).get("samples", [])
        reason = "must begin at 3 or later, as T / log2 T falls before"
        require(one["window"][0] >= 3, f"{key}.window", one["window"], reason)
        _check_window(f"{key}.window", one["window"], samples, "samples")
    if "grid" in one:
        _check_grid(f"{key}.grid", one["grid"])
    if "decades" in one:
        _check_decades(f"{key}.decades", one["decades"])
    for number, name in enumerate(one.get("schedules", [])):
        _check_schedule(f"{key}.schedules[{number}]", name)
    if "growth" in one:
        _check_problems(f"{key}.growth.problems", one["growth"]["problems"])
        _check_trajectory(f"{key}.growth", one["growth"])
    if "survival" in one:
        _check_survival(f"{key}.survival", one["survival"])
    if "escape" in one:
        _check_depth(key, one)
    if "landmarks" in one:
        _check_rows(key, one)
    _check_counts(key, one)


def _check_counts(key: str, one: dict) -> None:
    """Of a sparse target's coordinates, and of random matrices."""
    if "sparsity" in one:
        sparsity, dimension = one["sparsity"], one["dimension"]
        reason = f"the target has only {dimension} coordinates"
        require(sparsity <= dimension, f"{key}.sparsity", sparsity, reason)
    if "draws" in one:
        rest = one["replicates"] - one["pilots"]
        reason = f"a matrix needs a replicate of its own, and {rest} are no pilots"
        require(one["draws"] <= rest, f"{key}.draws", one["draws"], reason)


def _check_rows(key: str, one: dict) -> None:
    """Of real data: enough rows for the features, and steps below the stability edge."""
    size, last = one["model_size"], one["fractions"][-1]
    spanned = f"the landmarks span only {one['landmarks']} features"
    require(size <= one["landmarks"], f"{key}.model_size", size, spanned)
    require(size % 2 == 0, f"{key}.model_size", size, "must be even, for the rotated basis")
    for name in ("estimation", "held_out"):
        reason = f"{size} features need at least two rows each"
        require(one[name] >= 2 * size, f"{key}.{name}", one[name], reason)
    require(last < 1, f"{key}.fractions", last, "must lie below the stability edge, at 1")


def _check_grid(key: str, grid: dict) -> None:
    problems = grid.get("problems", [])
    _check_problems(f"{key}.problems", problems)
    _check_decades(f"{key}.decades", grid["decades"])
    for number, problem in enumerate(problems):
        value, place = problem.get("replicates"), f"{key}.problems[{number}].replicates"
        require(value is None, place, value, "the theory has none")
    sizes = decades(*grid["decades"], grid["per_decade"])
    reason = f"gives {len(sizes)} sample sizes, an exponent with a range needs 3"
    require(len(sizes) >= 3, f"{key}.per_decade", grid["per_decade"], reason)
    cells = len(grid_cells(grid))
    require(grid["jobs"] <= cells, f"{key}.jobs", grid["jobs"], f"there are {cells} cells to share")


def _check_decades(key: str, ends: list[int]) -> None:
    require(ends[0] < ends[1], key, ends, "the first power of ten must lie below the second")


def _check_schedule(key: str, name: str) -> None:
    try:
        proper = named(name).name
    except ValueError as fault:
        raise ValueError(f"{key} = {name!r}: {str(fault).split(': ', 1)[1]}") from None
    require(proper == name, key, name, f"write it {proper}")


def _check_survival(key: str, one: dict) -> None:
    reason = "must lie below beta, or it is not the last coordinates that die out"
    require(one["alpha"] < one["beta"], f"{key}.alpha", one["alpha"], reason)
    for sigma in one["sigmas"]:
        _check_step(f"{key}.step_size", one | {"sigma": sigma}, one["step_size"])


def _check_depth(key: str, one: dict) -> None:
    low, high = one["decades"]
    reason = "the theory's exponent is that over three powers of ten"
    require(high - low >= 3, f"{key}.decades", [low, high], reason)
    escape, place = one["escape"], f"{key}.escape.step_size"
    problem = PowerLaw(escape["alpha"], escape["beta"])
    for depth in one["depths"]:
        eta, size = escape["step_size"] / depth, escape["model_size"]
        require_stable(place, problem, size, eta, name_of(depth))


def _check_step(key: str, setting: dict, eta: float) -> None:
    problem = PowerLaw(setting["alpha"], setting["beta"], setting["sigma"])
    require_stable(key, problem, setting["model_size"], eta, "quadratic")


def _check_followed(key: str, one: dict) -> None:
    coordinates, size = one["coordinates"], one["model_size"]
    require(coordinates <= size, f"{key}.coordinates", coordinates, f"the model has only {size}")


def _check_problems(key: str, problems: list[dict]) -> None:
    pairs = [(one["alpha"], one["beta"]) for one in problems]
    twice = sorted({pair for pair in pairs if pairs.count(pair) > 1})
    require(not twice, key, twice, "the same problem is listed twice")


def _check_sweep(key: str, sweep: dict) -> None:
    fewest = min(one.get("replicates", sweep["replicates"]) for one in sweep["problems"])
    rest = fewest - sweep["pilots"]
    require(rest >= 2, f"{key}.pilots", sweep["pilots"], "at least two replicates must remain")
    _check_axis(key, sweep)
    for problem in sweep["problems"]:
        sizes = model_sizes(sweep | problem | {"samples": max(sweep["samples"])})
        reason = f"D(T) of {problem} asks for a model of {max(sizes)} coordinates, beyond 10^6"
        require(max(sizes) <= 1e6, f"{key}.size_factor", sweep["size_factor"], reason)
    if sweep["fit"]["quantity"] == "ratio_exponent":
        models = sorted(sweep["step_constants"])
        require(len(models) == 2, f"{key}.step_constants", models, "a ratio needs both models")


def _check_axis(key: str, sweep: dict) -> None:
    """The fitted variable: enough values of it in the window, and one value of the other."""
    sizes, (low, high) = sweep["model_sizes"], sweep["fit"]["window"]
    if sweep["fit"]["quantity"] == "model_exponent":
        require(sizes is not None, f"{key}.model_sizes", None, "a fit against M needs model sizes")
        axis, values = "model_sizes", sizes
    else:
        reason = "a fit against T needs one model size for each T"
        require(sizes is None or len(sizes) == 1, f"{key}.model_sizes", sizes, reason)
        reason = "must begin at 3 or later, as T / log2 T falls before"
        require(low >= 3, f"{key}.fit.window", [low, high], reason)
        axis, values = "samples", sweep["samples"]
    _check_window(f"{key}.fit.window", [low, high], values, axis)


def _check_window(key: str, window: list, values: list, axis: str) -> None:
    inside = sum(window[0] <= x <= window[1] for x in values)
    reason = f"holds {inside} of the {axis}, a slope with an error needs 3"
    require(inside >= 3, key, window, reason)


def _check_trajectory(key: str, one: dict) -> None:
    _check_followed(key, one)
    followed = log_spaced(one["model_size"], one["coordinates"])[1:]
    _check_window(f"{key}.fit.window", one["fit"]["window"], followed, "coordinates")
