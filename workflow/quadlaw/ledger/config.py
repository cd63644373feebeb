"""The configuration, checked as a whole before anything runs."""

import json
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, Strict, ValidationError, model_validator

from quadlaw.base import typed
from quadlaw.base.checks import require
from quadlaw.ledger.claims import evaluate, is_own
from quadlaw.sgd.schedules import TwoPhase
from quadlaw.studies import names, study
from quadlaw.studies import settings as keys

PROJECT = Path(__file__).parents[3]
ID = "^[a-z][a-z0-9-]*$"
CELL, IN_CELL = "10 to 110", r"^[^|\n]{10,110}$"  # a short sentence


class Schedule(typed.Settings):
    """Step-size schedule of weights over time; other studies choose their own."""

    adaptation: typed.number(
        "Fraction of the samples before the stage whose end is the first halving (T1 / T).",
        "a fraction lies in [0, 1]", ge=0, le=1,
    ) = 0.5  # fmt: skip
    stage_length: (
        typed.whole(
            "Steps between two halvings (h); null for ceil((T - T1) / log2(T - T1)).",
            "a stage has at least one step", ge=1,
        )
        | None
    ) = None  # fmt: skip


class Output(typed.Settings):
    """Folders that are written to."""

    results: typed.text("Tables.", "a folder has a name") = "results"
    figures: typed.text("Figures.", "a folder has a name") = "figures"


class Ledger(typed.Settings):
    """The claims, the statements that they test, and the verdicts that a run must come to."""

    claims: typed.text(
        "File of the claims, in the project.", "a file has a name"
    ) = "config/claims.yaml"  # fmt: skip
    statements: (
        typed.text("File of the statements, in the project; null for none.", "a file has a name")
        | None
    ) = "config/statements.yaml"
    verdicts: (
        typed.text(
            "File of the known verdicts, in the project; null to accept any.", "a file has a name"
        )
        | None
    ) = "config/verdicts.csv"


class Configuration(typed.Settings):
    """All keys but those of the studies, which own theirs."""

    seed: typed.whole(
        "Root of all random streams.", "a seed is a whole number of at least 0, below 2^63",
        ge=0, lt=2**63,
    ) = 0  # fmt: skip
    sigma: keys.Sigma = 0.5
    precision: typed.one_of(
        "Precision of the simulated parameters.", "must be float32 or float64",
        "float32", "float64",
    ) = "float32"  # fmt: skip
    schedule: Schedule = Field(Schedule(), description=Schedule.__doc__)
    output: Output = Field(Output(), description=Output.__doc__)
    ledger: Ledger = Field(Ledger(), description=Ledger.__doc__)
    batch_seconds: typed.number(
        "Rough work in one job, in seconds of one core; a job holds at least one point.",
        "a job does some work", gt=0,
    ) = 30  # fmt: skip
    # The last is what Snakemake makes of --config force=true.
    force: typed.one_of(
        "Run even what is estimated to take more memory or far more time than this machine has.",
        "is true or false", True, False, "true",
    ) = False  # fmt: skip
    smoke: typed.one_of(
        "Whether studies take the values of their small grids where nothing else is asked for.",
        "is true or false", True, False, "true",
    ) = False  # fmt: skip
    studies: typed.mapping(
        "Studies, by their names; each figure is one.", "at least one study, by name"
    )


def read(files: list[str]) -> dict:
    """The checked configuration of the files on top of ``config/config.yaml``, as Snakemake does.

    Raises
    ------
    ValueError
        One line: a file that is missing or no configuration, or a fault as of :func:`checked`.
    """
    config = _load(PROJECT / "config/config.yaml")
    for path in files:
        config = merged(config, _load(path))
    return checked(config)


def _load(path: str | Path) -> dict:
    """A mapping in JSON or else YAML, which disagree on what 1e5 is."""
    try:
        text = Path(path).read_text()
    except (OSError, UnicodeDecodeError) as fault:
        require(False, "configfile", str(path), getattr(fault, "strerror", None) or "no text")
    try:
        content = json.loads(text)
    except ValueError:
        content = _yaml(text, path)
    require(isinstance(content, dict), "configfile", str(path), "has no keys at its top level")
    return content


def _yaml(text: str, path: str | Path) -> object:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as fault:
        line = getattr(getattr(fault, "problem_mark", None), "line", 0) + 1
        require(False, "configfile", str(path), f"is neither JSON nor YAML, see its line {line}")


def merged(base: dict, top: dict) -> dict:
    """``base`` with the keys of ``top``, key by key where both are mappings."""
    both = {key: merged(base[key], top[key]) for key in top if _mappings(base.get(key), top[key])}
    return base | top | both


def _mappings(*values: object) -> bool:
    return all(isinstance(value, dict) for value in values)


def _changed(base: dict, other: dict) -> dict:
    """What merging into ``base`` would make ``other`` of it."""
    return {
        key: _changed(base[key], value) if _mappings(base.get(key), value) else value
        for key, value in other.items()
        if key not in base or base[key] != value
    }


def checked(config: dict, only: str | None = None) -> dict:
    """A copy of ``config`` with defaults filled in.

    Parameters
    ----------
    config : dict
        As read from YAML.
    only : str, optional
        The one study that is checked; by default all are.

    Raises
    ------
    ValueError
        One line, ``key = value: reason``, for the most telling of the faults.
    """
    typed.require_finite(config)
    top = _validated(Configuration, config, "").model_dump()
    studies = top["studies"]
    for name in studies:
        known = f"unknown key; known are {', '.join(names())}"
        if name not in names():
            raise ValueError(
                f"studies.{typed.name_of(name)} = {typed.shown(studies[name])}: {known}"
            )
    if top["smoke"]:
        studies = _small(studies)
    wanted = studies if only is None else {only: studies[only]}
    full = {name: _settings(name, one) for name, one in wanted.items()}
    if only is None:
        _check_across_studies(full)
    return top | {"studies": full}


def _validated(kind: type[typed.Settings], values: object, where: str) -> typed.Settings:
    try:
        return kind.model_validate(values)
    except ValidationError as fault:
        raise ValueError(typed.one_line(fault, where)) from None


def _settings(name: str, values: object) -> dict:
    """A study's settings with their defaults."""
    return _validated(study(name).module.Settings, values, f"studies.{name}").model_dump()


def _small(studies: dict) -> dict:
    """The small grid of every study, under all that differs from the full replication."""
    full = _load(PROJECT / "config/config.yaml")["studies"]

    def small(name, values):
        if not _mappings(full.get(name), values):
            return values
        grid = merged(full[name], study(name).module.SMOKE)
        return merged(grid, _changed(full[name], values))

    return {name: small(name, values) for name, values in studies.items()}


def _check_across_studies(studies: dict) -> None:
    """Studies that use another one's runs, or read its curves, need that study."""
    for name, one in studies.items():
        uses = study(name).uses
        for other in (*study(name).reads, *([uses] if uses else [])):
            reason = f"needs studies.{other}, whose runs it takes"
            require(other in studies, f"studies.{name}", one, reason)
        if uses and "window" in one:
            try:
                keys.check_samples_window(one["window"], studies[uses]["samples"])
            except ValueError as fault:
                reason = fault.context["reason"]
                require(False, f"studies.{name}.window", one["window"], reason)


def for_study(config: dict, name: str) -> dict:
    """The settings of a study, with those that all share unless it has its own.

    These are ``sigma`` and ``schedule``, by its name.
    """
    shared = {"sigma": config["sigma"], "schedule": TwoPhase(**config["schedule"]).name}
    return shared | config["studies"][name]


# --- claims ---------------------------------------------------------------------------------------

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
    against: words("What the exponents are against.") = None


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
    tolerance: typed.number(
        "Half-width of the band about the prediction; a third of the distance to the rival if it "
        "is left out.", "a tolerance is a number above 0", gt=0,
    ) = None  # fmt: skip

    @model_validator(mode="after")
    def _wide(self):
        reason = "missing: a claim without a rival needs one"
        typed.demand(bool(self.tolerance or self.rival is not None), "tolerance", None, reason)
        return self


def checked_claims(claims: list[dict], figures: list[str]) -> None:
    """Refuse a ledger of claims with a fault, as :func:`checked`.

    ``figures`` are the names that a claim may give as its figure.
    """
    some = isinstance(claims, list) and len(claims) > 0
    require(some, "claims", claims, "the ledger lists at least one claim")
    typed.require_finite(claims, "claims")
    for place, claim in enumerate(claims):
        _validated(Claim, claim, f"claims[{place}]")
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
    """Refuse statements with a fault, as :func:`checked`.

    ``claims`` are the ledger's, as of :func:`checked_claims`. Each that is not this project's own
    must belong to a statement.
    """
    some = isinstance(statements, list) and len(statements) > 0
    require(some, "statements", statements, "the file lists at least one statement")
    for place, statement in enumerate(statements):
        _validated(Statement, statement, f"statements[{place}]")
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
