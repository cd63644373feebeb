"""Parameterizations, one file each, known by their names.

A file of this folder holds a :class:`quadlaw.models.model.Model`, or a tuple ``MODELS`` of a family
of them. All that take a model's name know it from then on: simulation, theory, the command line,
figures. Files are found when Python runs and imported by none, so that the code hash of what trains
models is not that of the models (see :func:`quadlaw.sgd.ingredients.modules_of`).
"""

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from quadlaw.base.checks import require
from quadlaw.models.model import Model

PAPER = ("quadratic", "linear")  # the paper's two, first in every list


def models_in(module: ModuleType) -> list[Model]:
    """Models of a module, in order: each of its variables that is one, and those of ``MODELS``."""
    single = [value for value in vars(module).values() if isinstance(value, Model)]
    return [*single, *getattr(module, "MODELS", ())]


def _scan() -> dict[str, tuple[Model, str]]:
    """Model and module by name, those of ``PAPER`` first."""
    found = {}
    for name in sorted(one.name for one in iter_modules(__path__)):
        module = import_module(f"{__name__}.{name}")
        for model in models_in(module):
            known = found.setdefault(model.name, (model, module.__name__))
            taken = f"is also the name of one in {known[1]}"
            require(known[0] is model, "model", model.name, taken)
    rank = {name: number for number, name in enumerate(PAPER)}
    return {name: found[name] for name in sorted(found, key=lambda one: (rank.get(one, 9), one))}


_FOUND = _scan()
MODELS: dict[str, Model] = {name: model for name, (model, _) in _FOUND.items()}
HOMES: dict[str, str] = {name: module for name, (_, module) in _FOUND.items()}


def named(name: str) -> Model:
    """The model of a name.

    Raises
    ------
    ValueError
        If there is none.
    """
    require(name in MODELS, "model", name, f"must be one of {', '.join(MODELS)}")
    return MODELS[name]
