"""How small "sufficiently small" is: risk against the quadratic model's initial value.

A coordinate that starts far above its target shrinks as ``du/dt = -2 eta lambda_i u^2``, to
``min(v_0^2, 1 / (2 eta lambda_i T))``. Those beyond ``I = (2 eta T v_0^2)^(1/alpha)`` have not
moved and cost

    v_0^4 sum_{i > I} lambda_i  ~  v_0^(2 + 2/alpha) (eta T)^-(1 - 1/alpha);

those between ``D`` and ``I`` cost as much, up to a constant. For ``alpha < beta``, where
``eta ~ D^((alpha - beta)/2)`` and ``D = T^(1/beta)``, so that ``eta T = D^((alpha + beta)/2)``:

* *a fixed* ``v_0`` has the exponent ``(1 - 1/alpha)(alpha + beta)/(2 beta)`` as soon as ``v_0^2``
  lies well above ``w*_D``. It takes a model larger than ``I``, which grows faster than ``D``: in a
  model of ``M = k D`` every coordinate shrinks in the end, and the paper's exponent comes back;
* *the largest* ``v_0`` that does no harm balances this cost with ``D^-(beta - 1)``, at
  ``v_0^2 ~ D^((alpha - beta)/2) = w*_D``.

*Too large a value* costs a factor that the theory knows, for ``alpha < beta``. For ``alpha > beta``
targets rise, and a larger value is closer to most of them, until runs diverge.

Too small a value costs ``log(1/v_0)`` of the adaptation time. Only ``v_0`` varies: step sizes are
those of ``v_0 = sqrt(min(1, w*_D)) / 2``.
"""

import numpy as np
import pandas as pd
from pydantic import model_validator

from quadlaw.base import typed
from quadlaw.base.tables import select, stacked
from quadlaw.fit import designs
from quadlaw.fit.curves import measured_curves, with_divergence
from quadlaw.fit.designs import IN_LEAPS, IN_STEPS, TOGETHER, curve_rows, predicted
from quadlaw.fit.estimates import ends, exponents, log_ratio, resampled, table
from quadlaw.fit.exponents import theory_row
from quadlaw.fit.fitting import curve_exponent
from quadlaw.sgd.problem import PowerLaw, problem_of
from quadlaw.studies import settings as keys
from quadlaw.theory import rates
from quadlaw.theory.asymptotics import decades

SMOKE = keys.SMALL | {
    "init_scales": [0.1, 0.5, 1.0, 2.0, 4.0],
    "fixed": {"size_factor": 4},
    "decades": [3, 9],
}
REPORT = (
    "5. Step sizes and schedules",
    "How large may the initial value be, and what does it cost if it is larger?",
)


class Fixed(typed.Settings):
    """One initial value for all T, and the size of the models that have it."""

    init: keys.Init
    size_factor: keys.SizeFactor


class Settings(keys.Curves):
    """Initial values."""

    problems: keys.Pairs
    init_scales: keys.starts(3)
    fixed: Fixed
    decades: keys.Decades

    @model_validator(mode="after")
    def _compared(self):
        scales = self.init_scales
        reason = f"must hold {USUAL}, the usual one, and a larger one, which is compared with it"
        typed.demand(USUAL in scales and max(scales) > USUAL, "init_scales", scales, reason)
        return self


LARGE = "log risk at a large start over the usual one, over theory's"
USUAL = 0.5  # the v_0 scale of the other figures
KEEPS = 1.1  # a value keeps the risk up to this factor of the least
VARIED, SIZED, LARGEST = "varied", "sized", "largest"  # parts of the table of curves


def rows(settings: dict) -> pd.DataFrame:
    """Rows with the labels ``part`` and ``setting``.

    ``varied``: many initial values, in units of ``sqrt(min(1, w*_D))``. ``sized``: the usual one
    beside one that is the same for all ``T``, in larger models, for ``alpha < beta``.
    """
    frames = []
    for one in settings["problems"]:
        varied = _scaled(_rows(one, settings), settings["init_scales"], VARIED)
        frames.append(varied.assign(**IN_STEPS))
        if one["alpha"] < one["beta"]:
            frames.append(_sized(one, settings))
    return stacked(frames)


def _problems(settings: dict) -> list[PowerLaw]:
    return [problem_of(settings | one) for one in settings["problems"]]


def _rows(one: dict, settings: dict) -> pd.DataFrame:
    return curve_rows(settings, one, "quadratic", init_scale=USUAL)


def _scaled(rows: pd.DataFrame, scales: list[float], part: str) -> pd.DataFrame:
    """The same rows at several initial values."""
    return stacked(
        rows.assign(
            init=rows["init"] * (scale / USUAL), init_scale=scale,
            setting=f"v_0 scale {scale:g}", part=part,
        )
        for scale in scales
    )  # fmt: skip


def _sized(one: dict, settings: dict) -> pd.DataFrame:
    """The usual initial value and a fixed one, in leaps, in models of another ``size_factor``."""
    init = settings["fixed"]["init"]
    more = {"size_factor": settings["fixed"]["size_factor"], "replicates": 8 * TOGETHER}
    rows = _rows(one, settings | more)
    fixed = rows.assign(init=init, init_scale=np.nan, setting=f"v_0 = {init:g}", part=SIZED)
    return stacked([_scaled(rows, [USUAL], SIZED), fixed]).assign(**IN_LEAPS)


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Median risk by ``v_0`` and ``T``; the largest ``v_0^2`` that keeps it; exponents."""
    runs, theory = tables["runs"], tables["theory"]
    rows = list(
        exponents(
            runs[runs["part"] == SIZED], "sample exponent", window=settings["window"],
            theory=theory[theory["part"] == SIZED],
        )
    )  # fmt: skip
    curves = [measured_curves(runs, theory)]
    for problem in _problems(settings):
        rows.append(_large(_of(problem, runs), _of(problem, theory)) | _labels(problem, ""))
        if problem.alpha < problem.beta:
            simulated = _of(problem, runs), _of(problem, theory)
            for points, row in (_simulated(*simulated), _beyond(problem, settings)):
                labels = _labels(problem, row["setting"])
                curves.append(points.assign(**labels, part=LARGEST))
                rows.append(row | labels)
    return stacked(curves), table(rows)


def _of(problem: PowerLaw, frame: pd.DataFrame) -> pd.DataFrame:
    """A problem's rows of varied initial values."""
    return select(frame, alpha=problem.alpha, beta=problem.beta, part=VARIED)


def _labels(problem: PowerLaw, setting: str) -> dict:
    named = {"model": "quadratic", "alpha": problem.alpha, "beta": problem.beta}
    return named | {"sigma": problem.sigma, "setting": setting}


def _large(runs: pd.DataFrame, theory: pd.DataFrame) -> dict:
    """The risk at the largest start of which there is a theory, beside the usual one's.

    At the largest ``T``, on the same samples.
    """
    runs, T = with_divergence(runs), runs["samples"].max()
    known = select(theory, samples=T).dropna(subset="theory").set_index("init_scale")["theory"]
    scales = known.index.max(), USUAL
    values = [
        select(runs, samples=T, init_scale=scale).sort_values("replicate")["risk"].to_numpy()
        for scale in scales
    ]
    ratio = known[scales[0]] / known[scales[1]]
    return log_ratio(*values, ratio, paired=True) | {"quantity": LARGE}


def largest(inits: np.ndarray, risks: np.ndarray) -> float:
    """The largest initial value whose risk is at most ``KEEPS`` times the least.

    Interpolated in logarithms; nan if the last one still keeps the risk.
    """
    bound = KEEPS * np.min(risks)
    last = np.flatnonzero(risks <= bound)[-1]
    if last == len(inits) - 1:
        return np.nan
    below, above = np.log(risks[last : last + 2])
    share = (np.log(bound) - below) / (above - below)
    return float(inits[last] * (inits[last + 1] / inits[last]) ** share)


def _simulated(runs: pd.DataFrame, theory: pd.DataFrame) -> tuple[pd.DataFrame, dict]:
    """The largest ``v_0^2`` by medians, and its exponent in ``w*_D``."""
    keys = ["samples", "init"]
    wide = with_divergence(runs).pivot(index=keys, columns="replicate", values="risk")
    grids = [
        (some.index.get_level_values("init").to_numpy(), some.to_numpy())
        for _, some in wide.groupby("samples")
    ]

    def squares(chosen):
        return np.array([largest(v, np.median(r[:, chosen], axis=1)) ** 2 for v, r in grids])

    points = _squares(theory, "theory").rename(columns={"largest": "theory"})
    draws, target = resampled(wide.shape[1], squares), points["target"]
    slopes = np.array([_exponent(target, draw) for draw in draws])
    points = points.assign(largest=squares(np.arange(wide.shape[1])), **ends(draws, wide.shape[1]))
    row = {"estimate": _exponent(target, points["largest"])} | ends(slopes, wide.shape[1])
    return points, _summary(points, "simulated") | row | {
        "theory": _exponent(target, points["theory"])
    }


def _beyond(problem: PowerLaw, settings: dict) -> tuple[pd.DataFrame, dict]:
    """The same by theory at more ``T``; the range is that of local exponents."""
    first, last = settings["decades"]
    samples = decades(first, last, max(0.5, 2 / (last - first)))  # three at least
    one = {"alpha": problem.alpha, "beta": problem.beta}
    rows = _scaled(_rows(one, settings | {"samples": samples}), settings["init_scales"], VARIED)
    points = _squares(predicted(designs.with_steps(rows)), "theory")
    local = np.diff(np.log(points["largest"])) / np.diff(np.log(points["target"]))
    slope = _exponent(points["target"], points["largest"])
    row = _summary(points, "theory") | theory_row(slope, local)
    return points.assign(theory=points["largest"]), row


def _squares(theory: pd.DataFrame, value: str) -> pd.DataFrame:
    """``samples``, ``target`` (``w*_D``) and the largest ``v_0^2`` of the theory's risks."""
    rows = []
    for T, some in theory.dropna(subset=value).sort_values("init").groupby("samples"):
        alpha, beta = some.iloc[0][["alpha", "beta"]]
        target = rates.effective_dimension("quadratic", alpha, beta, T) ** ((alpha - beta) / 2)
        found = largest(some["init"].to_numpy(), some[value].to_numpy()) ** 2
        rows.append({"samples": T, "target": target, "largest": found})
    return pd.DataFrame(rows)


def _exponent(target, squares) -> float:
    return curve_exponent(target, squares, (0.0, np.inf))


def _summary(points: pd.DataFrame, setting: str) -> dict:
    span = {"window_low": points["target"].min(), "window_high": points["target"].max()}
    named = {"quantity": "largest initial value exponent", "against": "w*_D", "setting": setting}
    return named | span | {"points": len(points)}
