r"""Which decay is best, and whether the last iterate loses a logarithm.

Source: Li et al. 2026, "Optimal Learning-Rate Schedules under Functional Scaling Laws" (arXiv
2602.06797), on the risk of linear SGD that Li et al. 2025 derive (arXiv 2509.19189). Their capacity
exponent is our ``alpha``, here ``a``; their source exponent is ``s = (beta - 1)/a``, so that a task
is *easy* (``s >= 1 - 1/a``) where ``beta >= a``. In the training time ``u`` that is left, the sum
of the steps to come, the noise of a step is forgotten as ``K(u) = sum_i l_i^2 exp(-2 l_i u) ~
u^-(2 - 1/a)``, and

    risk ~ tau^-s + int eta(u) K(u) du,   with   int du / eta(u) = T.

*Best decay.* At a given sum ``tau`` of steps, ``eta ~ K^(-1/2)``: as ``u`` falls at the rate
``eta``, ``u ~ (T - t)^(2a)`` and ``eta ~ (1 - t/T)^(2a - 1)``. The noise is then ``D/T`` with
``D = tau^(1/a)``, without a logarithm. For ``beta >= a`` the sum of both terms is least at ``D =
T^(1/beta)``, and the last iterate has ``T^-(1 - 1/beta)``, which is minimax. For ``beta < a`` the
step cannot be as large: it is held at the largest one, and the risk is ``(eta T)^-s``. A decay over
``n`` steps leaves the noise ``n^-(1 - 1/a)`` and costs the share ``n/T`` of the sum. So ``n^-(2 -
1/a) ~ T^-(1 + s)``: the decay takes the fraction ``n/T ~ T^-(a - beta)/(2a - 1)`` of the run.

*Fixed shapes saturate.* At ``eta ~ (1 - t/T)^g`` the noise is ``tau^(1/c)/T`` with ``c = min(a, g +
1)``: beyond ``g + 1`` it is that of the last step that is not forgotten. The best step size gives
``T^-p``, ``p = s c/(1 + s c)``: ``c = 2`` for linear decay and 3 for the cosine. At a largest step,
``beta < a``, a shape costs no exponent, but the factor ``(mean of the shape)^-s``: ``2^s`` for
linear decay and the cosine, ``(2a)^s`` for the power decay from the start.

*Halvings.* The paper's schedule has ``tau/log T`` left when it begins to decay. Coordinates with
``l_i tau < log T`` keep their noise of the constant step; there are ``D (log T)^-(1/a)`` others,
each with ``log T/T``. Both sum to ``(D/T) (log T)^(1 - 1/a)``, so that for ``beta > a`` the risk is
that of the power decay times ``(log T)^((1 - 1/a)(1 - 1/beta))``: our own step, not the source's.

*Quadratic model.* Linearized at the target it is linear SGD of the eigenvalues ``i^-a`` with ``a =
(alpha + beta)/2`` (:mod:`quadlaw.studies.linearized`), so the same is asked with this ``a``; the
task is easy for the same problems. That it first escapes from a small start is not in this.

Every row has the step size of its least theory risk, up to ``SAFE`` of the stability edge.
"""

from functools import cache

import numpy as np
import pandas as pd
from pydantic import Field

from quadlaw.base import typed
from quadlaw.base.tables import select, stacked
from quadlaw.fit.curves import measured_curves, with_divergence
from quadlaw.fit.designs import IN_LEAPS, own_replicates
from quadlaw.fit.estimates import SERIES, exponents, interval, table
from quadlaw.fit.exponents import theory_row
from quadlaw.models import PAPER
from quadlaw.sgd.problem import PowerLaw, problem_of
from quadlaw.sgd.schedules import Schedule, named
from quadlaw.sgd.schedules.cosine import Cosine
from quadlaw.sgd.schedules.polynomial import Polynomial
from quadlaw.sgd.schedules.stable_decay import StableDecay
from quadlaw.sgd.schedules.two_phase import TwoPhase
from quadlaw.studies import settings as keys
from quadlaw.theory import predicted_risk, rates, stability_edge
from quadlaw.theory.tuning import SAFE, coarse, least_risk

REPORT = (
    "9. Rivals and what came after",
    "Which decay of the step size is best, and does the last iterate lose a logarithm?",
)
TWO_PHASE, LINEAR, COSINE, POWER, STABLE = SHAPES = (
    "two-phase", "linear decay", "cosine", "power decay", "stable-decay",
)  # fmt: skip
POWERS = (0.7, 0.85, 1.0, 1.2)  # tried, in units of 2a - 1
FRACTIONS = (-2, -1, 0, 1)  # tried: powers of 2, in units of the predicted fraction
LATE = 2  # of the theory's numbers by T, the last ones, which give a range
MARGIN = 128.0  # how far from its power of T the best step size is looked for

Far = typed.several(
    typed.whole("Power of ten.", "must be a power of ten from 3 to 15", ge=3, le=15),
    "Powers of ten of the sample sizes of the theory.",
    "must list at least three powers of ten, in rising order, none twice", rising=True, least=3,
)  # fmt: skip
SMOKE = keys.SMALL | {
    "problems": [
        {"alpha": 5.0, "beta": 5.0},
        {"alpha": 2.0, "beta": 4.0},
        {"alpha": 4.0, "beta": 2.0},
    ],
    "far": [3, 4, 5],
}


class Settings(keys.Curves):
    """Shapes of the step size's decay, each at its best step size."""

    problems: keys.Problems = Field(description="Easy problems (beta >= alpha) and hard ones.")
    far: Far = [8, 12, 14]


def capacity(model: str, alpha: float, beta: float) -> float:
    """``a``: ``alpha`` of the linear model, ``(alpha + beta)/2`` of the quadratic one."""
    depth = rates.depth_of(model)
    return (alpha + (depth - 1) * beta) / depth


def decay_fraction(a: float, beta: float, samples: float) -> float:
    """``T^-(a - beta)/(2a - 1)``, and 1 for an easy task: the part of the run that decays."""
    return float(samples) ** -(max(0.0, a - beta) / (2 * a - 1))


def shapes(a: float, beta: float, samples: int) -> dict[str, Schedule]:
    """Schedules by name; the power decay from the start is the stable-decay one of easy tasks."""
    fixed = {TWO_PHASE: TwoPhase(), LINEAR: Polynomial(1), COSINE: Cosine()}
    best = {POWER: StableDecay(1.0, 2 * a - 1)}
    if beta < a:
        best[STABLE] = StableDecay(decay_fraction(a, beta, samples), 2 * a - 1)
    return fixed | best


def rows(settings: dict) -> pd.DataFrame:
    """One row a problem, model, ``T`` and shape, which is its ``setting``."""
    return pd.DataFrame(
        [
            one
            | {"replicates": own_replicates(settings, one), "model": model}
            | _place(one, T, settings) | {"setting": name, "schedule": shape.name}
            for one in settings["problems"]
            for model in PAPER
            for T in settings["samples"]
            for name, shape in shapes(capacity(model, **_pair(one)), one["beta"], T).items()
        ]
    ).assign(sigma=settings["sigma"], **IN_LEAPS)  # fmt: skip


def _pair(one: dict) -> dict:
    return {"alpha": one["alpha"], "beta": one["beta"]}


def _place(one: dict, samples: int, settings: dict) -> dict:
    """``T``, ``M`` and ``v_0`` by the paper's rules."""
    dimension = float(rates.effective_dimension("quadratic", **_pair(one), samples=samples))
    size = int(np.ceil(settings["size_factor"] * dimension))
    init = float(rates.initial_value(**_pair(one), dimension=dimension))
    return {"samples": samples, "model_size": size, "init": init}


def with_steps(rows: pd.DataFrame, settings: dict) -> pd.DataFrame:
    """The step size of the least theory risk of each row."""
    steps = [_best(row, named(row["schedule"])).step_size for row in rows.to_dict("records")]
    return rows.assign(step_size=steps)


def _best(row: dict, schedule: Schedule):
    """:class:`quadlaw.theory.tuning.TunedStep` of a row's setting under a schedule."""
    problem = problem_of(row)
    where = {key: row[key] for key in ("model_size", "samples", "init")}
    largest = _largest(row["model"], problem, row["model_size"])
    a, T = capacity(row["model"], **_pair(row)), row["samples"]
    low, high = (min(1.0, T ** _step_power(c, a, row["beta"])) for c in (min(a, 2), a))

    def risk_at(eta):
        options = where | {"step_size": eta, "growth": coarse(row["model"])}
        return predicted_risk(row["model"], problem, schedule=schedule, **options)

    return least_risk(risk_at, largest * min(1, high * MARGIN), largest * low / MARGIN)


def _step_power(c: float, a: float, beta: float) -> float:
    """The power of ``T`` of the best step size of a shape with the capacity ``c``."""
    return c / (1 + (beta - 1) / a * c) - 1


@cache
def _largest(model: str, problem: PowerLaw, size: int) -> float:
    return SAFE * stability_edge(problem, size, model)


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Curves: risks, and the theory's by decay; estimates: exponents, factors, the best decays."""
    runs, theory = tables["runs"], tables["theory"]
    found = [*exponents(runs, "sample exponent", window=settings["window"], theory=theory)]
    found += [*_losses(runs, theory, settings)]
    tried, far = _decays(settings), _far(settings)
    curves = [measured_curves(runs, theory).assign(part="risk"), tried, far]
    return stacked(one for one in curves if len(one)), table(
        [*found, *_best_decays(tried), *_far_powers(far)]
    )


def _losses(runs: pd.DataFrame, theory: pd.DataFrame, settings: dict):
    """Median risk over that of stable-decay at the largest ``T``, where the task is hard."""
    last = max(settings["samples"])
    risks = with_divergence(select(runs, samples=last)).groupby(SERIES)["risk"]
    known = select(theory, samples=last).set_index(SERIES)["theory"]
    for key, some in risks:
        best = (*key[:-1], STABLE)
        if best in known.index and key != best:
            values = [some.to_numpy(), risks.get_group(best).to_numpy()]
            ratio = interval(values, _median_ratio, paired=False)
            yield dict(zip(SERIES, key, strict=True)) | ratio | {
                "quantity": "risk over stable-decay", "theory": known[key] / known[best],
                "replicates": len(some), "method": IN_LEAPS["method"], "window_high": last,
            }  # fmt: skip


def _median_ratio(one: np.ndarray, other: np.ndarray) -> float:
    return np.median(one) / np.median(other)


def _cells(settings: dict) -> list[dict]:
    """Problems, models and sample sizes of the theory."""
    return [
        _pair(one) | {"model": model, "sigma": settings["sigma"]} | _place(one, 10**k, settings)
        for one in settings["problems"]
        for model in PAPER
        for k in settings["far"]
    ]


def _decays(settings: dict) -> pd.DataFrame:
    """The theory's risk by the power of the decay (easy tasks) or by its fraction (hard ones).

    On the border, ``beta = alpha``, the largest step and the noise limit at once: left out.
    """
    frames = []
    for cell in _cells(settings):
        a, beta = capacity(cell["model"], **_pair(cell)), cell["beta"]
        if beta > a:
            part, values = "power", (2 * a - 1) * np.array(POWERS)
            tried = [StableDecay(1.0, power) for power in values]
        elif beta < a:
            part = "fraction"
            values = decay_fraction(a, beta, cell["samples"]) * 2.0 ** np.array(FRACTIONS)
            values = values[values <= 1]
            tried = [StableDecay(fraction, 2 * a - 1) for fraction in values]
        else:
            continue
        risks = [_best(cell, schedule).risk for schedule in tried]
        frames.append(pd.DataFrame(cell | {"part": part, "value": values, "theory": risks}))
    return stacked(frames) if frames else pd.DataFrame()


def _best_decays(tried: pd.DataFrame):
    """The best power, and the exponent with which the best fraction of the run falls.

    The ranges are those of the largest ``T``.
    """
    keys_ = ["model", "alpha", "beta", "sigma", "part"]
    for key, some in tried.groupby(keys_ if len(tried) else []):
        best = pd.Series({T: lowest(one) for T, one in some.groupby("samples")}).sort_index()
        values, quantity = best, f"best {key[-1]}"
        if key[-1] == "fraction":
            log_T, log_best = np.log(best.index.to_numpy(float)), np.log(best.to_numpy())
            values, quantity = (
                pd.Series(-np.diff(log_best) / np.diff(log_T)),
                f"{quantity} exponent",
            )
        yield _range(key, quantity, values, best.index)


def lowest(tried: pd.DataFrame) -> float:
    """Where ``theory`` is least: of a parabola in ``log value`` through the three lowest points."""
    tried = tried.sort_values("value")
    middle = int(np.clip(tried["theory"].to_numpy().argmin(), 1, len(tried) - 2))
    near = tried.iloc[middle - 1 : middle + 2]
    curve, slope, _ = np.polyfit(np.log(near["value"]), np.log(near["theory"]), 2)
    return float(np.exp(-slope / (2 * curve)))


def _far(settings: dict) -> pd.DataFrame:
    """The theory's risk of each shape, easy tasks."""
    frames = []
    for cell in _cells(settings):
        a = capacity(cell["model"], **_pair(cell))
        if cell["beta"] >= a:
            some = shapes(a, cell["beta"], cell["samples"])
            risks = [_best(cell, schedule).risk for schedule in some.values()]
            frames.append(pd.DataFrame(cell | {"setting": list(some), "theory": risks}))
    return stacked(frames).assign(part="far") if frames else pd.DataFrame()


def _far_powers(far: pd.DataFrame):
    """Between neighbouring ``T``: each shape's exponent; ``p`` of ``risk of halvings / risk of the
    power decay ~ (log T)^p``.
    """
    for key, some in far.groupby(["model", "alpha", "beta", "sigma"] if len(far) else []):
        wide = some.pivot(index="samples", columns="setting", values="theory")
        log_T = np.log(wide.index.to_numpy(float))
        for name, risks in wide.items():
            values = pd.Series(-np.diff(np.log(risks)) / np.diff(log_T))
            yield _range((*key, name), "local exponent", values, wide.index) | {"against": "T"}
        values = np.diff(np.log(wide[TWO_PHASE] / wide[POWER])) / np.diff(np.log(log_T))
        name = f"{TWO_PHASE} over {POWER}"
        yield _range((*key, name), "power of the logarithm", pd.Series(values), wide.index)


def _range(key: tuple, quantity: str, values: pd.Series, samples: pd.Index) -> dict:
    """The last of the theory's numbers, with the range of the late ones."""
    series = dict(zip(SERIES, key, strict=True))
    window = {"window_low": samples[-LATE - 1], "window_high": samples[-1]}
    found = theory_row(values.iloc[-1], values.iloc[-LATE:])
    return series | {"quantity": quantity} | found | window
