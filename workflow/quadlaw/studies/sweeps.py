"""Sweeps: studies whose step sizes are chosen by simulation, on pilots that are not reported.

A sweep runs both models, at every constant ``c`` of a grid, ``eta = c D^p``, on shared streams.
"""

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field, model_serializer, model_validator

from quadlaw.base import typed
from quadlaw.fit.curves import SERIES, choose_steps, curves, paired_ratio, reported, with_divergence
from quadlaw.fit.designs import LANE_LABELS, rule_lane
from quadlaw.studies import settings as keys
from quadlaw.theory import rates

Constants = typed.several(
    keys.positive("Constant of the step size."), "Constants c of the step size c * D^p.",
    "must list at least one constant, none twice",
)  # fmt: skip
ModelSizes = typed.several(
    keys.ModelSize, "Model sizes; null for one of ceil(size_factor * D(T)).",
    "must be null or list at least one model size, in rising order, none twice", rising=True,
)  # fmt: skip
LARGEST = 10**6
RATIO = "linear/quadratic"


class StepConstants(typed.Settings):
    """Constants of the step size, for each model that is to run."""

    quadratic: Constants | None = None
    linear: Constants | None = None

    @model_validator(mode="after")
    def _some(self):
        typed.demand(
            bool(self.model_dump()), "", self.model_dump(),
            "must name at least one of quadratic, linear",
        )  # fmt: skip
        return self

    @model_serializer(mode="wrap")
    def _said(self, handler: Any) -> dict:
        return {key: value for key, value in handler(self).items() if value is not None}


class SweepSettings(typed.Settings):
    """What all sweeps have."""

    problems: keys.Problems
    samples: keys.SampleSizes
    model_sizes: ModelSizes | None = None
    size_factor: keys.SizeFactor = 4
    step_constants: StepConstants = Field(description=StepConstants.__doc__)
    init_scales: keys.starts() = [0.5]
    replicates: keys.Replicates = 16
    pilots: keys.Pilots = 4
    window: keys.Window

    @model_validator(mode="after")
    def _related(self):
        fewest = min(one.replicates or self.replicates for one in self.problems)
        reason = "at least two replicates must remain"
        typed.demand(fewest - self.pilots >= 2, "pilots", self.pilots, reason)
        for one in self.problems:
            size = max(sizes_of(self.model_dump(), one.alpha, one.beta, max(self.samples)))
            problem = one.model_dump()
            reason = f"D(T) of {problem} asks for a model of {size} coordinates, beyond 10^6"
            typed.demand(size <= LARGEST, "size_factor", self.size_factor, reason)
        self.check_axis()
        return self

    def check_axis(self) -> None:
        """The fit is against ``T``, with one model size for each."""
        sizes = self.model_sizes
        reason = "a fit against T needs one model size for each T"
        typed.demand(sizes is None or len(sizes) == 1, "model_sizes", sizes, reason)
        keys.check_window(self.window, self.samples, "samples")
        keys.check_samples_window(self.window, self.samples)


def sizes_of(settings: dict, alpha: float, beta: float, samples: int) -> list[int]:
    """Sizes listed, or else one of ``ceil(size_factor * D(T))`` for the quadratic model's ``D``."""
    if settings["model_sizes"]:
        return settings["model_sizes"]
    dimension = rates.effective_dimension("quadratic", alpha, beta, samples)
    return [int(np.ceil(settings["size_factor"] * dimension))]


def rows(settings: dict) -> pd.DataFrame:
    """Model x model size x step constant x initial scale, at every problem and ``T``."""
    grid = product(settings["problems"], settings["samples"])
    lanes = [lane for one, T in grid for lane in _point(one, T, settings)]
    columns = [*LANE_LABELS, "alpha", "beta", "samples", "replicates"]
    return pd.DataFrame(lanes, columns=columns).assign(
        sigma=settings["sigma"], schedule=settings["schedule"]
    )


def _point(one: dict, samples: int, settings: dict) -> Iterator[tuple]:
    alpha, beta = one["alpha"], one["beta"]
    sizes, scales = sizes_of(settings, alpha, beta, samples), settings["init_scales"]
    labels = alpha, beta, samples, one.get("replicates", settings["replicates"])
    for model, constants in settings["step_constants"].items():
        for size, constant, scale in product(sizes, constants, scales):
            yield *rule_lane(model, alpha, beta, samples, size, constant, scale), *labels


def chosen(
    tables: dict, settings: dict, axis: str = "samples"
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Replicates that are no pilots, at all admissible constants; the curves; the theory there.

    ``step_factor`` of runs and theory is 1 at the constants that were chosen. Curves have the label
    ``part``, ``risk``, and the column ``theory``.
    """
    pilots, theory = settings["pilots"], tables["theory"]
    steps = choose_steps(tables["runs"], pilots, axis, tuple(settings["window"]))
    best = steps.loc[steps["chosen"], [*SERIES, "step_constant"]]
    best = best.rename(columns={"step_constant": "best"})
    runs, theory = (
        some.merge(best, on=SERIES).assign(
            step_factor=lambda both: both["step_constant"] / both["best"], setting=setting_of
        )
        for some in (reported(tables["runs"], steps, pilots), theory)
    )
    drawn = curves(runs)
    keys = [*SERIES, "step_constant", "samples", "model_size"]
    drawn = drawn.merge(theory[[*keys, "theory"]], on=keys, how="left", validate="1:1")
    return runs, drawn.assign(part="risk"), theory


def setting_of(frame: pd.DataFrame) -> list[str]:
    """The initial value, as tables of estimates say it."""
    return [f"v_0 scale {scale:g}" for scale in frame["init_scale"]]


def choice(runs: pd.DataFrame) -> dict:
    """How the chosen step constants came out; of two models, the worse."""
    runs = runs[runs["chosen"]]
    constants = runs["step_constant"].unique()
    return {
        "step_constant": constants[0] if len(constants) == 1 else np.nan,
        "step_at_edge": runs["at_edge"].any(),
        "diverged_share": np.isinf(runs["risk"]).groupby(runs["model"]).mean().max(),
    }


def labelled(rows: list[dict], runs: pd.DataFrame, keys: list[str], predict: Any) -> list[dict]:
    """Estimates with their prediction and with the step constants that runs took."""
    choices = {key: (choice(some), some) for key, some in runs.groupby(keys)}
    result = []
    for row in rows:
        how, some = choices[tuple(row[key] for key in keys)]
        scale = {"init_scale": some["init_scale"].iloc[0], "predicted": predict(row)}
        result.append(row | how | scale)
    return result


def theory_ratios(theory: pd.DataFrame) -> pd.DataFrame:
    """The theory's ratio of linear to quadratic risk at the chosen constants."""
    chosen = theory[theory["step_factor"] == 1]
    keys = [*SERIES[1:4], "setting", "samples", "model_size"]
    wide = chosen.pivot(index=keys, columns="model", values="theory")
    ratio = (wide["linear"] / wide["quadratic"]).rename("theory")
    return ratio.reset_index().assign(model=RATIO)


def of_sweep(runs: pd.DataFrame, curves: pd.DataFrame, settings: dict) -> dict:
    """``reported`` and ``predicted`` for a study that uses a sweep's runs.

    Its runs that are no pilots at the step sizes of its ``curves``, and the theory there.
    """
    curves = curves[curves["part"] == "risk"]
    kept = [*SERIES, "step_constant"]
    best = curves[kept].drop_duplicates().assign(chosen=True)
    rest = with_divergence(runs[runs["replicate"] >= settings["pilots"]])
    setting = ["samples", "model_size", "step_size", "init"]
    predicted = curves[[*SERIES, *setting, "theory"]].rename(columns={"theory": "risk"})
    return {"reported": rest.merge(best, on=kept), "predicted": predicted}


def pairs(runs: pd.DataFrame) -> pd.DataFrame:
    """Paired ratios of the chosen constants, as runs of which exponents are fitted."""
    both = paired_ratio(runs)
    return both.assign(
        model=RATIO, setting=setting_of(both), excess_risk=both["ratio"], step_factor=1.0
    )
