"""Two ReLU units a coordinate, ``f = sum_i a_i relu(b_i x_i) - a'_i relu(-b'_i x_i)``.

From balanced starts ``a = b``, ``a' = b'`` this is the quadratic model on ``max(x, 0)`` and
``min(x, 0)``: weights ``w+`` and ``w-``, each of which sees the samples of its own sign. Given the
sign, ``x`` has the same size as without it, so that ``w+`` moves as the quadratic model's weight
does, but on half of the steps. If the units err independently, all risks add up as there:

* coordinates take twice as long to grow, ``eta t_i = log(w*_i / v_0^2 - 1) / (lambda_i w*_i)``;
* the risk after ``T`` samples is the quadratic model's after ``T / 2``;
* of ``f = w x + g |x|``, ``w = (w+ + w-) / 2`` and ``g = (w+ - w-) / 2``, the kink ``g`` has half
  of the variance of ``w+``: it costs ``sum_i lambda_i Var(w_i) / 2``.

This is the theory drawn: the quadratic model's mean field. What it leaves out is that kinks have a
mean, ``E |x_i| = sqrt(2 lambda_i / pi)``, and so see one another: ``E |x| |x|' = K = (1 - 2/pi)
diag(lambda) + (2/pi) q q'``, ``q_i = sqrt(lambda_i)``. Near the target, with ``P = diag(w*)``,

    dg = - eta P K g dt + noise of covariance eta^2 S P K P dt,

whose stationary covariance is ``eta S P / 2``: at a constant step the units *do* err independently.
When the step size falls, the direction in common follows at once and the others more slowly than
one by one. In the eigenbasis of ``P^1/2 K P^1/2``, with eigenvalues ``a_k``, each mode relaxes by
itself to ``eta S / 2`` at the rate ``2 eta a_k`` and costs ``a_k`` times that (``common_kink``).

``part`` of the curves: ``risk`` and ``kink`` against ``T``; ``growth``, times by ``place``, the
coordinate; ``risk over time`` and ``kink over time``, where ``place`` is the step.
"""

from functools import partial
from itertools import pairwise

import numpy as np
import pandas as pd
from pydantic import Field

from quadlaw.base.tables import select, stacked
from quadlaw.fit import points
from quadlaw.fit.curves import measured_curves
from quadlaw.fit.designs import curve_rows, or_missing, trajectory_grid
from quadlaw.fit.estimates import exponents, interval, table
from quadlaw.fit.fronts import SEEN, growth_fits
from quadlaw.fit.points import replicates_of
from quadlaw.sgd.problem import Spectrum, problem_of
from quadlaw.sgd.schedules import named
from quadlaw.sgd.schedules.two_phase import TwoPhase
from quadlaw.sgd.train import Group, diverged
from quadlaw.studies import phase_transition
from quadlaw.studies import settings as keys
from quadlaw.theory import MeanField, mean_field

SMOKE = keys.SMALL | {
    "step_factors": [0.5, 1.0],
    "growth": {
        "samples": 8192,
        "model_size": 16,
        "coordinates": 16,
        "times": 60,
        "replicates": 6,
        "window": [1, 6],
    },
}
REPORT = (
    "8. Beyond the paper",
    "Do ReLU units show the two phases and the exponents of the quadratic model?",
)


class Settings(keys.Curves):
    """Two ReLU units a coordinate."""

    step_factors: keys.StepFactors = [1.0]
    growth: phase_transition.Settings = Field(
        description="Runs followed over time, for growth times and for what the kink costs."
    )


MODELS = ("relu", "quadratic")
RISK, KINK, GROWTH = "risk", "kink", "growth"
OVER_TIME = {RISK: "risk over time", KINK: "kink over time"}
HALVES = {"relu": 2, "quadratic": 1}  # of the samples, one is seen by each weight
OTHERS = 24  # replicates, at most, of the step sizes that are drawn and not claimed


def rows(settings: dict) -> pd.DataFrame:
    """Rows of two parts: risks against ``T``, and runs that are followed over time."""
    risks = [_risks(one, settings) for one in settings["problems"]]
    followed = [_followed(one, settings) for one in settings["growth"]["problems"]]
    return stacked([*risks, *followed]).assign(setting="")


def _risks(one: dict, settings: dict) -> pd.DataFrame:
    """The quadratic model's settings, at its step size and around it."""
    rows = curve_rows(settings, one, "quadratic")
    other = rows["step_factor"] != 1
    rows["replicates"] = rows["replicates"].where(~other, rows["replicates"].clip(upper=OTHERS))
    both = stacked(rows.assign(model=name) for name in MODELS)
    return both.assign(part=RISK, coordinates=0, times=0)


def _followed(one: dict, settings: dict) -> pd.DataFrame:
    row = phase_transition.followed(settings["growth"], one)
    row.pop("step_constant")
    return pd.DataFrame([row | {"model": name} for name in MODELS]).assign(
        part=GROWTH, sigma=settings["sigma"], schedule=TwoPhase().name, step_factor=1.0
    )


# --- what is simulated ----------------------------------------------------------------------------


def run_point(point: dict, seed: int, dtype: str, listed: Spectrum | None = None) -> pd.DataFrame:
    """Risks and kinks at the end; of runs that are followed, over time, and growth times."""
    first = point["lanes"][0]
    last = first["part"] == RISK
    coordinates, times = ([], [point["samples"]]) if last else trajectory_grid(point | first)
    adaptation, tables = named(point["schedule"]).adaptation_steps(point["samples"]), []
    with np.errstate(over="ignore", invalid="ignore"):
        for replicate in replicates_of(point):
            rows, grown = [], {}
            looks = points.trained(point, seed, dtype, replicate, [int(t) for t in times], listed)
            for time, groups in looks:
                rows += [_look(group, time, last) for group in groups]
                for group in groups if time <= adaptation else []:
                    here = np.where(group.grown(), time, np.inf)
                    grown[group] = np.minimum(grown.get(group, np.inf), here)
            rows += [_growth(group, grown[group], i) for group in groups for i in coordinates]
            tables.append(stacked(rows).assign(replicate=replicate))
    return stacked(tables).assign(**points.labels_of(point), adapted=0)


def _look(group: Group, time: int, last: bool) -> pd.DataFrame:
    """The risk of each lane's predictor and, if it can have one, that of its kink."""
    risks = {RISK: group.excess_risk()}
    if group.model.kink is not None:
        risks[KINK] = group.kink_risk()
    bad = diverged(risks[RISK], group.view.spectrum.tail[0])
    labels = {"learned": group.grown().sum(axis=1), "diverged": bad}
    return stacked(
        group.lanes.assign(
            part=part if last else OVER_TIME[part], place=0 if last else time, excess_risk=risk,
            **labels,
        )
        for part, risk in risks.items()
    )  # fmt: skip


def _growth(group: Group, grown: np.ndarray, coordinate: int) -> pd.DataFrame:
    """After how many steps of the first phase a coordinate has grown, as ``excess_risk``."""
    return group.lanes.assign(
        part=GROWTH, place=coordinate, excess_risk=grown[:, coordinate - 1], learned=0,
        diverged=False,
    )  # fmt: skip


# --- what is predicted ----------------------------------------------------------------------------


def predicted(design: pd.DataFrame) -> pd.DataFrame:
    """The theory of every curve, with its labels ``part`` and ``place``."""
    return stacked(map(_theory, design.to_dict("records")))


def _theory(row: dict) -> pd.DataFrame:
    if row["part"] == RISK:
        risk, kink = _mean_field(row, np.array([row["samples"]]))
        row = row | {"common": common_kink(row) if row["model"] == "relu" else np.nan}
        parts = {RISK: (0, risk), KINK: (0, kink)}
    else:
        coordinates, times = trajectory_grid(row)
        risk, kink = _mean_field(row, times)
        parts = {OVER_TIME[RISK]: (times, risk), OVER_TIME[KINK]: (times, kink)}
        speed = coordinates ** (-(row["alpha"] + row["beta"]) / 2) * row["step_size"]
        delay = HALVES[row["model"]] * growth_delay(coordinates, row) / (2 * speed)
        parts[GROWTH] = (coordinates, delay)
    return stacked(
        pd.DataFrame({"place": place, "theory": value}).assign(**(row | {"part": part}))
        for part, (place, value) in parts.items()
        if row["model"] == "relu" or KINK not in part
    )  # fmt: skip


def common_kink(row: dict) -> float:
    """What kinks cost that see one another; coordinates stay where the first phase left them."""
    index, half = np.arange(1, row["model_size"] + 1), row["samples"] // HALVES["relu"]
    schedule = named(row["schedule"])
    try:
        field = _solved(row, [schedule.adaptation_steps(half), half])
    except ValueError:
        return np.nan
    nodes = select(field.coordinates, time=field.coordinates["time"].min())
    weights = np.exp(np.interp(np.log(index), np.log(nodes["index"]), np.log(nodes["mean"])))
    q = np.sqrt(weights * index ** -row["alpha"])
    modes = np.linalg.eigvalsh((1 - 2 / np.pi) * np.diag(q**2) + 2 / np.pi * np.outer(q, q))
    factors, clock = schedule.factor(np.arange(row["samples"]), row["samples"]), field.trajectory
    ends = [0, *np.flatnonzero(np.diff(factors)) + 1, row["samples"]]
    spread = np.zeros_like(modes)
    for start, end in pairwise(ends):
        eta, middle = row["step_size"] * factors[start], (start + end) / 2 / HALVES["relu"]
        risk = np.interp(middle, clock["time"], clock["excess_risk"])
        rest = eta * (risk + row["sigma"] ** 2) / 2
        spread = rest + (spread - rest) * np.exp(-2 * eta * (end - start) * modes)
    return float(modes @ spread)


def _solved(row: dict, times: list[int]) -> MeanField:
    """The mean field of the steps that each weight sees, at ``times`` of them."""
    return mean_field(
        problem_of(row), model_size=row["model_size"],
        samples=row["samples"] // HALVES[row["model"]], step_size=row["step_size"],
        init=row["init"], schedule=named(row["schedule"]), times=times,
    )  # fmt: skip


def growth_delay(coordinates, row) -> np.ndarray:
    """``log(w*_i / v_0^2 - 1)``, missing where that is no growth."""
    target = np.asarray(coordinates, float) ** ((row["alpha"] - row["beta"]) / 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        delay = np.log(target / row["init"] ** 2 - 1)
    return np.where(delay > 0, delay, np.nan)


def _mean_field(row: dict, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Risk and, for two independent units, what the kink costs; missing where theory refuses."""
    half = HALVES[row["model"]]
    field = or_missing(row, partial(_solved, row, np.unique(times // half).tolist()), None)
    if field is None:
        return np.full(len(times), np.nan), np.full(len(times), np.nan)
    nodes = field.coordinates
    spread = nodes["count"] * nodes["index"] ** -row["alpha"] * nodes["variance"] / 2
    kink = spread.groupby(nodes["time"]).sum()
    known = (field.trajectory["time"], field.trajectory["excess_risk"]), (kink.index, kink)
    return tuple(np.interp(times / half, x, y) for x, y in known)


# --- what is measured -----------------------------------------------------------------------------


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Curves of all parts beside the theory, and what is claimed of them."""
    runs, theory = tables["runs"], tables["theory"]
    risks, known = (select(some, part=RISK) for some in (runs, theory))
    window = settings["window"]
    rows = [*exponents(risks, "sample exponent", window=window, theory=known)]
    for part, name in ((RISK, "theory"), (KINK, "theory"), (KINK, "common")):
        rows += _over_theory(part, name, select(runs, part=part), select(theory, part=part), window)
    rows += _growth_rows(select(runs, part=GROWTH), settings["growth"]["window"])
    curves = measured_curves(runs, theory)
    keys = ["part", "place", "model", "alpha", "beta", "samples", "step_factor"]
    return curves.merge(theory[[*keys, "common"]], on=keys, how="left"), table(rows)


def _series(model: str, one: pd.Series) -> dict:
    return {"model": model, "setting": ""} | {key: one[key] for key in ("alpha", "beta", "sigma")}


def _over_theory(part, against, runs, theory, window) -> list[dict]:
    """The log of the mean over theory's, averaged over the fitted ``T``, of the ReLU units."""
    words = {"theory": f"log of {part} over theory", "common": "log of kink over common theory"}
    rows, keys = [], ["alpha", "beta", "samples"]
    runs, theory = (select(some, model="relu", step_factor=1) for some in (runs, theory))
    runs = runs[runs["samples"].between(*window) & ~runs["diverged"]]
    ratio = runs["excess_risk"] / runs.merge(theory[[*keys, against]], on=keys)[against].values
    for _, some in runs.assign(ratio=ratio).groupby(["alpha", "beta"]):
        values = [one["ratio"].to_numpy() for _, one in some.groupby("samples")]
        mean = interval(
            values, lambda *found: np.mean([np.log(np.mean(v)) for v in found]), paired=False
        )
        name = {"quantity": words[against], "theory": 0.0, "points": len(values)}
        rows.append(_series("relu", some.iloc[0]) | mean | name)
    return rows


def _growth_rows(runs: pd.DataFrame, window: tuple[float, float]) -> list[dict]:
    """Exponents of growth times, and how much longer the ReLU units take."""
    times = runs.rename(columns={"place": "coordinate", "excess_risk": "time"})
    delay = [growth_delay(one["coordinate"], one) for one in times.to_dict("records")]
    times = times.assign(delay=np.array(delay, float)).dropna(subset="delay")
    keys = ["model", "alpha", "beta", "coordinate"]
    share = np.isfinite(times["time"]).groupby([times[key] for key in keys]).transform("mean")
    times = times[share >= SEEN]
    rows = []
    for fit in growth_fits(times, window):
        fit["theory"] = fit.pop("predicted")
        del fit["step_size"]
        rows.append(fit | {"setting": ""})
    inside = times[times["coordinate"].between(*window)]
    for _, some in inside.groupby(["alpha", "beta"]):
        wide = some.pivot(index=["replicate", "coordinate"], columns="model", values="time")
        # Only coordinates that grew in all runs of both: others would count where they are fast.
        grew = np.isfinite(wide).all(axis=1).groupby("coordinate").transform("all")
        ratio = np.log(wide["relu"] / wide["quadratic"])[grew]
        means = ratio.groupby("replicate").mean().to_numpy()
        name = {
            "quantity": "log of growth time over the quadratic model's", "theory": np.log(2),
        }  # fmt: skip
        rows.append(_series("relu", some.iloc[0]) | interval([means], np.mean) | name)
    return rows
