r"""Whether the diagonal model's law is the law of a trained dense layer.

The dense layer is the two-layer linear network :math:`v^T A x / g` with both layers trained
(:mod:`quadlaw.sgd.rivals.dense`), after Bordelon, Atanasov and Pehlevan ("How feature learning can
improve neural scaling laws", arXiv 2409.17858). Their capacity is our ``alpha``, and their source
is :math:`s = (\beta - 1)/\alpha`. Labels have no noise. Risks fall in ``T`` steps with the
exponents

* at one step size for all ``T``: ``s`` for the linear model, :math:`2(\beta - 1)/(\alpha + \beta)`
  for the diagonal one, and for the dense layer :math:`2s/(1 + s) = 2(\beta - 1)/(\alpha + \beta -
  1)` on hard tasks, ``s < 1``, and ``s`` on easy ones;
* at a given share of the stability edge for each ``T``: ``s`` for the dense layer too. The others
  keep theirs.

**Time.** Dense features speed all coordinates up alike, by :math:`1 + |v|^2`, which grows with the
norm of all that is learned (:mod:`quadlaw.theory.rivals.dense`). Diagonal ones speed each
coordinate up by its own weight. Where coordinates up to ``k`` are learned, dense features are the
faster ones by :math:`k^{1/2}`.

**Samples.** This part is not in the source. The dense layer's stability edge falls as its speed
rises, by the same factor. At a given share of the edge its linear clock advances by a constant a
sample, whatever the schedule, and nothing is left of the gain. A diagonal weight speeds up its own
coordinate alone, and the edge stays. So dense features gain time, diagonal ones samples.

Steps are a share of the stability edge: ``SMALL`` for the dense layer, of the edge at the end of
the run, which keeps its layers balanced to a few per cent; ``SAFE`` for the others. One step size
for all ``T`` is the one of the largest. The closed equation of :mod:`quadlaw.sgd.rivals.dense`
makes a run of the layer as cheap as one of the linear model; the others run in leaps. Theory: the
population's gradient flow for the layer, moments for the others.
"""

from functools import cache

import numpy as np
import pandas as pd

from quadlaw.base import typed
from quadlaw.base.tables import stacked
from quadlaw.fit import points
from quadlaw.fit.curves import measured_curves
from quadlaw.fit.designs import IN_LEAPS, IN_STEPS, by_learner
from quadlaw.fit.estimates import exponents, table
from quadlaw.sgd.problem import PowerLaw, Spectrum, problem_of, setting_of
from quadlaw.sgd.rivals.dense import train_dense
from quadlaw.sgd.schedules.constant import Constant
from quadlaw.sgd.streams import chunks
from quadlaw.sgd.train import diverged
from quadlaw.studies import settings as keys
from quadlaw.theory import rates
from quadlaw.theory.deep import deep_risk
from quadlaw.theory.rivals.dense import at_time, dense_flow, dense_step
from quadlaw.theory.stability import stability_edge
from quadlaw.theory.tuning import SAFE

SMOKE = keys.SMALL | {
    "problems": [{"alpha": 2.5, "beta": 1.5}, {"alpha": 3.0, "beta": 5.0}],
    "many": 6,
}
REPORT = (
    "9. Rivals and what came after",
    "Is the diagonal model's law the law of a trained dense layer?",
)


class Settings(keys.Curves):
    """A trained dense layer beside the quadratic and the linear model, without label noise."""

    problems: keys.Pairs
    many: keys.Many = 256  # of the quadratic and the linear model, which vary more and cost less
    richness: typed.number(
        "Richness g of the dense layer v'Ax/g.",
        "must be a number above 0, towards which the layer is the linear model (and at most 1000)",
        gt=0, le=1000,
    ) = 4.0  # fmt: skip


DENSE, QUADRATIC, LINEAR = "dense", "quadratic", "linear"
FIXED, SHARE = "one step size", "share of the edge"  # settings
SMALL = 1 / 16  # of the dense layer's edge
NOISELESS = 0.0  # noise would need steps that fall, and the laws are of steps that do not
LABELS = {"sigma": NOISELESS, "schedule": Constant().name}


def rows(settings: dict) -> pd.DataFrame:
    """Rows of every problem, ``learner`` and setting; a dense layer counts as a linear model."""
    return stacked(_curves(one, settings) for one in settings["problems"])


def _curves(one: dict, settings: dict) -> pd.DataFrame:
    """Curves of a problem: the dense layer's two, and one of each other model."""
    alpha, beta, samples = one["alpha"], one["beta"], np.array(settings["samples"])
    reached = {
        DENSE: (SMALL * samples.max()) ** (1 / alpha),
        LINEAR: samples.max() ** (1 / alpha),
        QUADRATIC: samples.max() ** rates.front_exponent(alpha, beta),
    }
    front = samples ** rates.front_exponent(alpha, beta)
    init = {QUADRATIC: rates.initial_value(alpha, beta, front)}
    return stacked(
        pd.DataFrame({"samples": samples, "init": init.get(learner, 0.0)}).assign(
            alpha=alpha, beta=beta, learner=learner, setting=setting,
            model=QUADRATIC if learner == QUADRATIC else LINEAR,
            model_size=int(np.ceil(settings["size_factor"] * size)),
            replicates=settings["many"] if learner != DENSE else settings["replicates"],
            richness=settings["richness"], **LABELS, **(IN_STEPS if learner == DENSE else IN_LEAPS),
        )
        for learner, size in reached.items()
        for setting in ((FIXED, SHARE) if learner == DENSE else (FIXED,))
    )  # fmt: skip


def with_steps(rows: pd.DataFrame, settings: dict) -> pd.DataFrame:
    """Step sizes, from each curve's largest ``T`` where there is one for all."""
    last = rows["samples"].max()
    steps = [
        _step(row | ({"samples": last} if row["setting"] == FIXED else {}))
        for row in rows.to_dict("records")
    ]
    return rows.assign(step_size=steps)


def _step(row: dict) -> float:
    problem, size = problem_of(row), row["model_size"]
    if row["learner"] != DENSE:
        return SAFE * stability_edge(problem, size, row["model"])
    return _dense_step(problem, size, row["samples"], row["richness"])


@cache
def _dense_step(problem: PowerLaw, size: int, samples: int, richness: float) -> float:
    return dense_step(problem, model_size=size, samples=samples, share=SMALL, richness=richness)


def run_point(point: dict, seed: int, dtype: str, listed: Spectrum | None = None) -> pd.DataFrame:
    """Last risks, ``model`` the learner; those of dense layers as of ``points``."""
    dense = [lane for lane in point["lanes"] if lane["learner"] == DENSE]
    others = [lane for lane in point["lanes"] if lane["learner"] != DENSE]
    runs = [points.run_point(point | {"lanes": others}, seed, dtype, listed)] if others else []
    if dense:
        spectrum = points.spectrum_of(point, dense[0]["model_size"], listed)
        found = [_dense(point, dense, spectrum, one, seed) for one in points.replicates_of(point)]
        runs.append(stacked(found).assign(**points.labels_of(point)))
    return by_learner(stacked(runs))


def _dense(
    point: dict, lanes: list[dict], spectrum: Spectrum, replicate: int, seed: int
) -> pd.DataFrame:
    """One replicate of dense layers of one size and richness, on one stream."""
    samples, (richness,) = point["samples"], {lane["richness"] for lane in lanes}
    weights = np.zeros((len(lanes), spectrum.size))
    steps = np.array([lane["step_size"] for lane in lanes])
    for _, x, y in chunks(spectrum, samples, replicate, seed, [samples], "float32"):
        train_dense(weights, x, y, steps, richness)
    risk = spectrum.excess_risk(weights)
    learned = (weights > spectrum.target / 2).sum(axis=1)
    return pd.DataFrame(lanes).assign(
        replicate=replicate, excess_risk=risk, adapted=0, learned=learned,
        diverged=diverged(risk, spectrum.tail[0]),
    )  # fmt: skip


def predicted(design: pd.DataFrame) -> pd.DataFrame:
    """Expected risk; a dense layer's by gradient flow, which has no noise of SGD."""
    return by_learner(design.assign(theory=[_risk(row) for row in design.to_dict("records")]))


def _risk(row: dict) -> float:
    problem = problem_of(row)
    if row["learner"] == DENSE:
        time, size = row["samples"] * row["step_size"], row["model_size"]
        flow = dense_flow(problem, model_size=size, time=time, richness=row["richness"])
        return at_time(flow, time)
    depth = rates.depth_of(row["model"])
    return deep_risk(problem, depth=depth, schedule=Constant(), **setting_of(row))


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Medians beside the theory; exponents of the risk in ``T``."""
    runs, theory = tables["runs"], tables["theory"]
    found = exponents(runs, "sample exponent", window=settings["window"], theory=theory)
    return measured_curves(runs, theory), table(found)
