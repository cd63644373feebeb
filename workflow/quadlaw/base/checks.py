"""One-line refusals: the key, its value and the reason."""

import math
from collections.abc import Hashable, Iterable
from numbers import Integral, Real


def require(condition: bool, key: str, value: object, reason: str) -> None:
    """Raise ``ValueError("key = value: reason")`` unless ``condition`` holds."""
    if not condition:
        raise ValueError(f"{key} = {value!r}: {reason}")


def real(key: str, value: object, *, above: float, reason: str) -> float:
    """Return ``value`` as a float; refuse what is not a finite number greater than ``above``."""
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    require(is_number, key, value, "must be a number")
    number = _as_float(value)
    require(math.isfinite(number), key, value, "must be finite")
    require(number > above, key, value, reason)
    return number


def count(key: str, value: object, *, least: int = 1) -> int:
    """Return ``value`` as an int; refuse what is not a whole number of at least ``least``."""
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    whole = isinstance(value, Integral) or (is_number and float(value).is_integer())
    require(is_number and whole, key, value, "must be a whole number")
    require(math.isfinite(_as_float(value)), key, value, "must be finite")
    require(value >= least, key, value, f"must be at least {least}")
    return int(value)


def _as_float(value: Real) -> float:
    """Infinite where it has too many digits."""
    try:
        return float(value)
    except OverflowError:
        return math.inf


def several(key: str, values: object) -> list:
    """Return a scalar as a list of one, an iterable as a list; refuse an empty or repeating one."""
    if getattr(values, "ndim", None) == 0:  # a number of NumPy's
        return [values[()]]
    if isinstance(values, str) or not isinstance(values, Iterable):
        return [values]
    values = list(values)
    require(len(values) > 0, key, values, "must hold at least one value")
    require(
        all(isinstance(one, Hashable) for one in values),
        key,
        values,
        "must hold single values, and no lists",
    )
    require(len(set(values)) == len(values), key, values, "must not hold a value twice")
    return values
