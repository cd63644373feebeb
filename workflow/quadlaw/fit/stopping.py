"""How many runs are enough: until medians are known to a half-width that was fixed before."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from scipy.special import stdtrit

MEASURED = ["replicate", "excess_risk", "diverged", "adapted", "learned"]  # in a run
FLOOR = 16  # runs, of which a standard deviation is known to a fifth


def half_width(point: dict) -> float | None:
    """How well the median ``log`` risk of each lane is to be known; None if that is left open."""
    asked = [lane.get("half_width", np.nan) for lane in point["lanes"]]
    return None if np.isnan(asked).all() else float(np.nanmin(asked))


def until_narrow(
    runs: Callable[..., pd.DataFrame], replicates: Sequence[int], half_width: float
) -> pd.DataFrame:
    """``runs(replicates=...)`` of ``FLOOR`` replicates at a time, until all medians are known.

    That is, until the 95 % half-width of every lane's median ``log`` risk is ``half_width`` at
    most, or ``replicates`` are used up. Stopping looks at widths alone, so that intervals still
    hold the truth about as often as they say (Chow and Robbins 1965, Annals of Mathematical
    Statistics 36, 457). Runs that agree in all columns but the measured ones are of one lane.
    ``FLOOR`` runs are the fewest; where one diverged, all ``replicates`` are made.
    """
    found = pd.DataFrame()
    for first in range(0, len(replicates), FLOOR):
        found = pd.concat(
            [found, runs(replicates=replicates[first : first + FLOOR])], ignore_index=True
        )
        if widest(found) <= half_width:
            break
    return found


def widest(runs: pd.DataFrame) -> float:
    """The largest 95 % half-width of a lane's median ``log`` risk; infinite if a run diverged.

    From the standard deviation: of a normal law, the median's error is 1.2533 times the mean's.
    """
    by_lane = [name for name in runs if name not in MEASURED]
    risk = np.log(runs["excess_risk"].where(~runs["diverged"], np.inf))
    deviations = risk.groupby([runs[name] for name in by_lane], dropna=False).std()
    number = runs["replicate"].nunique()
    width = stdtrit(number - 1, 0.975) * 1.2533 * deviations / np.sqrt(number)
    return float(width.fillna(np.inf).max())
