"""Does the law hold on real data, with exponents that are estimated from it?

Labels and columns of :func:`quadlaw.datasets.flights`; features of Matern kernels, whose smoothness
sets ``alpha``. Rows, in a random order, are split into landmarks, an estimation split, a held-out
split and blocks for training:

* on the *estimation* split: the eigenbasis, ``alpha``, ``beta``, the noise, the stability edge;
* on *blocks*, one pass each: linear and signed SGD (``w = v+^2 - v-^2``) of features along the
  eigenvectors, and signed SGD along randomly rotated ones. A run of ``T`` samples takes the first
  ``T`` rows of its replicate's block. ``eta = c D^p`` and ``v_0`` follow the paper's rules with
  the estimated exponents; ``c`` has the least risk on pilot blocks, which are not reported;
* on the *held-out* split: the excess risk over the best linear predictor
  (:mod:`quadlaw.held_out`).

Intervals over replicates cover the draw of training rows and their order, from these flights. Not
covered is the draw of the held-out rows: ``shifted floor`` gives the exponents if the floor lay two
of its standard errors lower or higher. Theory: Gaussian inputs of the measured spectrum and target.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from quadlaw import datasets, designs
from quadlaw.checks import require
from quadlaw.curves import DIVERGED_SHARE, median_with_interval, with_divergence
from quadlaw.estimates import exponents, interval, table
from quadlaw.held_out import Eigenbasis, HeldOut, measured_problem
from quadlaw.kernels import nystroem
from quadlaw.learners import basis
from quadlaw.own_data import DataExponents
from quadlaw.problem import Finite
from quadlaw.schedules import TwoPhase
from quadlaw.sgd import DIVERGED
from quadlaw.tables import stacked
from quadlaw.theory import rates
from quadlaw.theory.stability import stability_edge
from quadlaw.variants import Crew, laid_out

SEED = 0  # of the order of the rows
INIT_SCALE = 0.5
LINEAR, SIGNED = "linear from zero", "signed"
NAMES = {LINEAR: "linear", SIGNED: "quadratic"}  # in theory
STRAIGHT, ROTATED = "eigenbasis", "rotated"
RUNS = ((LINEAR, STRAIGHT), (SIGNED, STRAIGHT), (SIGNED, ROTATED))
FEATURES = (1, 2, 2)  # of a coordinate, in each of the runs
DECIMALS = 3  # of the estimates that predictions are made of
DRAWS = 10_000  # of alpha and beta within their errors
KEYS = ["model", "basis", "samples"]


@dataclass(frozen=True)
class Data:
    """Features of rows, rows and labels."""

    features: Callable[[np.ndarray], np.ndarray]
    x: np.ndarray
    y: np.ndarray

    def eigenbasis(self, rows: np.ndarray) -> Eigenbasis:
        return Eigenbasis.of(self.features, self.x[rows], self.y[rows])


@dataclass(frozen=True)
class Splits:
    """Numbers of rows; no row is in two of them."""

    landmarks: np.ndarray
    estimation: np.ndarray
    held_out: np.ndarray
    blocks: list[np.ndarray]

    @classmethod
    def of(cls, rows: int, settings: dict) -> "Splits":
        """Of a table of that many rows: pilot blocks first, then those that are reported."""
        blocks = settings["pilots"] + settings["replicates"]
        sizes = [settings[key] for key in ("landmarks", "estimation", "held_out")]
        sizes += [max(settings["samples"])] * blocks
        require(sum(sizes) <= rows, "rows", sum(sizes), f"the table has only {rows}")
        order = np.random.default_rng(SEED).permutation(rows)
        one, two, three, *rest = np.split(order, np.cumsum(sizes))[:-1]
        return cls(one, two, three, rest)


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Of every kernel: spectrum, risk and ratio; exponents, observed and predicted."""
    x, y = datasets.flights()
    splits, parts = Splits.of(len(x), settings), []
    for smoothness in settings["smoothness"]:
        rows = x.to_numpy()
        features = nystroem(rows[splits.landmarks], smoothness, settings["model_size"])
        name = f"Matern {smoothness:g}"
        try:
            parts.append(studied(Data(features, rows, y), splits, settings, name))
        except ValueError as fault:
            print(f"{name}: {fault}")
    require(len(parts) > 0, "smoothness", settings["smoothness"], "no kernel shows a power law")
    curves, estimates = zip(*parts, strict=True)
    return stacked(curves), stacked(estimates)


def studied(data: Data, splits: Splits, settings: dict, name: str) -> tuple:
    """``(curves, estimates)`` of one kernel.

    Raises
    ------
    ValueError
        If its spectrum or the target along it is no power law.
    """
    own = data.eigenbasis(splits.estimation)
    rows = own.rows(data.x[splits.estimation], data.y[splits.estimation])
    found, problem = measured_problem(*rows)
    held_out = HeldOut.of(*own.rows(data.x[splits.held_out], data.y[splits.held_out]))
    plan = Plan(found, problem, settings)
    blocks = (own.rows(data.x[block], data.y[block]) for block in splits.blocks)
    runs = stacked(
        trained(plan, z, y, held_out).assign(replicate=replicate)
        for replicate, (z, y) in enumerate(blocks)
    ).assign(
        alpha=round(found.alpha.estimate, DECIMALS), beta=round(found.beta.estimate, DECIMALS),
        sigma=round(problem.sigma, DECIMALS), setting=name,
    )  # fmt: skip
    reported = chosen(runs, settings["pilots"], settings["window"])
    theory = plan.predicted(reported)
    curves = [spectrum(found, problem).assign(setting=name), *drawn(reported, theory)]
    return stacked(curves), table([*_estimates(reported, theory, found, settings)])


# --- training -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """The paper's rules with the estimated exponents."""

    found: DataExponents
    problem: Finite
    settings: dict

    def dimension(self, samples: int) -> float:
        """The quadratic model's ``D``."""
        alpha, beta = self.found.alpha.estimate, self.found.beta.estimate
        return float(rates.effective_dimension("quadratic", alpha, beta, samples))

    def init(self, samples: int) -> float:
        """``v_0``: of the fitted laws' target at ``D``, in the data's units."""
        alpha, beta = self.found.alpha, self.found.beta
        unit = (beta.scale / alpha.scale) ** 0.25
        dimension = self.dimension(samples)
        return unit * float(
            rates.initial_value(alpha.estimate, beta.estimate, dimension, INIT_SCALE)
        )

    def edge(self, learner: str, matrix: np.ndarray) -> float:
        """Stability edge of the model linearized at the target, for Gaussian inputs."""
        target = matrix @ np.array(self.problem.target)
        speed = np.ones_like(target) if learner == LINEAR else 2 * np.abs(target)
        root = np.sqrt(speed)[:, None] * matrix * np.sqrt(self.problem.eigenvalues)
        values = np.maximum(np.linalg.eigvalsh(root @ root.T), np.finfo(float).tiny)
        return stability_edge(Finite(tuple(values), tuple(values)), len(values))

    def lanes(self, learner: str, matrix: np.ndarray, samples: int) -> pd.DataFrame:
        """One lane for each fraction of the edge, at the smallest ``T``; then ``D^p``."""
        alpha, beta = self.found.alpha.estimate, self.found.beta.estimate
        growth = self.dimension(samples) / self.dimension(min(self.settings["samples"]))
        steps = self.edge(learner, matrix) * np.array(self.settings["fractions"])
        return pd.DataFrame(
            {
                "model": learner,
                "model_size": len(matrix),
                "fraction": self.settings["fractions"],
                "step_size": rates.step_size(NAMES[learner], alpha, beta, growth, steps),
                "init": self.init(samples),
                "start": "uniform",
            }
        )

    def predicted(self, runs: pd.DataFrame) -> pd.DataFrame:
        """Expected risk at each setting of the runs in the eigenbasis, of Gaussian inputs."""
        positive = tuple(np.abs(self.problem.target))
        law = Finite(self.problem.eigenvalues, positive, self.problem.sigma)
        keys = [*KEYS, "alpha", "beta", "sigma", "setting", "model_size", "step_size", "init"]
        rows = runs.loc[runs["basis"] == STRAIGHT, keys].drop_duplicates()
        asked = rows.assign(model=rows["model"].map(NAMES), schedule=TwoPhase().name)
        return rows.assign(theory=designs.predicted(asked, law)["theory"])


def matrices(size: int) -> dict[str, np.ndarray]:
    """From the eigenbasis to each basis."""
    return {STRAIGHT: np.eye(size), ROTATED: basis(f"rotated {np.pi / 2} {size}", size, size)}


def trained(plan: Plan, z: np.ndarray, y: np.ndarray, held_out: HeldOut) -> pd.DataFrame:
    """Last risks of all models, step sizes and ``T`` on one block."""
    size, tables = z.shape[1], []
    spectrum, turned = plan.problem.spectrum(size), matrices(size)
    for learner, name in RUNS:
        matrix, features = turned[name], None
        for samples in plan.settings["samples"]:
            lanes = plan.lanes(learner, matrix, samples)
            crew = Crew.start(learner, lanes, matrix, spectrum, "float32")
            if features is None:
                features = laid_out(crew.learner.features(z @ matrix.T.astype("float32")))
            factor = TwoPhase().factor(np.arange(samples), samples).astype("float32")
            with np.errstate(over="ignore", invalid="ignore"):
                crew.train(features[:samples], y[:samples], factor)
                weights = crew.weights()
                risk, error = held_out.excess(weights), held_out.error(weights)
            limit = DIVERGED * (held_out.excess(np.zeros((1, size)))[0])
            tables.append(
                lanes.assign(
                    basis=name, samples=samples, excess_risk=risk, error=error,
                    diverged=~(risk <= limit),
                )
            )  # fmt: skip
    return stacked(tables).drop(columns="start")


def chosen(runs: pd.DataFrame, pilots: int, window: tuple[float, float]) -> pd.DataFrame:
    """The other replicates at the fraction of least risk on pilots in the window.

    Not where a pilot diverged, or more than a tenth of all runs at some ``T``.

    Raises
    ------
    ValueError
        If all fractions diverge.
    """
    runs, frames = with_divergence(runs), []
    for (learner, name), some in runs.groupby(["model", "basis"]):
        inside = some[some["samples"].between(*window)]
        share = inside.groupby(["fraction", "samples"])["diverged"].mean()
        stays = share.groupby("fraction").max() <= DIVERGED_SHARE
        pilot = inside[inside["replicate"] < pilots]
        risk = np.log(pilot["risk"].clip(lower=0)).groupby(pilot["fraction"]).mean()
        risk = risk.where(stays & np.isfinite(risk))
        require(risk.notna().any(), "fractions", f"{learner}, {name}", "all diverge")
        best = (some["fraction"] == risk.idxmin()) & (some["replicate"] >= pilots)
        frames.append(some[best])
    return stacked(frames)


# --- what is drawn and claimed --------------------------------------------------------------------


def spectrum(found: DataExponents, problem: Finite) -> pd.DataFrame:
    """Variances and signals along the eigenvectors, and the fitted laws where they were fitted."""
    index = np.arange(1, problem.size + 1)
    frame = {"part": "spectrum", "index": index, "variance": problem.eigenvalues}
    frame["signal"] = np.array(problem.eigenvalues) * np.square(problem.target)
    laws = {"variance": (found.alpha, found.indices), "signal": (found.beta, found.signal_indices)}
    for key, (law, (low, high)) in laws.items():
        fit = law.scale * index**-law.estimate
        frame[f"{key}_fit"] = np.where((index >= low) & (index <= high), fit, np.nan)
    return pd.DataFrame(frame)


def drawn(reported: pd.DataFrame, theory: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Median risks beside the theory, and ratios of risks on the same rows."""
    errors = reported.groupby(KEYS)["error"].median()
    runs = reported.drop(columns=["error", "risk"]).assign(front=0, learned=0)
    risks = designs.measured_curves(runs).merge(theory[[*KEYS, "theory"]], on=KEYS, how="left")
    yield risks.join(errors, on=KEYS).assign(part="risk")
    for quantity, ratio in ratios(reported).items():
        medians = ratio.groupby("samples")["risk"].apply(median_with_interval).unstack()
        yield medians.reset_index().assign(part=quantity, setting=reported["setting"].iloc[0])


def ratios(reported: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Linear over signed risk, and the rotated signed model's over signed risk, in pairs."""
    series = ["alpha", "beta", "sigma", "setting"]
    wide = reported.pivot(
        index=[*series, "samples", "replicate"], columns=["model", "basis"], values="risk"
    )
    under = wide[SIGNED, STRAIGHT]
    over = {"ratio": wide[LINEAR, STRAIGHT], "rotated ratio": wide[SIGNED, ROTATED]}
    return {
        name: (risk / under).rename("risk").reset_index().assign(diverged=False, model=SIGNED)
        for name, risk in over.items()
    }


def _estimates(
    reported: pd.DataFrame, theory: pd.DataFrame, found: DataExponents, settings: dict
) -> Iterator[dict]:
    series = {key: reported[key].iloc[0] for key in ("alpha", "beta", "sigma", "setting")}
    for key in ("alpha", "beta"):
        yield series | {"quantity": f"estimated {key}"} | _ends(getattr(found, key))
    straight = reported[reported["basis"] == STRAIGHT]
    rotated = reported[reported["basis"] == ROTATED]
    options = {"window": settings["window"], "paired": True}
    yield from exponents(straight, "sample exponent", theory=theory, **options)
    yield from exponents(rotated, "rotated sample exponent", **options)
    pairs = {
        name: frame.assign(excess_risk=frame["risk"]) for name, frame in ratios(reported).items()
    }
    for name, frame in pairs.items():
        yield from exponents(frame, f"{name} exponent", value=lambda some: some["risk"], **options)
    last = pairs["rotated ratio"]
    last = last.loc[last["samples"] == last["samples"].max(), "risk"].to_numpy()
    yield series | {"quantity": "last rotated ratio", **interval([last], np.median)}
    yield from (series | row for row in predictions(found))
    yield from _shifted(straight, options)


def _ends(one) -> dict[str, float]:
    return {"estimate": one.estimate, "ci_low": one.ci_low, "ci_high": one.ci_high}


def predictions(found: DataExponents) -> Iterator[dict]:
    """The law's exponents at the estimates, with intervals from those of ``alpha`` and ``beta``.

    Both errors are taken as normal and independent.
    """
    draw = np.random.default_rng(SEED).standard_normal((2, DRAWS))
    best = [found.alpha.estimate, found.beta.estimate]
    errors = [(one.ci_high - one.ci_low) / (2 * 1.96) for one in (found.alpha, found.beta)]
    alpha, beta = np.column_stack(
        [best, np.array(best)[:, None] + np.array(errors)[:, None] * draw]
    )
    exponent = {name: rates.sample_exponent(NAMES[name], alpha, beta) for name in NAMES}
    ratio = exponent[SIGNED] - exponent[LINEAR]
    rows = [("sample", name, values) for name, values in exponent.items()]
    for quantity, model, values in [*rows, ("ratio", SIGNED, ratio)]:
        low, high = np.quantile(values[1:], [0.025, 0.975])
        yield {
            "quantity": f"predicted {quantity} exponent", "model": model, "estimate": values[0],
            "ci_low": low, "ci_high": high,
        }  # fmt: skip


def _shifted(runs: pd.DataFrame, options: dict) -> Iterator[dict]:
    """Exponents if the floor lay two standard errors lower or higher, as ends of the interval."""
    last = runs[runs["samples"] == runs["samples"].max()]
    shift = 2 * last["error"].median()
    moved = [
        list(
            exponents(runs.assign(excess_risk=runs["excess_risk"] + by), "shifted floor", **options)
        )
        for by in (0.0, -shift, shift)
    ]
    for rows in zip(*moved, strict=True):
        found = sorted(row["estimate"] for row in rows)
        yield rows[0] | {"ci_low": found[0], "ci_high": found[-1], "theory": np.nan}
