r"""Whether momentum lets a linear model catch up with the quadratic one.

Four learners, each with the step size of its least theory risk at each ``T``: the quadratic model,
linear SGD, linear SGD with heavy-ball momentum, and with *dimension-adapted* momentum, the
DANA-decaying of Ferbach, Everett, Gidel, E. Paquette and C. Paquette 2025 (arXiv 2505.16098). In
their notation ``alpha`` is half of ours, and ``alpha + beta`` half of our ``beta``; they sketch the
features, and have no label noise.

* *Heavy ball* is SGD of another step size for all coordinates that are slower than its memory. So
  its exponent is that of SGD, ``(beta - 1)/alpha``.
* *Adapted*: memory is a share of ``t``, so that an error obeys
  ``e'' + ((DELTA + 1/alpha)/t) e' + b(t) lambda e = 0`` where it is too slow for ``a_t``. It is
  gone once ``t (b lambda)^(1/2) ~ 1``. Gradient noise allows ``b ~ t^(-1/alpha)``: after ``t``
  steps, ``t^(1/alpha)`` coordinates hold risk ``b R`` each. So ``k = t^((2 - 1/alpha)/alpha)``
  coordinates are learned, not ``t^(1/alpha)``, and the risk falls as ``T^-p`` with
  ``p = (2 - 1/alpha)(beta - 1)/alpha``. This is more than the quadratic model's
  ``2 (beta - 1)/(alpha + beta)`` for all ``alpha, beta > 1``.
* *Label noise* (not in the source) adds ``sigma^2 k/T`` up to logarithms. It is the smaller part
  for ``beta (2 alpha - 1) < alpha^2``. Beyond, ``k`` must stay at ``T^(1/beta)``, and the exponent
  is the minimax ``1 - 1/beta`` in ``T / log T``.

For ``alpha <= beta`` linear SGD is minimax and there is nothing to gain. Learners run in steps,
but for SGD without momentum, which runs in leaps; theory: exact second moments of the linear
learners (:mod:`quadlaw.theory.rivals.momentum`), and the quadratic model's closure.
"""

import numpy as np
import pandas as pd
from pydantic import model_validator

from quadlaw.base import typed
from quadlaw.base.tables import select, stacked
from quadlaw.fit import points
from quadlaw.fit.curves import measured_curves, with_divergence
from quadlaw.fit.designs import IN_LEAPS, IN_STEPS, by_learner, own_replicates
from quadlaw.fit.estimates import SERIES, exponents, interval, table
from quadlaw.sgd.problem import Spectrum, problem_of
from quadlaw.sgd.rivals.momentum import Coefficients, adapted, heavy_ball, last_risks
from quadlaw.sgd.schedules import named
from quadlaw.sgd.schedules.two_phase import TwoPhase
from quadlaw.sgd.train import diverged
from quadlaw.studies import settings as keys
from quadlaw.theory import predicted_risk, rates, stability_edge
from quadlaw.theory.rivals.momentum import momentum_risk
from quadlaw.theory.tuning import SAFE, least_risk

SMOKE = keys.SMALL | {
    "problems": [{"alpha": 4.0, "beta": 2.0}, {"alpha": 4.0, "beta": 3.0}],
    "theory_samples": [4096],
}
REPORT = (
    "9. Rivals and what came after",
    "Can linear SGD catch up by momentum?",
)


class Settings(keys.Curves):
    """Momentum for the linear model."""

    size_factor: typed.number(
        "Model size, in units of the coordinates that adapted momentum learns from T samples.",
        "below 1 the model cannot hold what T samples can teach it", ge=1, le=1000,
    ) = 1  # fmt: skip
    momentum: typed.number(
        "Share of the heavy ball's memory that a step keeps.",
        "a momentum lies from 0 (none) to below 1, where nothing is forgotten", ge=0, lt=1,
    ) = 0.9  # fmt: skip
    theory_samples: keys.SampleSizes

    @model_validator(mode="after")
    def _to_be_gained(self):
        for place, one in enumerate(self.problems):
            reason = "must exceed beta, or SGD without momentum is minimax"
            typed.demand(one.alpha > one.beta, f"problems[{place}].alpha", one.alpha, reason)
        return self


QUADRATIC, PLAIN, HEAVY, ADAPTED = "quadratic", "linear", "heavy ball", "adapted momentum"
LEARNERS = QUADRATIC, PLAIN, HEAVY, ADAPTED
FASTEST = 0.3  # b_t over a_t t^(-1/alpha): at 1, expected risk jumps where single runs diverge
COARSE = {QUADRATIC: 0.5, PLAIN: 0.12}  # growth of leaps good enough to compare step sizes


def learned(alpha: float, beta: float, samples: int) -> float:
    """``k``: coordinates that adapted momentum learns, limited by its speed or by noise."""
    return float(samples) ** min((2 - 1 / alpha) / alpha, 1 / beta)


def rows(settings: dict) -> pd.DataFrame:
    """Rows of every problem, ``T`` and ``learner``; a linear one's model is ``linear``."""
    return _rows(settings, settings["samples"])


def _rows(settings: dict, samples: list[int]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "model": QUADRATIC if learner == QUADRATIC else PLAIN, "learner": learner,
            "alpha": one["alpha"], "beta": one["beta"], "sigma": settings["sigma"],
            "samples": T, "schedule": TwoPhase().name, "setting": "",
            "replicates": own_replicates(settings, one),
            "momentum": settings["momentum"],
            **_sizes(one["alpha"], one["beta"], T, settings["size_factor"], learner),
            **(IN_LEAPS if learner in COARSE else IN_STEPS),
        }
        for one in settings["problems"]
        for T in samples
        for learner in LEARNERS
    )  # fmt: skip


def _sizes(alpha: float, beta: float, samples: int, factor: float, learner: str) -> dict:
    """``M``, and ``v_0`` by the usual rule; linear learners start at zero, as in the source."""
    dimension = rates.effective_dimension(QUADRATIC, alpha, beta, samples)
    init = float(rates.initial_value(alpha, beta, dimension)) if learner == QUADRATIC else 0.0
    size = int(np.ceil(factor * learned(alpha, beta, samples)))
    return {"model_size": size, "init": init}


def with_steps(rows: pd.DataFrame, settings: dict) -> pd.DataFrame:
    """``step_size``, and ``speed`` of the adapted momentum, 0 elsewhere, of least theory risk."""
    found = [_best(row) for row in rows.to_dict("records")]
    return rows.assign(step_size=[step for step, _ in found], speed=[speed for _, speed in found])


def _best(row: dict) -> tuple[float, float]:
    """Steps up to ``SAFE`` of the edge; there, the adapted momentum's speed up to ``FASTEST``."""
    problem = problem_of(row)
    largest = SAFE * stability_edge(problem, row["model_size"], row["model"])

    def at_step(eta):
        return _risk(row | {"step_size": eta, "speed": 0.0}, coarse=True)

    def at_speed(speed):
        return _risk(row | {"step_size": largest, "speed": speed})

    if row["learner"] == ADAPTED:
        return largest, least_risk(at_speed, FASTEST, FASTEST / row["samples"]).step_size
    return least_risk(at_step, largest, largest / row["samples"]).step_size, 0.0


def coefficients(row: dict) -> Coefficients:
    """Of a learner with momentum, at every step."""
    factors = named(row["schedule"]).factor(np.arange(row["samples"]), row["samples"])
    if row["learner"] == HEAVY:
        return heavy_ball(factors, row["step_size"], row["momentum"])
    return adapted(factors, row["step_size"], row["speed"], row["alpha"])


def _risk(row: dict, coarse: bool = False) -> float:
    """Expected risk of a row."""
    problem, learner = problem_of(row), row["learner"]
    setting = {key: row[key] for key in ("model_size", "init")}
    if learner not in COARSE:
        return momentum_risk(problem, coefficients(row), **setting)
    setting |= {key: row[key] for key in ("samples", "step_size")}
    growth = {"growth": COARSE[learner]} if coarse else {}
    return predicted_risk(learner, problem, schedule=named(row["schedule"]), **setting, **growth)


def predicted(design: pd.DataFrame) -> pd.DataFrame:
    """Expected risk, by ``learner``, which ``model`` names then."""
    return by_learner(design.assign(theory=[_risk(row) for row in design.to_dict("records")]))


def run_point(point: dict, seed: int, dtype: str, listed: Spectrum | None = None) -> pd.DataFrame:
    """Last risks; learners with momentum share their samples."""
    leaps, steps = ([one for one in point["lanes"] if (one["method"] != "steps") == leaping]
                    for leaping in (True, False))  # fmt: skip
    runs = points.run_point(point | {"lanes": leaps}, seed, dtype, listed)
    return by_learner(stacked([runs, _in_steps(point | {"lanes": steps}, seed, dtype, listed)]))


def _in_steps(point: dict, seed: int, dtype: str, listed: Spectrum | None) -> pd.DataFrame:
    lanes, labels = point["lanes"], points.labels_of(point)
    spectrum, found = points.spectrum_of(point, lanes[0]["model_size"], listed), []
    parts = [coefficients(labels | lane) for lane in lanes]
    for replicate in points.replicates_of(point):
        with np.errstate(over="ignore", invalid="ignore"):
            risks = last_risks(spectrum, parts, lanes[0]["init"], replicate, seed, dtype)
        found.append(pd.DataFrame(lanes).assign(
            replicate=replicate, excess_risk=risks, diverged=diverged(risks, spectrum.tail[0]),
            adapted=0, learned=0,
        ))  # fmt: skip
    return stacked(found).assign(**labels)


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Median risks beside the theory, whose curves go further; exponents; ratios of last risks."""
    runs, theory, window = tables["runs"], tables["theory"], settings["window"]
    far = predicted(with_steps(_rows(settings, settings["theory_samples"]), settings))
    found = list(exponents(runs, "sample exponent", window=window, theory=theory))
    return stacked([measured_curves(runs, theory), far]), table([*found, *_last(runs, theory)])


def _last(runs: pd.DataFrame, theory: pd.DataFrame) -> list[dict]:
    """Adapted over quadratic risk at each problem's largest ``T``: a ratio of medians."""
    found, last = [], select(with_divergence(runs), samples=runs["samples"].max())
    for key, some in last.groupby([name for name in SERIES if name != "model"]):
        labels = dict(zip(["alpha", "beta", "sigma", "setting"], key, strict=True))
        risks = [
            some.loc[some["model"] == name, "risk"].to_numpy() for name in (ADAPTED, QUADRATIC)
        ]
        known = select(theory, samples=runs["samples"].max(), **labels).set_index("model")["theory"]
        found.append(labels | {
            "quantity": "adapted over quadratic risk", "model": f"{ADAPTED}/{QUADRATIC}",
            "theory": known[ADAPTED] / known[QUADRATIC], "replicates": len(risks[0]),
            **interval(risks, lambda one, other: np.median(one) / np.median(other), paired=False),
        })  # fmt: skip
    return found
