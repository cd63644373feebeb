"""Claims and statements as they are written down: their fields, and what is refused."""

from typing import Annotated, Any

from pydantic import Field, Strict, model_validator

from quadlaw.base import typed
from quadlaw.base.checks import require
from quadlaw.ledger.claims import evaluate, is_own
from quadlaw.ledger.config import validated

ID = "^[a-z][a-z0-9-]*$"
CELL, IN_CELL = "10 to 110", r"^[^|\n]{10,110}$"  # a short sentence
Text, Number = Annotated[str, Strict()], Annotated[float, Strict()]


def words(description: str) -> Any:
    """One text or several."""
    some = Annotated[Text, Field(min_length=1)] | Annotated[list[Text], Field(min_length=1)]
    return typed.either(description, "text, or a list of texts", some)


def formula(description: str) -> Any:
    """A formula or a number."""
    return typed.either(description, "a formula, or a number", Text | Number)


class Rows(typed.Settings):
    """Values of columns of the table of estimates, one or several each."""

    model: words("Models.") = None
    setting: words("Settings.") = None
    against: words("What exponents are against; limiting: the variable of each model's law.") = None


class Undecidable(typed.Settings):
    """Rows of a claim that no size here could decide, by their labels, and why."""

    model: words("Models.") = None
    alpha: typed.number("Their alpha.", "is a number") = None
    beta: typed.number("Their beta.", "is a number") = None
    setting: words("Settings.") = None
    reason: typed.text("Why, and which size could.", "a reason is a sentence", ".{10}")


class Claim(typed.Settings):
    """A statement, where it is tested, and the number that it predicts."""

    id: typed.text("Name of the claim.", "an id is of lower-case letters, digits and -", ID)
    statement: typed.text("In words.", "a statement is a sentence", ".{10}")
    paper: typed.text("Where the paper says it; own if this project does.", "a place in the paper")
    figure: typed.text("Figure that tests it.", "the name of a figure")
    quantity: typed.text("Of the figure's table of estimates.", "the name of a quantity")
    rows: Rows = Field(None, description=Rows.__doc__)
    only: typed.text("Formula that holds for the rows concerned.", "a formula") = None
    prediction: formula("Formula of what the estimate should be.")
    rival: formula("Formula of what it must not be.") = None
    at_most: typed.one_of(
        "Whether only an estimate above the prediction speaks against it.",
        "is true or false", True, False,
    ) = False  # fmt: skip
    known: typed.one_of(
        "Whether numbers of earlier runs were known when it or its settings were last changed.",
        "is true or false",
        True, False,
    ) = False  # fmt: skip
    note: typed.text(
        "What a reader should know of its strength.", "a note is a sentence", ".{10}"
    ) = None  # fmt: skip
    undecidable: list[Undecidable] = Field([], description=Undecidable.__doc__)
    tolerance: typed.number(
        "Half-width of the band about the prediction; a third of the distance to the rival if it "
        "is left out.",
        "a tolerance is a number above 0; YAML reads 1e-3 as text, write 1.0e-3", gt=0,
    ) = None  # fmt: skip

    @model_validator(mode="after")
    def _wide(self):
        reason = "missing: a claim without a rival needs one"
        typed.demand(bool(self.tolerance or self.rival is not None), "tolerance", None, reason)
        return self


def checked_claims(claims: list[dict], figures: list[str]) -> None:
    """Refuse a ledger of claims with a fault, as :func:`quadlaw.ledger.config.checked`.

    ``figures`` are the names that a claim may give as its figure.
    """
    some = isinstance(claims, list) and len(claims) > 0
    require(some, "claims", claims, "the ledger lists at least one claim")
    typed.require_finite(claims, "claims")
    for place, claim in enumerate(claims):
        validated(Claim, claim, f"claims[{place}]")
    ids = [claim["id"] for claim in claims]
    known = f"no such figure; there are {', '.join(figures)}"
    for place, claim in enumerate(claims):
        key = f"claims[{place}]"
        require(ids.count(claim["id"]) == 1, f"{key}.id", claim["id"], "another claim has that id")
        require(claim["figure"] in figures, f"{key}.figure", claim["figure"], known)
        for part in ("prediction", "rival", "only"):
            if part in claim:
                _check_formula(f"{key}.{part}", claim[part])


def cell(description: str, reason: str) -> Any:
    """Text that fits into a cell of a table."""
    return typed.text(f"{description}, {CELL} characters.", f"{reason} {CELL} characters", IN_CELL)


class Statement(typed.Settings):
    """What the paper, or this project, states in one sentence; its claims test it."""

    id: typed.text("Name of the statement.", "an id is of lower-case letters, digits and -", ID)
    statement: cell("In words", "a statement is a sentence of")
    paper: typed.text("Where the paper says it; own if this project does.", "a place in the paper")
    claims: typed.several(Text, "Ids of its claims.", "a list of different claims, one at least")
    caveat: cell("What a reader should know of it", "a caveat is a sentence of") = None


def checked_statements(statements: list[dict], claims: list[dict]) -> None:
    """Refuse statements with a fault, as :func:`quadlaw.ledger.config.checked`.

    ``claims`` are the ledger's, as of :func:`checked_claims`. Each that is not this project's own
    must belong to a statement.
    """
    some = isinstance(statements, list) and len(statements) > 0
    require(some, "statements", statements, "the file lists at least one statement")
    for place, statement in enumerate(statements):
        validated(Statement, statement, f"statements[{place}]")
    ids, known = [one["id"] for one in statements], [claim["id"] for claim in claims]
    for place, one in enumerate(statements):
        key = f"statements[{place}]"
        require(ids.count(one["id"]) == 1, f"{key}.id", one["id"], "another statement has that id")
        for name in one["claims"]:
            require(name in known, f"{key}.claims", name, "no claim has that id")
    tested = {name for one in statements for name in one["claims"]}
    for claim in claims:
        covered = is_own(claim) or claim["id"] in tested
        require(covered, "statements", claim["id"], "a claim of the paper belongs to a statement")


def _check_formula(key: str, formula: str | float) -> None:
    example = {"model": "quadratic", "alpha": 2.5, "beta": 1.75, "sigma": 0.5}
    try:
        evaluate(formula, example)
    except ValueError as fault:
        require(False, key, formula, str(fault).split(": ", 1)[1])
