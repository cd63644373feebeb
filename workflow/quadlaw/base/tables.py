"""Two things that are done to tables everywhere."""

from collections.abc import Iterable

import numpy as np
import pandas as pd


def select(table: pd.DataFrame, **values) -> pd.DataFrame:
    """The rows whose columns equal ``values``."""
    return table[np.logical_and.reduce([table[key] == value for key, value in values.items()])]


def stacked(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Frames of the same columns under one another."""
    return pd.concat(list(frames), ignore_index=True)
