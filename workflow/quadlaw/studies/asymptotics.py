"""How fast the power laws set in, by theory: local exponents up to ``T = 10^12``."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from quadlaw.base import typed
from quadlaw.fit.estimates import table
from quadlaw.fit.exponents import theory_row
from quadlaw.studies import settings as keys
from quadlaw.theory.asymptotics import KEYS, local_exponents

SMOKE = {"grid": {"decades": [3, 6], "per_decade": 1}}
REPORT = (
    "7. Theory against simulation",
    "What does the theory say at sample sizes that no simulation reaches?",
)


class Settings(typed.Settings):
    """Local exponents of the theory's risk."""

    grid: keys.OneStartGrid


CLOCKS = {"T": "against_T", "T/log2 T": "against_clock", "T/L": "against_escape"}


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Local exponents at every ``T``; the last ones, of risks and of their ratio; their approach.

    The range of an estimate is that of the last decade. The approach is the last exponent's
    distance from the law, over that at a thousandth of ``T``, or at the least one: beyond 1 it goes
    away.
    """
    curves = local_exponents(tables["tuned"])
    late = curves[curves["samples"] > curves["samples"].max() / 10]
    rows = [*_approaches(curves)]
    for against, column in CLOCKS.items():
        for key, some in late.dropna(subset=column).groupby(KEYS):
            series = dict(zip(KEYS, key, strict=True))
            rows.append(
                _row(series, "local exponent", against, some.sort_values("samples")[column])
            )
        if against == "T/L":  # not the linear model's
            continue
        wide = late.pivot(index=[*KEYS[1:], "samples"], columns="model", values=column)
        gain = (wide["quadratic"] - wide["linear"]).rename("gain").reset_index()
        for key, some in gain.groupby(KEYS[1:]):
            series = dict(zip(KEYS[1:], key, strict=True)) | {"model": "linear/quadratic"}
            values = some.sort_values("samples")["gain"]
            rows.append(_row(series, "local ratio exponent", against, values))
    return curves, table(rows)


def _approaches(curves: pd.DataFrame) -> Iterator[dict]:
    samples = np.unique(curves["samples"])
    before = samples[np.searchsorted(samples, samples[-1] / 1000 * (1 - 1e-6))]
    for against, column in CLOCKS.items():
        distance = curves.assign(distance=(curves[column] - curves["predicted"]).abs())
        wide = distance.pivot(index=KEYS, columns="samples", values="distance")
        left = (wide[samples[-1]] / wide[before]).dropna()
        for key, share in left.items():
            series = dict(zip(KEYS, key, strict=True))
            yield _row(series, "distance left", against, pd.Series([share]))


def _row(series: dict, quantity: str, against: str, values: pd.Series) -> dict:
    """The last of the values with the range of all."""
    found = theory_row(values.iloc[-1], values)
    return series | found | {"quantity": quantity, "against": against}
