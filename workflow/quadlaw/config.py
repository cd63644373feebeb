"""The configuration, checked as a whole before anything runs."""

import copy
import math
from collections.abc import Iterator
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from quadlaw.checks import require

SCHEMA = Path(__file__).parents[1] / "schemas" / "config.schema.yaml"


def checked(config: dict, schema: dict | None = None) -> dict:
    """A copy of ``config`` with defaults filled in.

    Parameters
    ----------
    config : dict
        As read from YAML.
    schema : dict, optional
        By default the workflow's own, ``workflow/schemas/config.schema.yaml``.

    Raises
    ------
    ValueError
        One line, ``key = value: reason``, for the most telling of the faults.
    """
    schema = schema or yaml.safe_load(SCHEMA.read_text())
    config = copy.deepcopy(config)
    for key, value in _leaves(config):
        finite = not isinstance(value, float) or math.isfinite(value)
        require(finite, key, value, "must be a finite number")
    fault = best_match(Draft202012Validator(schema).iter_errors(config))
    if fault is not None:
        raise ValueError(_one_line(fault))
    _fill(config, schema, schema)
    _check_across_keys(config)
    return config


def _leaves(node: object, key: str = "config") -> Iterator[tuple[str, object]]:
    """Every scalar with its dotted key."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from _leaves(value, f"{key}.{name}" if key != "config" else str(name))
    elif isinstance(node, list):
        for position, value in enumerate(node):
            yield from _leaves(value, f"{key}[{position}]")
    else:
        yield key, node


def _key(path: list) -> str:
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in path]
    return "".join(parts).lstrip(".") or "config"


def _one_line(fault: ValidationError) -> str:
    key, value = _key(list(fault.absolute_path)), fault.instance
    if fault.validator == "additionalProperties":
        known = fault.schema.get("properties", {})
        unknown = sorted(set(value) - set(known), key=str)[0]
        prefix = "" if key == "config" else f"{key}."
        return f"{prefix}{unknown} = {value[unknown]!r}: unknown key; known are {', '.join(known)}"
    if fault.validator == "required":
        missing = next(name for name in fault.validator_value if name not in value)
        return f"{key}.{missing} = None: missing"
    reason = fault.schema.get("reason") or fault.message.split("\n")[0]
    return f"{key} = {value!r}: {reason}"


def _fill(node: object, schema: dict, root: dict) -> None:
    """Insert defaults below ``node``, in place, following references and patterns of the schema."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    if isinstance(node, dict):
        for name, sub in schema.get("properties", {}).items():
            if name not in node and "default" in sub:
                node[name] = copy.deepcopy(sub["default"])
        for name, value in node.items():
            sub = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            if isinstance(sub, dict):
                _fill(value, sub, root)


def _check_across_keys(config: dict) -> None:
    """What a schema cannot say: relations between keys."""
    names = [*config["sweeps"], *config["trajectories"]]
    require(len(set(names)) == len(names), "trajectories", names, "a sweep has the same name")
    for kind in ("sweeps", "trajectories"):
        for name, one in config[kind].items():
            low, high = one["fit"]["window"]
            key = f"{kind}.{name}.fit.window"
            require(low < high, key, [low, high], "the lower end must lie below the upper end")
    for name, sweep in config["sweeps"].items():
        _check_sweep(f"sweeps.{name}", sweep)
    for name, one in config["trajectories"].items():
        coordinates, size = one["coordinates"], one["model_size"]
        key = f"trajectories.{name}.coordinates"
        require(coordinates <= size, key, coordinates, f"the model has only {size}")


def _check_sweep(key: str, sweep: dict) -> None:
    fewest = min(one.get("replicates", sweep["replicates"]) for one in sweep["problems"])
    rest = fewest - sweep["pilots"]
    require(rest >= 2, f"{key}.pilots", sweep["pilots"], "at least two replicates must remain")
    axis = "model_sizes" if sweep["fit"]["quantity"] == "model_exponent" else "samples"
    require(sweep[axis] is not None, f"{key}.{axis}", None, "a fit against M needs model sizes")
    low, high = sweep["fit"]["window"]
    inside = sum(low <= x <= high for x in sweep[axis])
    reason = f"holds {inside} of the {axis}, a slope with an error needs 3"
    require(inside >= 3, f"{key}.fit.window", [low, high], reason)
    if sweep["fit"]["quantity"] == "ratio_exponent":
        models = sorted(sweep["step_constants"])
        require(len(models) == 2, f"{key}.step_constants", models, "a ratio needs both models")
