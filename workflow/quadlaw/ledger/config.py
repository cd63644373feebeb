"""The configuration, checked as a whole before anything runs."""

import json
from pathlib import Path

import yaml
from pydantic import Field, ValidationError

from quadlaw.base import typed
from quadlaw.base.checks import require
from quadlaw.base.documents import from_yaml
from quadlaw.ledger.spelling import spelled
from quadlaw.sgd.schedules import TwoPhase
from quadlaw.studies import names, study
from quadlaw.studies import settings as keys

PROJECT = Path(__file__).parents[3]
AT_LEAST_ONE = "at least one study, by name"


class Schedule(typed.Settings):
    """Step-size schedule of weights over time; other studies choose their own."""

    adaptation: typed.number(
        "Fraction of the samples before the stage whose end is the first halving (T1 / T).",
        "a fraction lies in (0, 1]", gt=0, le=1,
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
    force: typed.one_of(
        "Run even what is estimated to take more memory or far more time than this machine has.",
        "is true or false", True, False,
    ) = False  # fmt: skip
    smoke: typed.one_of(
        "Whether studies take the values of their small grids where nothing else is asked for.",
        "is true or false", True, False,
    ) = False  # fmt: skip
    studies: typed.mapping(
        "Studies, by their names; each figure is one. Null leaves it out, with its claims.",
        AT_LEAST_ONE,
    )


def read(files: list[str]) -> dict:
    """The checked configuration of the files on top of ``config/config.yaml``, as Snakemake does.

    Raises
    ------
    ValueError
        One line: a file that is missing or no configuration, or a fault as of :func:`checked`.
    """
    own = PROJECT / "config/config.yaml"
    reason = "missing: the workflow is no part of the package, so use the command of a checkout"
    require(own.exists(), "configfile", str(own), reason)
    config = _load(own)
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
        return from_yaml(text)
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
    """A copy of ``config`` with defaults filled in and without the studies that are null.

    Parameters
    ----------
    config : dict
        As read from YAML, or with text for numbers, true, false and null: Snakemake's ``--config``
        makes text of all that is nested.
    only : str, optional
        The one study that is checked; by default all are.

    Raises
    ------
    ValueError
        One line, ``key = value: reason``, for the most telling of the faults.
    """
    typed.require_finite(config)
    top = validated(Configuration, spelled(config), "").model_dump()
    studies = top["studies"]
    for name in studies:
        known = f"unknown key; known are {', '.join(names())}"
        if name not in names():
            raise ValueError(
                f"studies.{typed.name_of(name)} = {typed.shown(studies[name])}: {known}"
            )
    left = {name: one for name, one in studies.items() if one is not None}
    require(len(left) > 0, "studies", studies, AT_LEAST_ONE)
    studies = _small(left) if top["smoke"] else left
    wanted = studies if only is None else {only: studies[only]}
    full = {name: _settings(name, one) for name, one in wanted.items()}
    if only is None:
        _check_across_studies(full)
    return top | {"studies": full}


def validated(kind: type[typed.Settings], values: object, where: str) -> typed.Settings:
    """``values`` as a ``kind`` of settings; one line names the most telling fault, ``where``."""
    try:
        return kind.model_validate(values)
    except ValidationError as fault:
        raise ValueError(typed.one_line(fault, where)) from None


def _settings(name: str, values: object) -> dict:
    """A study's settings with their defaults."""
    return validated(study(name).module.Settings, values, f"studies.{name}").model_dump()


def _small(studies: dict) -> dict:
    """The small grid of every study, under all that differs from the full replication."""
    full = _load(PROJECT / "config/config.yaml")["studies"]

    def small(name, values):
        if not _mappings(full.get(name), values):
            return values
        grid = merged(_even(full[name]), study(name).module.SMOKE)
        return merged(grid, _changed(full[name], values))

    return {name: small(name, values) for name, values in studies.items()}


def _even(settings: dict) -> dict:
    """The settings with problems that have no replicates of their own."""
    even = {
        key: _even(value) if isinstance(value, dict) else value for key, value in settings.items()
    }
    if "problems" in even:
        even["problems"] = [
            {key: value for key, value in one.items() if key != "replicates"}
            for one in even["problems"]
        ]
    return even


def _check_across_studies(studies: dict) -> None:
    """Studies that use another one's runs, or read its curves, need that study."""
    for name, one in studies.items():
        for other in _sources(name):
            _require_source(name, one, other, studies)
        uses = study(name).uses
        if uses and "window" in one:
            try:
                keys.check_samples_window(one["window"], studies[uses]["samples"])
            except ValueError as fault:
                reason = fault.context["reason"]
                require(False, f"studies.{name}.window", one["window"], reason)


def _sources(name: str) -> list[str]:
    """The studies whose runs or curves a study takes."""
    uses = study(name).uses
    return [*study(name).reads, *([uses] if uses else [])]


def _require_source(name: str, settings: dict, other: str, studies: dict) -> None:
    if other not in studies:
        takers = ", ".join(one for one in studies if other in _sources(one))
        reason = f"needs studies.{other}, whose runs it takes; null leaves out {takers}, too"
        raise ValueError(f"studies.{name} = {typed.shown(settings)}: {reason}")


def for_study(config: dict, name: str) -> dict:
    """The settings of a study, with those that all share unless it has its own.

    These are ``sigma`` and ``schedule``, by its name.
    """
    shared = {"sigma": config["sigma"], "schedule": TwoPhase(**config["schedule"]).name}
    return shared | config["studies"][name]
