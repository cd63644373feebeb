"""How many of the ledger's rows came out how, and how many hang on other things."""

import pandas as pd

from quadlaw.ledger.claims import FAILED, OPEN, SIMULATION, THEORY, ledger, with_rows
from quadlaw.ledger.statements import COUNTS


def tally(rows: pd.DataFrame) -> dict:
    """How many of the ledger's rows there are, ``all``, and how many have each verdict."""
    return {"all": len(rows)} | {name: int((rows["verdict"] == name).sum()) for name in COUNTS}


def totals(claims: list[dict], tables: dict[str, pd.DataFrame], table: pd.DataFrame) -> dict:
    """Verdicts by kind of row, and how many hang on earlier numbers, many tests or the theory.

    ``comparable`` rows are simulated, and the theory has a number at the same sizes.

    Parameters
    ----------
    claims : list of dict
        Those of the ledger; others do not count.
    tables : dict of DataFrame
        Estimates, by study.
    table : DataFrame
        The ledger's rows, of :func:`quadlaw.ledger.claims.ledger`, or as read from a file.
    """
    known = [one["id"] for one in claims if one.get("known")]
    simulated = table[table["kind"] == SIMULATION]
    at_once = ledger(with_rows(claims, table), tables, max(1, len(simulated)))["verdict"].to_numpy()
    return {
        "simulated": tally(simulated),
        "theory": tally(table[table["kind"] == THEORY]),
        "known": tally(table[table["claim"].isin(known)]),
        "moved_if_at_once": int((simulated["verdict"] != at_once[simulated.index]).sum()),
    } | _beside_theory(simulated)


def _beside_theory(simulated: pd.DataFrame) -> dict:
    rows = simulated[simulated["expected"].fillna("") != ""]
    inside = rows["theory"].between(rows["ci_low"], rows["ci_high"])
    failed, undecided = (rows[rows["verdict"] == name] for name in (FAILED, OPEN))
    return {
        "comparable": len(rows),
        "hold_the_theory": int(inside.sum()),
        "comparable_failed": len(failed),
        "failed_by_theory_too": int((failed["expected"] == FAILED).sum()),
        "comparable_open": len(undecided),
        "open_by_theory_too": int((undecided["expected"] == OPEN).sum()),
    }
