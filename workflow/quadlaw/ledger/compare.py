"""The numbers of a run beside those of another, as of two kinds of processor.

A row of the ledger that differs is, of the three numbers :data:`NUMBERS`,

* *within rounding*: all three are nearer than :data:`ROUNDING`;
* *within the interval*: its estimate is simulated, and lies in the known interval;
* *beyond*: anything else. A number of the theory has no sampling error that would excuse it.
"""

import numpy as np
import pandas as pd

from quadlaw.base.checks import require
from quadlaw.ledger.claims import SIMULATION, by_row, changed, checked_verdicts

NUMBERS = ["estimate", "ci_low", "ci_high"]
# Absolute, as the ledger's numbers are exponents, logarithms of ratios, and shares: by so much may
# they move if sums in single precision are taken in another order (docs/report.md).
ROUNDING = 1e-3
ROUNDED, WITHIN, BEYOND = KINDS = "within rounding", "within the interval", "beyond"


def differences(found: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """The rows that both ledgers have, where their numbers are not the same.

    Parameters
    ----------
    found : DataFrame
        A ledger, as of :func:`quadlaw.ledger.claims.ledger`.
    known : DataFrame
        Another one, or its columns that tell rows apart, ``verdict`` and ``NUMBERS``.

    Returns
    -------
    DataFrame
        ``how``, one of ``KINDS``; ``by``, the largest of the three differences; ``known`` and
        ``found``, the estimates. The worst kind is first, and in it the largest difference.

    Raises
    ------
    ValueError
        ``columns = names: reason`` if one of them lacks a column.
    """
    for table, needed in ((known, NUMBERS), (found, [*NUMBERS, "kind"])):
        checked_verdicts(table)
        for column in needed:
            require(column in table, "columns", list(table), f"{column} is missing")
    mine = by_row(found)[[*NUMBERS, "kind"]].add_suffix(" found")
    # Inner: a row that one of them lacks is a verdict that differs.
    both = by_row(known)[NUMBERS].join(mine, how="inner")
    old, new = both[NUMBERS], both[[f"{name} found" for name in NUMBERS]].set_axis(NUMBERS, axis=1)
    far = (new - old).abs().fillna(np.inf).mask((new == old) | (new.isna() & old.isna()), 0.0)
    near = (far < ROUNDING).all(axis=1)
    low, high = old["ci_low"] - ROUNDING, old["ci_high"] + ROUNDING
    inside = new["estimate"].between(low, high) & (both["kind found"] == SIMULATION)
    how = pd.Categorical(np.select([near, inside], KINDS[:2], BEYOND), KINDS[::-1])
    table = pd.DataFrame(
        {"how": how, "by": far.max(axis=1), "known": old["estimate"], "found": new["estimate"]}
    )
    return table[table["by"] > 0].sort_values(["how", "by"], ascending=[True, False])


def compared(found: pd.DataFrame, known: pd.DataFrame) -> tuple[list[str], bool]:
    """Lines for a reader, one a row that differs and a summary, and whether the two agree.

    They do if every verdict is the known one and no number is beyond. Arguments and errors are
    those of :func:`differences`.
    """
    table, verdicts = differences(found, known), changed(found, known)
    lines = [f"verdict: {line}" for line in verdicts]
    lines += [
        f"{row.how}: {', '.join(key)}: {row.known:g} -> {row.found:g}, by {row.by:.2g}"
        for key, row in table.iterrows()
    ]
    counts = table["how"].value_counts()
    kinds = ", ".join(f"{counts[kind]} {kind}" for kind in KINDS)
    lines.append(f"{len(known)} known rows; numbers differ in {len(table)}: {kinds}")
    lines.append(f"verdicts that differ: {len(verdicts)}")
    return lines, not verdicts and not counts[BEYOND]
