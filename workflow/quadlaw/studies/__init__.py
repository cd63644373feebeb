"""Studies: one module a figure, from its settings to what is drawn and what is claimed.

A module ``NAME`` has ``results(tables, settings)``, which returns ``(curves, estimates)``: the
table that the notebook draws, and one of :mod:`quadlaw.fit.estimates`. ``tables`` holds, by name,

* ``runs`` and ``theory``, if the module has ``design(settings)``: a design
  (:mod:`quadlaw.fit.designs`), simulated and predicted. A module that simulates or predicts in its
  own way has ``run_point(point, seed, dtype)`` or ``predicted(design)`` in place of those of
  :mod:`quadlaw.fit.points` and :mod:`quadlaw.fit.designs`;
* ``tuned``, if the settings have a ``grid``: the theory's risks at its best step sizes
  (:mod:`quadlaw.theory.asymptotics`);
* ``reported``, if the settings name a ``sweep``: its runs at the chosen step sizes, and
  ``predicted``, the theory at the same settings.
"""

from importlib import import_module
from types import ModuleType


def study(name: str) -> ModuleType:
    """The module of a study.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    try:
        return import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as fault:
        raise ValueError(f"studies.{name}: no module {fault.name}") from None
