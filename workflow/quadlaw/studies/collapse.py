"""Risk over the plane of model size and sample size: one form, up to constants.

What the main theorem of Ding et al. 2025 (arXiv 2502.09106) says of a risk, as an upper bound that
hides constants and logarithms, is the order of

    F = min(M, D)^-(beta - 1) + sigma^2 min(M, D) / T',    D = T'^(1/s),

with ``T' = T / log2 T`` for the logarithms. Nothing in it is fitted. Risk is of this order if its
logarithm has slope 1 on that of ``F`` over the whole plane, and if ``risk / F``, the constant that
the theorem leaves open, stays within a narrow band. The *width* of the band is ``log2`` of the
largest over the smallest of them; it is that of medians, whose noise only raises it.

The literal form of the bound, ``M^-(beta - 1) + D^-(beta - 1) 1{D < M} + ...``, is the same up to a
factor of two, by which it jumps at ``M = D``: it counts the part beyond ``M`` twice. It is shown.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from quadlaw.base import typed
from quadlaw.base.tables import select
from quadlaw.fit.curves import measured_curves, with_divergence
from quadlaw.fit.estimates import SERIES, interval, table
from quadlaw.theory import rates
from quadlaw.theory.rates import natural_clock

SMOKE = {}
USES = "model_scaling"
REPORT = (
    "6. Limits and broken assumptions",
    "Is risk over the plane of model size and sample size of the order of the bound, up to "
    "constants?",
)


class Settings(typed.Settings):
    """The bound's order over the plane of M and T."""


PLANE = ["samples", "model_size"]


def order(model: str, alpha: float, beta: float, sigma: float, samples, size):
    """``min(M, D)^-(beta - 1) + sigma^2 min(M, D) / T``, all constants one."""
    held = rates.effective_dimension(model, alpha, beta, samples, size)
    return held ** -(beta - 1) + sigma**2 * held / samples


FORMS = {"up to constants": order, "literal form of the bound": rates.risk_form}


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Medians over the plane beside the theory and both forms; slopes and widths of each form.

    ``form`` and ``literal`` have the constant that is the middle of their bands.
    """
    runs = with_divergence(tables["runs"])
    medians = measured_curves(tables["runs"], tables["theory"])
    frames, rows = [], []
    for key, some in medians.groupby(SERIES):
        series = dict(zip(SERIES, key, strict=True))
        forms = [log_form(of, some, series) for of in FORMS.values()]
        middles = [np.exp(one + middle(np.log(some["risk"]) - one)) for one in forms]
        frames.append(
            some.assign(
                **dict(zip(("form", "literal"), middles, strict=True)),
                dimension=rates.effective_dimension(*key[:3], natural_clock(some["samples"])),
            )
        )
        rows += _estimates(select(runs, **series), some, series)
    return pd.concat(frames, ignore_index=True), table(rows)


def log_form(of: Callable, plane: pd.DataFrame, series: dict) -> np.ndarray:
    """The logarithm of a form at the settings of a plane."""
    problem = [series[key] for key in ("model", "alpha", "beta", "sigma")]
    clock = natural_clock(plane["samples"].to_numpy())
    return np.log(of(*problem, clock, plane["model_size"].to_numpy(float)))


def slope(log_form: np.ndarray, log_risk: np.ndarray) -> float:
    """Of the logarithm of the risk on that of the form."""
    return float(np.polyfit(log_form, log_risk, 1)[0])


def width(log_form: np.ndarray, log_risk: np.ndarray) -> float:
    """``log2`` of the largest over the smallest ``risk / form``."""
    return float(np.ptp(log_risk - log_form) / np.log(2))


def middle(log_ratio: np.ndarray) -> float:
    """Of the band."""
    return (log_ratio.min() + log_ratio.max()) / 2


def _estimates(runs: pd.DataFrame, medians: pd.DataFrame, series: dict) -> list[dict]:
    """Both quantities of both forms, of one problem and model.

    All sizes at one ``T`` share their samples, so that the bootstrap draws replicates as a whole,
    and independently at every ``T``.
    """
    plane = runs.pivot(index=PLANE, columns="replicate", values="risk")
    where = plane.index.to_frame(index=False)
    known = np.log(medians.set_index(PLANE)["theory"][plane.index].to_numpy())
    log_risks = [np.log(one.to_numpy()) for _, one in plane.groupby(level="samples")]
    every = [np.arange(one.shape[1]) for one in log_risks]

    def drawn(*replicates):
        pairs = zip(log_risks, replicates, strict=True)
        return np.concatenate([np.median(risk[:, columns], axis=1) for risk, columns in pairs])

    kept = series | {"points": len(plane), "diverged_share": runs["diverged"].mean()}
    forms = {name: log_form(of, where, series) for name, of in FORMS.items()}
    quantities = {"collapse slope": slope, "width of the band": width}
    return [
        kept | {"quantity": quantity, "setting": name, "theory": of(form, known)}
        | interval(every, lambda *some, of=of, form=form: of(form, drawn(*some)), paired=False)
        for name, form in forms.items()
        for quantity, of in quantities.items()
    ]  # fmt: skip
