"""The numbers of the replication report: one mapping, ready for JSON, that its template reads.

All come from a run's tables and from constants of the code. The template
(``workflow/report/paper.typ``) holds none. It asks for a number by its claim, or by its study and
quantity.
"""

import json

import pandas as pd

from quadlaw.fit.fitting import MODEL_ERROR, RESAMPLES
from quadlaw.ledger.claims import is_own
from quadlaw.ledger.totals import totals
from quadlaw.studies import study
from quadlaw.studies.sample_scaling import STRONG
from quadlaw.theory.tuning import SAFE

# The studies whose figures the report shows, in its order.
FIGURES = [
    "sample_scaling", "phase_diagram", "phase_transition", "second_phase", "collapse", "leaps",
]  # fmt: skip
# What the report knows of a row of estimates, and of a row of the ledger.
ROW = ["model", "alpha", "beta", "setting", "against", "estimate", "ci_low", "ci_high", "theory"]
MEASURED = [*ROW, "window_low", "window_high"]
JUDGED = [*ROW, "predicted", "rival", "tolerance", "verdict", "expected", "kind"]
CONSTANTS = {
    "safe": SAFE,
    "strong": STRONG,
    "model_error": MODEL_ERROR,
    "resamples": RESAMPLES,
    "level": 0.95,
}


def paper_data(
    claims: list[dict],
    tables: dict[str, pd.DataFrame],
    table: pd.DataFrame,
    statements: pd.DataFrame,
    jobs: pd.DataFrame,
    facts: dict,
) -> dict:
    """All that the report may cite.

    Parameters
    ----------
    claims : list of dict
        Those of the configuration.
    tables : dict of DataFrame
        Estimates of the run's studies, by name.
    table : DataFrame
        The ledger's rows. A claim without any is known all the same.
    statements : DataFrame
        A row a statement, in their order (:mod:`quadlaw.ledger.statements`).
    jobs : DataFrame
        Run times, a row a rule.
    facts : dict
        What the run was made with.

    Returns
    -------
    dict
        ``run``, ``cost``, ``constants``, ``totals``; ``statements``, a list in their order;
        ``claims``, by id; ``estimates``, by study and quantity; ``questions``, by study. A number
        that is missing is None.
    """
    return {
        "run": facts,
        "cost": _cost(jobs),
        "constants": CONSTANTS,
        "totals": totals(claims, tables, table),
        "statements": [
            {"number": number, "own": is_own(row), **row}
            for number, row in enumerate(_records(statements), 1)
        ],
        "claims": {one["id"]: _claim(one, table) for one in claims},
        "estimates": {name: _by_quantity(rows) for name, rows in tables.items()},
        "questions": {name: study(name).report[1] for name in tables},
    }


def _records(frame: pd.DataFrame) -> list[dict]:
    """Rows as they are in JSON, which has neither nan nor infinity."""
    return json.loads(frame.to_json(orient="records", double_precision=15))


def _claim(claim: dict, table: pd.DataFrame) -> dict:
    rows = table.loc[table["claim"] == claim["id"], JUDGED]
    return {"statement": " ".join(claim["statement"].split()), "rows": _records(rows)}


def _by_quantity(estimates: pd.DataFrame) -> dict:
    groups = estimates.groupby("quantity", sort=False)
    return {quantity: _records(rows[MEASURED]) for quantity, rows in groups}


def _cost(jobs: pd.DataFrame) -> dict:
    return {
        "jobs": int(jobs["jobs"].sum()),
        "core_minutes": float(jobs["cpu_seconds"].sum() / 60),
        "peak_memory_mb": float(jobs["peak_memory_mb"].max()),
    }
