"""One-line refusals: the key, its value and the reason."""

import math
from collections.abc import Iterable
from numbers import Integral, Real


def require(condition: bool, key: str, value: object, reason: str) -> None:
    """Raise ``ValueError("key = value: reason")`` unless ``condition`` holds."""
    if not condition:
        raise ValueError(f"{key} = {value!r}: {reason}")


def real(key: str, value: object, *, above: float, reason: str) -> float:
    """Return ``value`` as a float; refuse what is not a finite number greater than ``above``."""
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    require(is_number, key, value, "must be a number")
    number = float(value)
    require(math.isfinite(number), key, value, "must be finite")
    require(number > above, key, value, reason)
    return number


def count(key: str, value: object, *, least: int = 1) -> int:
    """Return ``value`` as an int; refuse what is not a whole number of at least ``least``."""
    whole = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    whole = whole and (isinstance(value, Integral) or float(value).is_integer())
    require(whole, key, value, "must be a whole number")
    require(value >= least, key, value, f"must be at least {least}")
    return int(value)


def several(key: str, values: object) -> list:
    """Return a scalar as a list of one, an iterable as a list; refuse an empty or repeating one."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        return [values]
    values = list(values)
    require(len(values) > 0, key, values, "must hold at least one value")
    require(len(set(values)) == len(values), key, values, "must not hold a value twice")
    return values
