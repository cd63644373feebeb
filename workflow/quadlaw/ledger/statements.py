"""The paper's statements, each with one verdict that follows from the ledger's rows of its claims.

A row is a setting at which a claim was tested. Of a statement's rows, ``r`` are reproduced, ``i``
inconclusive and ``n`` not reproduced. The first line that holds decides:

* *not held*: ``n > r``, more rows are not reproduced than are;
* *undecided*: ``i >= r + n``, half of the rows or more are inconclusive;
* *held in part*: ``n > 0``, or ``r`` is less than three quarters, or a claim has no reproduced row;
* *held with a caveat*: ``i > 0``, or a caveat is written down;
* *held*: every row is reproduced.

So a single row that is not reproduced keeps a statement from being held. A caveat that is written
down weakens *held*, and changes no other verdict. The counts stand beside the verdict.
"""

import pandas as pd

from quadlaw.ledger.claims import FAILED, OPEN, REPRODUCED, THEORY

HELD, CAVEAT, PART = "held", "held with a caveat", "held in part"
UNDECIDED, NOT_HELD = "undecided", "not held"
VERDICTS = [HELD, CAVEAT, PART, UNDECIDED, NOT_HELD]
COUNTS = [REPRODUCED, OPEN, FAILED]
COLUMNS = ["id", "statement", "paper", "verdict", *COUNTS, "by theory", "caveat", "claims"]


def verdict(claims: list[tuple[int, int, int]], caveat: bool = False) -> str:
    """What the rows of a statement's claims say of it.

    Parameters
    ----------
    claims : list of tuple
        Of each claim, how many rows are reproduced, inconclusive and not reproduced.
    caveat : bool, optional
        Whether one is written down.
    """
    reproduced, inconclusive, failed = (sum(counts) for counts in zip(*claims, strict=True))
    if failed > reproduced:
        return NOT_HELD
    if inconclusive >= reproduced + failed:  # true of no rows at all
        return UNDECIDED
    silent = any(one[0] == 0 for one in claims)
    if failed or silent or 4 * reproduced < 3 * (reproduced + inconclusive):
        return PART
    return CAVEAT if inconclusive or caveat else HELD


def of_claims(statements: list[dict], claims: list[dict]) -> list[dict]:
    """The statements that these claims test, each with those of its claims that are among them."""
    known, kept = {claim["id"] for claim in claims}, []
    for one in statements:
        tested = [name for name in one["claims"] if name in known]
        kept += [one | {"claims": tested}] if tested else []
    return kept


def statements_table(statements: list[dict], ledger: pd.DataFrame) -> pd.DataFrame:
    """One row a statement: its verdict, and the rows of the ledger that it follows from.

    Columns: ``COLUMNS``. ``by theory`` is how many of the rows are of the theory alone; ``claims``
    are ids with commas between. A claim that the ledger lacks has no rows. The index counts the
    statements from 1.
    """
    counts = pd.crosstab(ledger["claim"], ledger["verdict"])
    rows = [_row(one, ledger, counts.reindex(columns=COUNTS)) for one in statements]
    return pd.DataFrame(rows, range(1, len(rows) + 1), COLUMNS)


def _row(statement: dict, ledger: pd.DataFrame, counts: pd.DataFrame) -> dict:
    of_claims = counts.reindex(statement["claims"]).fillna(0).astype(int)
    mine = ledger["claim"].isin(statement["claims"])
    caveat = statement.get("caveat", "")
    return {key: statement[key] for key in ("id", "statement", "paper")} | {
        **of_claims.sum(),
        "verdict": verdict(list(of_claims.itertuples(index=False)), bool(caveat)),
        "by theory": (mine & (ledger["kind"] == THEORY)).sum(),
        "caveat": caveat,
        "claims": ", ".join(statement["claims"]),
    }
