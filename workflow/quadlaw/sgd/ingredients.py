"""Which modules made a run: those of its models and of its schedule."""

from collections.abc import Iterable

from quadlaw.base.provenance import code_hash
from quadlaw.models import HOMES
from quadlaw.sgd.schedules import Schedule, named


def modules_of(models: Iterable[str], schedule: Schedule | str) -> list[str]:
    """Modules of the models of these names and of a schedule or its name, sorted.

    What is no model's name, as where a study gives lanes names of its own, has no module.
    """
    one = named(schedule) if isinstance(schedule, str) else schedule
    return sorted({HOMES[name] for name in models if name in HOMES} | {type(one).__module__})


def ingredients_hash(models: Iterable[str], schedule: Schedule | str) -> str:
    """Hash of the code of :func:`modules_of`."""
    return code_hash(*modules_of(models, schedule))
