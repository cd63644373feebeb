"""Typed settings: what a value may be, what it means, and one line with a reason if it is refused.

Pydantic checks the types and exports their schema, from which the reference of the configuration
is made.
"""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    Strict,
    ValidationError,
    WrapValidator,
    model_validator,
)
from pydantic_core import PydanticCustomError


def refuse(reason: str, key: str = "", value: object = None) -> None:
    """Raise the fault of a value, or of the value under ``key`` within it."""
    context = {"key": key, "value": value} if key else {}
    raise PydanticCustomError("refused", "{reason}", {"reason": reason, **context})


def demand(condition: bool, key: str, value: object, reason: str) -> None:
    """Refuse the value under ``key`` unless ``condition`` holds."""
    if not condition:
        refuse(reason, key, value)


class Settings(BaseModel):
    """A mapping of known keys."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _known(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            refuse("must be a mapping of keys to values")
        for key in sorted(set(values) - set(cls.model_fields), key=str):
            refuse(f"unknown key; known are {', '.join(cls.model_fields)}", key, values[key])
        return values


# --- kinds of types -------------------------------------------------------------------------------


def refusing(reason: str, items: bool = True) -> WrapValidator:
    """Any fault of the value itself is told by the reason; one of an item keeps its own, if
    ``items``.
    """

    def check(value: object, handler: Callable) -> object:
        try:
            return handler(value)
        except ValidationError as fault:
            if items and any(error["loc"] for error in fault.errors(include_url=False)):
                raise
        refuse(reason)

    return WrapValidator(check)


def number(description: str, reason: str, **bounds: float) -> Any:
    """A finite number, kept as it was written; ``bounds`` as of :func:`pydantic.Field`."""
    return Annotated[
        float, Strict(), Field(allow_inf_nan=False, description=description, **bounds),
        WrapValidator(_as_written), refusing(reason),
    ]  # fmt: skip


def _as_written(value: object, handler: Callable) -> object:
    """What passes, unchanged: 3 stays a whole number."""
    handler(value)
    return value


def whole(description: str, reason: str, **bounds: int) -> Any:
    """A whole number; 20.0 and True are none."""
    return Annotated[int, Strict(), Field(description=description, **bounds), refusing(reason)]


def text(description: str, reason: str, pattern: str = ".") -> Any:
    """Text that holds a pattern, by default one character."""
    field = Field(pattern=f"(?s){pattern}", description=description)
    return Annotated[str, Strict(), field, refusing(reason)]


def either(description: str, reason: str, kinds: Any) -> Any:
    """A value of a union of types, any fault of which is told by the reason."""
    return Annotated[kinds, Field(description=description), refusing(reason, items=False)]


def one_of(description: str, reason: str, *values: object) -> Any:
    """One of a few values."""

    def check(value: object, handler: Callable) -> object:
        known = any(type(value) is type(one) and value == one for one in values)
        return handler(value) if known else refuse(reason)

    schema = {"enum": list(values)}
    return Annotated[
        Any, Field(description=description, json_schema_extra=schema), WrapValidator(check)
    ]


def mapping(description: str, reason: str) -> Any:
    """Keys and their values, one at least."""
    return Annotated[dict, Field(min_length=1, description=description), refusing(reason)]


def several(
    item: Any, description: str, reason: str, *, rising: bool = False, holding: object = None,
    least: int = 1, label: Callable = lambda value: value,
) -> Any:  # fmt: skip
    """A list without repetition, of ``least`` items or more; ``holding`` one value at least.

    Items of the same ``label``, which tables call them by, are the same.
    """

    def check(values: list) -> list:
        ordered = not rising or all(x < y for x, y in pairwise(values))
        labels = [label(one) for one in values]
        distinct = all(labels.count(one) == 1 for one in labels)
        held = holding is None or holding in values
        return values if ordered and distinct and held else refuse(reason)

    length = Field(min_length=least, description=description)
    return Annotated[list[item], length, after(check), refusing(reason)]


def after(check: Callable) -> WrapValidator:
    """Check what has passed all other checks."""
    return WrapValidator(lambda value, handler: check(handler(value)))


# --- refusals -------------------------------------------------------------------------------------

LONGEST = 160  # what is shown of a refused value


def one_line(fault: ValidationError, where: str = "") -> str:
    """``key = value: reason`` of the fault that lies least deep."""
    error = min(fault.errors(include_url=False), key=lambda one: len(one["loc"]))
    context, path = error.get("ctx", {}), [part for part in error["loc"] if part is not None]
    value = error["input"]
    if error["type"] == "missing":
        return f"{_dotted([where or 'config', *path])} = None: missing"
    if "key" in context:
        path, value = [*path, context["key"]], context["value"]
    place = _dotted([*([where] if where else []), *path]) or "config"
    reason = context.get("reason") or " ".join(error["msg"].split())
    return f"{place} = {shown(value)}: {reason}"


def _dotted(path: list) -> str:
    parts = [f"[{part}]" if isinstance(part, int) else f".{name_of(part)}" for part in path]
    return "".join(parts).removeprefix(".")


def name_of(key: object) -> str:
    """A key as it stands, or quoted if that would not do in a line."""
    text = str(key)
    return text if text.strip() and text.isprintable() else repr(key)


def shown(value: object) -> str:
    """A value as Python writes it, cut if it is long."""
    text = repr(value.model_dump() if isinstance(value, BaseModel) else value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def require_finite(node: object, key: str = "") -> None:
    """Refuse numbers that are none, wherever they stand, in one line."""
    if isinstance(node, dict):
        for name, value in node.items():
            require_finite(value, f"{key}.{name_of(name)}".removeprefix("."))
    elif isinstance(node, list):
        for place, value in enumerate(node):
            require_finite(value, f"{key}[{place}]")
    elif isinstance(node, float) and not math.isfinite(node):
        raise ValueError(f"{key} = {node!r}: must be a finite number")
