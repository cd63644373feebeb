"""Rows and labels of a user's own, checked: as dense arrays of finite numbers, in safe units."""

import math

import numpy as np
import pandas as pd
import scipy
from pandas.api.types import is_bool_dtype, is_complex_dtype, is_numeric_dtype

from quadlaw.base.checks import require

LEAST = 8  # indices that a power law is read from
REAL = "must be real numbers"
HUGE = 1e100  # squares of larger numbers would overflow


def checked_rows(key: str, rows: np.ndarray, columns: int | None = None) -> np.ndarray:
    """Centred rows of finite numbers, two or more a column."""
    rows = _numbers(key, rows)
    require(rows.ndim == 2, f"{key}.shape", rows.shape, "must be (rows, columns)")
    same = columns is None or rows.shape[1] == columns
    require(same, f"{key}.shape", rows.shape, f"x has {columns} columns")
    wide = rows.shape[1] >= LEAST
    require(wide, f"{key}.shape", rows.shape, f"a power law needs at least {LEAST} columns")
    enough = rows.shape[0] >= 2 * rows.shape[1]
    require(enough, f"{key}.shape", rows.shape, "needs at least two rows a column")
    return rows - rows.mean(axis=0)


def checked_labels(y: np.ndarray, rows: int) -> np.ndarray:
    """Centred labels, one a row, not all equal."""
    y = _numbers("y", y)
    require(y.shape == (rows,), "y.shape", y.shape, f"must be ({rows},), a label for each row of x")
    require(np.ptp(y) > 0, "y", float(y[0]), "all labels are equal")
    return y - y.mean()


def _numbers(key: str, values: object) -> np.ndarray:
    """Finite numbers as a dense array of floats; what is missing, masked or sparse is refused."""
    dense = not scipy.sparse.issparse(values)
    require(dense, key, type(values).__name__, f"is sparse: give {key}.toarray()")
    if isinstance(values, pd.DataFrame | pd.Series):
        _require_numeric(key, values)
        values = values.to_numpy(dtype=float, na_value=np.nan)
    try:
        values = np.ma.asarray(values)  # which keeps the masks of rows in a list, too
    except ValueError:  # rows of different lengths
        require(False, key, type(values).__name__, "must be an array of numbers")
    for place in np.argwhere(np.ma.getmaskarray(values))[:1]:
        leave = "leave out the rows that have masked values, or fill them"
        require(False, _place(key, place), np.ma.masked, leave)
    values = np.ma.getdata(values, subok=False)
    require(values.dtype.kind in "fiub", f"{key}.dtype", str(values.dtype), REAL)
    values = values.astype(float)
    for place in np.argwhere(~(np.abs(values) < HUGE))[:1]:
        number = float(values[tuple(place)])
        require(False, _place(key, place), number, f"must be finite, and below {HUGE:g}")
    return values


def _place(key: str, index: np.ndarray) -> str:
    return f"{key}[{', '.join(map(str, index))}]"


def _require_numeric(key: str, values: pd.DataFrame | pd.Series) -> None:
    """Refuse a column without real numbers; extension dtypes and bools are as good as others."""
    frame = values.to_frame() if isinstance(values, pd.Series) else values
    for name, dtype in frame.dtypes.items():
        real = is_numeric_dtype(dtype) or is_bool_dtype(dtype)
        place = key if frame is not values else f"{key}[{name!r}]"
        require(real and not is_complex_dtype(dtype), f"{place}.dtype", str(dtype), REAL)


def require_same(key: str, values: object, x: object, labels: str) -> None:
    """Refuse pandas objects whose rows, or columns, would not meet those of their labels."""
    mine, others = (getattr(one, labels, None) for one in (values, x))
    if isinstance(mine, pd.Index) and isinstance(others, pd.Index):
        reason = f"differs from x.{labels}: align them, or give {key}.to_numpy()"
        require(mine.equals(others), f"{key}.{labels}", list(mine[:3]), reason)


def in_units(key: str, centred: np.ndarray) -> tuple[np.ndarray, float]:
    """In units of about the largest deviation, and that unit: squares stay within floats.

    A power of two, so that nothing is rounded.
    """
    largest = float(np.abs(centred).max())
    small = f"deviations from the mean must exceed {1 / HUGE:g}"
    require(largest == 0 or largest > 1 / HUGE, key, largest, small)
    unit = 2.0 ** math.frexp(largest)[1]
    return centred / unit, unit
