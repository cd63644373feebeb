"""A user's table of runs, checked: model size, samples and loss, or the loss and one of the two."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from quadlaw.base.checks import require
from quadlaw.fit.laws import FORMS, Form
from quadlaw.fit.robust import Points

DISTINCT = 3  # values of a column, as a floor, a scale and an exponent need
THIN = 0.02  # share of a column's spread off a line, below which runs lie on it
ISOFLOP = 0.05  # from a slope of -1
ROLES = ("model_size", "samples", "loss")


class Runs(NamedTuple):
    """The columns by role, with the user's names of them and of the rows."""

    values: pd.DataFrame
    names: dict[str, str]

    @property
    def roles(self) -> list[str]:
        """All but the loss."""
        return [role for role in ROLES[:2] if role in self.values]

    def points(self) -> tuple[Points, np.ndarray]:
        """Logarithms less their means, and these means, the loss last."""
        logs = np.log(self.values[[*self.roles, "loss"]].to_numpy().T)
        centres = logs.mean(axis=1)
        logs = logs - centres[:, None]
        return Points(logs[:-1], logs[-1]), centres

    def split(self, share: float) -> tuple["Runs", "Runs"]:
        """All but the largest runs, and these: by compute, or by the one column."""
        size = np.log(self.values[self.roles]).sum(axis=1)
        large = (size.rank(method="first") > (1 - share) * len(size)).to_numpy()
        return self._replace(values=self.values[~large]), self._replace(values=self.values[large])


def read_file(path: str) -> pd.DataFrame:
    """A ``.csv`` or ``.parquet`` file, with text as it stands; rows are counted from 0.

    Raises
    ------
    ValueError
        ``runs = path: reason``, for a file that is missing or is no table.
    """
    kind = Path(path).suffix
    require(kind in (".csv", ".parquet"), "runs", path, "must end in .csv or .parquet")
    require(Path(path).is_file(), "runs", path, "there is no such file")
    try:
        if kind == ".parquet":
            return pd.read_parquet(path).reset_index(drop=True)
        return pd.read_csv(path, keep_default_na=False, skipinitialspace=True)
    except ValueError as fault:  # also of text in an unknown encoding
        require(False, "runs", path, f"cannot be read: {str(fault).splitlines()[0]}")


def checked_runs(
    table: pd.DataFrame | Mapping,
    model_size: str | None = None,
    samples: str | None = None,
    loss: str | None = None,
) -> Runs:
    """The runs of a table; see :func:`quadlaw.fit.law_fit.fit_law`."""
    table = pd.DataFrame(table)
    names = _names(table, dict(zip(ROLES, (model_size, samples, loss), strict=True)))
    columns = {role: _numbers(table, name) for role, name in names.items()}
    return Runs(pd.DataFrame(columns, index=table.index), names)


def _names(table: pd.DataFrame, asked: dict[str, str | None]) -> dict[str, str]:
    """The column of each role: the one asked for, or the one of the role's name, if there is."""
    names = {role: name or role for role, name in asked.items() if name or role in table}
    known = ", ".join(map(str, table.columns))
    for role, name in names.items():
        require(name in table, role, name, f"no such column; there are {known}")
        require(isinstance(table[name], pd.Series), role, name, "is the name of several columns")
    require("loss" in names, "loss", asked["loss"], f"name its column, one of {known}")
    sizes = "name a column of model sizes, of samples, or both"
    require(len(names) > 1, "model_size, samples", None, f"{sizes}, of {known}")
    require(len(set(names.values())) == len(names), "columns", list(names.values()), "one is twice")
    return names


def _numbers(table: pd.DataFrame, name: str) -> pd.Series:
    """Positive numbers, or the first row that has none is refused."""
    values = np.array([_number(value) for value in table[name]])
    for place in np.flatnonzero(~(np.isfinite(values) & (values > 0)))[:1]:
        value, finite = table[name].tolist()[place], np.isfinite(values[place])
        reason = "must be positive: laws are fitted to logarithms"
        missing = "must be a finite number; leave out rows without one"
        require(False, f"{name}[{table.index[place]}]", value, reason if finite else missing)
    return pd.Series(values, table.index, dtype=float)


def _number(value: object) -> float:
    """What a cell spells, or nan."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return np.nan


def require_design(runs: Runs, form: Form) -> None:
    """Refuse runs that leave a parameter of the form open, whatever their losses.

    Raises
    ------
    ValueError
        ``key = value: reason``, for no more points than parameters, a column of fewer than three
        values, and sizes and samples that vary along one line.
    """
    number = len(runs.values)
    few = f"{len(form.names)} parameters need more runs than that"
    require(number > len(form.names), "runs", number, few)
    for role, name in runs.names.items():
        distinct = runs.values[role].nunique()
        if distinct == 1:
            require(False, name, float(runs.values[role].iloc[0]), "is the same in all runs")
        open_ = f"has only that many different values, and a power law needs {DISTINCT}"
        require(distinct >= DISTINCT, name, distinct, open_)
    if form.powers == 2:
        _require_off_a_line(runs)


def _require_off_a_line(runs: Runs) -> None:
    points, _ = runs.points()
    _, spread, (along, _) = np.linalg.svd(points.logs.T, full_matrices=False)
    if spread[1] > THIN * spread[0]:
        return
    size, samples = (runs.names[role] for role in runs.roles)
    slope = along[0] / along[1] if along[1] else np.inf
    isoflop = abs(slope + 1) < ISOFLOP
    which = "one isoFLOP line" if isoflop else f"one line, {size} ~ {samples}^{slope:.3g}"
    reason = f"all runs lie on {which}, which cannot tell the two terms apart: add runs off it"
    require(False, f"{size}, {samples}", len(points.loss), reason)


def form_of(runs: Runs, form: str | None) -> str:
    """The form asked for, by default without the noise term; refused if the columns do not fit."""
    possible = [name for name, one in FORMS.items() if one.powers == len(runs.roles)]
    columns = ", ".join(runs.names.values())
    fits = f"the columns {columns} have {' or '.join(possible)}"
    require(form is None or form in possible, "form", form, fits)
    return form or possible[0]
