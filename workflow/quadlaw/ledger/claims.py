"""The ledger: claims stated beforehand, held against what the run measured.

A claim names rows of a figure's table of estimates, a formula for what they should be, a tolerance
and, where there is one, a rival formula that the data must exclude. Its verdict follows from the
numbers alone.
"""

import math
from contextlib import suppress
from numbers import Real

import numpy as np
import pandas as pd
from scipy.special import stdtrit
from simpleeval import InvalidExpression, SimpleEval

from quadlaw.base.checks import require
from quadlaw.theory.rates import depth_of, limiting_clock

REPRODUCED, FAILED, OPEN = "reproduced", "not reproduced", "inconclusive"
COLUMNS = [
    "claim", "statement", "model", "alpha", "beta", "quantity", "predicted", "estimate", "ci_low",
    "ci_high", "tolerance", "verdict", "figure", "rival", "kind", "setting", "against", "theory",
    "start_low", "start_high", "step_low", "step_high", "method", "expected", "undecidable",
]  # fmt: skip
IDENTITY = ["claim", "model", "alpha", "beta", "setting", "against"]  # what tells rows apart
CARRIED = COLUMNS[COLUMNS.index("setting") : COLUMNS.index("expected")]
THEORY, SIMULATION = "theory", "simulation"
LIMITING = {"against": "limiting"}  # rows against the variable of their own limiting term
THIRD = 3  # a claim without a tolerance has a third of the distance to its rival
FUNCTIONS = {"max": max, "min": min, "abs": abs, "log": math.log, "log10": math.log10}
FAULTS = (InvalidExpression, SyntaxError, TypeError, ValueError, ArithmeticError, LookupError)


def evaluate(formula: str | float, row: dict) -> float:
    """A formula of ``model, alpha, beta, sigma`` and ``max, min, abs, log, log10``, at a row.

    Where the model is a diagonal network, ``depth`` is its depth.

    Raises
    ------
    ValueError
        If it is no such formula.
    """
    names = {key: row[key] for key in ("model", "alpha", "beta", "sigma")}
    with suppress(ValueError):  # no such model
        names["depth"] = depth_of(row["model"])
    try:
        with np.errstate(all="ignore"):  # what comes of it is refused
            value = SimpleEval(functions=FUNCTIONS, names=names).eval(str(formula))
    except FAULTS as fault:
        raise ValueError(f"formula = {formula!r}: {fault}") from None
    real = isinstance(value, Real) and np.isfinite(value)
    require(real, "formula", formula, f"{value!r} is no real number")
    return value


def is_own(one: dict) -> bool:
    """Whether a claim or a statement is this project's own, and not the paper's."""
    return one["paper"].split(";")[0].strip() == "own"


def of_studies(claims: list[dict], studies: list[str]) -> list[dict]:
    """The claims that these studies test; a study that is left out takes its claims with it."""
    return [claim for claim in claims if claim["figure"] in studies]


def verdict(
    predicted: float,
    low: float,
    high: float,
    tolerance: float,
    rival: float | None = None,
    at_most: bool = False,
) -> str:
    """What the interval ``[low, high]`` says of ``predicted`` within ``tolerance``.

    * *reproduced*: the interval lies in the band and does not hold the rival, if there is one;
    * *not reproduced*: the interval and the band have no point in common;
    * *inconclusive*: anything else, a missing number among it.

    If ``predicted`` is what the number is ``at_most``, the band has no lower end.
    """
    numbers = [predicted, low, high]
    if not np.isfinite(numbers).all():
        return OPEN
    bottom, top = -np.inf if at_most else predicted - tolerance, predicted + tolerance
    if low > top or high < bottom:
        return FAILED
    inside = bottom <= low and high <= top
    excluded = rival is None or not low <= rival <= high
    return REPRODUCED if inside and excluded else OPEN


def chosen(claim: dict, estimates: pd.DataFrame) -> pd.DataFrame:
    """The rows of estimates that a claim speaks of, most ``alpha - beta`` first.

    None if the run's problems are of another kind, as with ``alpha > beta`` alone.
    """
    wanted = {"quantity": claim["quantity"]} | claim.get("rows", {})
    rows = estimates
    for key, value in wanted.items():
        limiting = {key: value} == LIMITING
        rows = rows[_is_limiting(rows) if limiting else rows[key].isin(np.atleast_1d(value))]
    if "only" in claim and len(rows):
        keep = [bool(evaluate(claim["only"], row)) for row in rows.to_dict("records")]
        rows = rows[keep]
    order = (rows["beta"] - rows["alpha"]).to_numpy()
    return rows.iloc[np.argsort(order, kind="stable")]


def _is_limiting(rows: pd.DataFrame) -> list[bool]:
    keys = rows[["model", "alpha", "beta"]].itertuples(index=False, name=None)
    return [own == limiting_clock(*key) for own, key in zip(rows["against"], keys, strict=True)]


def judged(claim: dict, estimates: pd.DataFrame, tests: int = 1) -> list[dict]:
    """The ledger's rows of one claim, with intervals that are one of ``tests``."""
    return [_judged(claim, row, tests) for row in chosen(claim, estimates).to_dict("records")]


def _judged(claim: dict, row: dict, tests: int) -> dict:
    """``expected`` is the verdict of the same interval about the theory's number at these sizes."""
    predicted = evaluate(claim["prediction"], row)
    rival = evaluate(claim["rival"], row) if "rival" in claim else None
    tolerance = claim["tolerance"] if "tolerance" in claim else abs(predicted - rival) / THIRD
    widen = simultaneous(tests, row.get("replicates", np.nan))
    below, above = row["estimate"] - row["ci_low"], row["ci_high"] - row["estimate"]

    def found(number):
        ends = number - widen * below, number + widen * above
        return verdict(predicted, *ends, tolerance, rival, claim.get("at_most", False))

    kept = ("model", "alpha", "beta", "quantity", "estimate", "ci_low", "ci_high", *CARRIED)
    return {key: row.get(key, np.nan) for key in kept} | {
        "claim": claim["id"],
        "statement": " ".join(claim["statement"].split()),
        "predicted": predicted,
        "rival": np.nan if rival is None else rival,
        "tolerance": tolerance,
        "kind": kind(row),
        "verdict": found(row["estimate"]),
        "expected": found(row["theory"]) if np.isfinite(row["theory"]) else "",
        "figure": claim["figure"],
        "undecidable": why_undecidable(claim, row),
    }


def kind(row: dict) -> str:
    """``THEORY`` for a number of the theory alone, which is its own prediction.

    Its "interval" is a range. Simulated numbers may be equal to the theory's, as shares are; those
    say their ``method``.
    """
    alone = row["estimate"] == row["theory"] and pd.isna(row.get("method", np.nan))
    return THEORY if alone else SIMULATION


def why_undecidable(claim: dict, row: dict) -> str:
    """The reason that a claim gives why no size here could decide a row; empty if it has none."""
    for one in claim.get("undecidable", []):
        labels = {key: np.atleast_1d(value) for key, value in one.items() if key != "reason"}
        if all(row[key] in values for key, values in labels.items()):
            return one["reason"]
    return ""


def ledger(claims: list[dict], estimates: dict[str, pd.DataFrame], tests: int = 1) -> pd.DataFrame:
    """All claims against the estimates of their figures, by the figure's name.

    Columns: ``COLUMNS``. A claim has a row for each setting at which it was tested, which may be
    none (:func:`with_rows`). Verdicts are of intervals that hold at once if there are several
    ``tests`` (:func:`simultaneous`).
    """
    rows = [row for claim in claims for row in judged(claim, estimates[claim["figure"]], tests)]
    return pd.DataFrame(rows, columns=COLUMNS)


def with_rows(claims: list[dict], table: pd.DataFrame) -> list[dict]:
    """The claims that the ledger ``table`` has a row of: those that the run tested."""
    return [claim for claim in claims if claim["id"] in set(table["claim"])]


def simultaneous(tests: int, replicates: float = np.nan, level: float = 0.95) -> float:
    """How much wider an interval must be for all of ``tests`` to hold at once (Bonferroni).

    The ratio of two quantiles of the law that the interval is made of
    (:func:`quadlaw.fit.fitting.expanded_level`): Student's with ``replicates - 1`` degrees of
    freedom, the normal one if their number is not said.
    """
    freedom = replicates - 1 if np.isfinite(replicates) else np.inf
    outside = (1 - level) / 2
    return float(stdtrit(freedom, 1 - outside / max(1, tests)) / stdtrit(freedom, 1 - outside))


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """One row a claim: how many of its settings have each verdict."""
    counts = pd.crosstab(table["claim"], table["verdict"])
    counts = counts.reindex(columns=[REPRODUCED, OPEN, FAILED], fill_value=0)
    first = table.groupby("claim")[["statement", "figure"]].first()
    return first.join(counts).loc[table["claim"].unique()].reset_index()


def checked_verdicts(known: pd.DataFrame) -> None:
    """Refuse a table of known verdicts that lacks a column."""
    for column in (*IDENTITY, "verdict"):
        require(column in known, "columns", list(known), f"{column} is missing")


def changed(table: pd.DataFrame, known: pd.DataFrame) -> list[str]:
    """Lines for the rows whose verdict is not the known one, or that only one of them has."""
    old, new = (by_row(one)["verdict"] for one in (known, table))
    both = pd.DataFrame({"old": old, "new": new}).fillna("absent")
    return [
        f"{', '.join(key)}: {row.old} -> {row.new}"
        for key, row in both.iterrows()
        if row.old != row.new
    ]


def by_row(table: pd.DataFrame) -> pd.DataFrame:
    """A ledger whose index is what identifies a row, as text."""
    text = {key: [f"{value:g}" for value in table[key]] for key in ("alpha", "beta")}
    empty = {key: table[key].isna() for key in ("model", "setting", "against")}
    words = {key: table[key].astype(str).mask(none, "") for key, none in empty.items()}
    return table.assign(**text, **words).set_index(IDENTITY)
