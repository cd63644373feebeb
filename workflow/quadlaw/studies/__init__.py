"""Studies: one module a figure, from its settings to what is drawn and what is claimed.

A module ``NAME`` has

* ``Settings``, a class of types of :mod:`quadlaw.studies.settings`: the keys of ``studies.NAME``
  in the configuration, with types, bounds, defaults and what they mean;
* ``SMOKE``, the values of the small grid, and ``REPORT``, its heading in the report and the
  question that the figure answers;
* ``results(tables, settings)``, which returns ``(curves, estimates)``: the table that the notebook
  draws, and one of :mod:`quadlaw.fit.estimates`.

What is simulated is said by ``rows(settings)``, the rows of a design (:mod:`quadlaw.fit.designs`)
but for their step sizes: cheap to list, so that cost is known before anything runs. A module that
does it in its own way has ``with_steps(rows, settings)``, ``predicted(design)`` or
``run_point(point, seed, dtype)`` in place of those of :class:`Study`; one that trains the lanes of
a point one after the other has its own ``streams(rows)``; one whose work is not all in its rows
says so by ``extra(settings)``: fields of :class:`quadlaw.ledger.cost.Load` by rule.

``tables`` holds, by name, ``runs`` and ``theory`` of the rows; ``tuned``, if the settings have a
``grid``: the theory's risks at its best step sizes (:mod:`quadlaw.theory.asymptotics`);
the curves of each study that is listed in ``READS``. A module without rows may have ``USES``, the
study whose ``runs`` and ``theory`` it takes. One that trains models that are not in its rows
lists their names in ``TRAINS``, so that its tables depend on their code.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

import pandas as pd

from quadlaw.fit import designs, points
from quadlaw.sgd.workload import Stream, stream_of

# Modules of this folder that are no study, but what several of them share.
SHARED = ("linearized", "plotting", "random_bases", "settings")


@cache
def names() -> list[str]:
    """The names of all studies, which are those of their modules and figures."""
    return sorted({module.name for module in iter_modules(__path__)} - set(SHARED))


@dataclass(frozen=True)
class Study:
    """A module of this folder with defaults for what it leaves out.

    Attributes
    ----------
    name : str
    module : module
    """

    name: str
    module: ModuleType

    def _own(self, part: str, default: Callable) -> Callable:
        return getattr(self.module, part, default)

    @property
    def report(self) -> tuple[str, str]:
        """The heading in the report, and the question that the figure answers."""
        return self.module.REPORT

    @property
    def reads(self) -> tuple[str, ...]:
        """Other studies whose curves it reads."""
        return getattr(self.module, "READS", ())

    @property
    def uses(self) -> str | None:
        """The study whose runs it uses, if it has none of its own."""
        return getattr(self.module, "USES", None)

    @property
    def trains(self) -> tuple[str, ...]:
        """Models that it trains beside those of its rows."""
        return getattr(self.module, "TRAINS", ())

    @property
    def simulates(self) -> bool:
        """Whether there is anything to simulate."""
        return hasattr(self.module, "rows")

    def rows(self, settings: dict) -> pd.DataFrame:
        """What is simulated, but for the step sizes."""
        return self.module.rows(settings)

    def design(self, settings: dict) -> pd.DataFrame:
        """What is simulated, with step sizes, which the theory chooses."""
        steps = self._own("with_steps", lambda rows, _: designs.with_steps(rows))
        return steps(self.rows(settings), settings)

    def predicted(self, design: pd.DataFrame) -> pd.DataFrame:
        """The design with its column ``theory``."""
        return self._own("predicted", designs.predicted)(design)

    @property
    def run_point(self) -> Callable:
        """``(point, seed, dtype) -> runs``."""
        return self._own("run_point", points.run_point)

    def streams(self, rows: pd.DataFrame, points: list[dict]) -> list[Stream]:
        """The work of the rows, or of them as :func:`quadlaw.fit.designs.points`."""
        own = self._own("streams", None)
        return own(rows) if own else [stream_of(point) for point in points]

    def extra(self, settings: dict) -> dict:
        """Work beside the rows."""
        return self._own("extra", lambda _: {})(settings)

    def results(self, tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Curves and estimates."""
        return self.module.results(tables, settings)

    @property
    def modules(self) -> list[str]:
        """The modules whose code a simulated table depends on."""
        own = [self.module.__name__] if hasattr(self.module, "run_point") else []
        return [*own, "quadlaw.fit.designs", "quadlaw.fit.points"]


@cache
def study(name: str) -> Study:
    """The study of a name.

    Raises
    ------
    ValueError
        If there is none.
    """
    if name not in names():
        raise ValueError(f"studies.{name}: there are {', '.join(names())}")
    return Study(name, import_module(f"{__name__}.{name}"))
