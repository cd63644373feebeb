"""The figures of ``quadlaw predict``, ``quadlaw plan`` and ``quadlaw fit``."""

import io
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter

from quadlaw.base.files import write_bytes
from quadlaw.fit.law_fit import LawFit
from quadlaw.sgd.problem import PowerLaw
from quadlaw.studies.plotting import GREY, PAPER_COLOURS, STYLE, key, problem_title
from quadlaw.theory import rates, tuned_step
from quadlaw.theory.planning import SHARES, setting
from quadlaw.theory.stability import LARGEST
from quadlaw.theory.tuning import SAFE

SPAN = np.logspace(-2, 2, 9)  # factors on the samples
QUANTILES = [0.05, 0.35, 0.65, 0.95]  # of the sizes whose law is drawn
FORMULAS = {
    "one term": "L = E + A x^{-a}",
    "two terms": "L = E + A M^{-a} + B T^{-b}",
    "three terms": "L = E + A M^{-a} + B T^{-b} + V D/T",
}
AXES = {"samples": "samples $T$", "compute": "compute $M T$"}


def draw_prediction(problem: PowerLaw, result: dict, path: str) -> None:
    """Risk against samples, at the model size of :func:`quadlaw.theory.predict.predict`."""
    size, parts = result["model_size"], {}
    for model in PAPER_COLOURS:
        pairs = [(result["samples"] * factor, size) for factor in SPAN]
        label = f"{model}, $T^{{-{result[model]['sample_exponent']:.3g}}}$ at large $M$"
        curve = _curve(problem, model, pairs, "samples", SAFE)
        parts[model] = label, curve, (result["samples"], result[model]["excess_risk"])
    title = f"{problem_title(problem.alpha, problem.beta)}, $M$ = {size:,}"
    _write(path, parts, AXES["samples"], title)


def draw_plan(problem: PowerLaw, result: dict, path: str) -> None:
    """Risk about :func:`quadlaw.theory.planning.plan`'s settings, by the paper's ``M ~ D(T)``."""
    axis, parts = "samples" if "samples" in result else "compute", {}
    for model in PAPER_COLOURS:
        if result[model]:
            size, samples = result[model]["model_size"], result[model]["samples"]
            power = 1 / float(rates.rate_exponent(model, problem.alpha, problem.beta))
            pairs = [(samples * factor, size * factor**power) for factor in SPAN]
            curve = _curve(problem, model, pairs, axis, SHARES[model])
            parts[model] = model, curve, (result[model][axis], result[model]["excess_risk"])
    title = problem_title(problem.alpha, problem.beta)
    _write(path, parts, AXES[axis], title, result.get("risk"))


def _curve(
    problem: PowerLaw, model: str, pairs: Iterable[tuple[float, float]], axis: str, share: float
) -> np.ndarray:
    """Rows of samples, or compute, and expected risk at the best step size, where it has one."""
    rows = []
    for samples, size in pairs:
        T, M = int(min(LARGEST, max(2, samples))), int(min(LARGEST, max(1, round(size))))
        with suppress(ValueError):
            risk = tuned_step(model, problem, share=share, **setting(problem, M, T)).risk
            rows.append((T if axis == "samples" else float(M) * T, risk))
    return np.array(rows).reshape(-1, 2)


def _write(path: str, parts: dict, axis: str, title: str, risk: float | None = None) -> None:
    """Label, curve and dot of each model, and a line at a risk that was asked for."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.6, 2.8))
        axes = figure.subplots()
        for model, (label, curve, dot) in parts.items():
            axes.loglog(*curve.T, color=PAPER_COLOURS[model], label=label)
            axes.plot(*dot, "o", color=PAPER_COLOURS[model], markersize=5)
        if risk:
            axes.axhline(risk, color="black", linestyle=":", linewidth=0.8)
        axes.set(xlabel=axis, ylabel="expected excess risk", title=title)
        axes.legend()
        _save(figure, path)


def _save(figure: Figure, path: str) -> None:
    buffer = io.BytesIO()
    figure.savefig(buffer, format=Path(path).suffix[1:])
    write_bytes(buffer.getvalue(), path)


# --- a law of one's own runs ----------------------------------------------------------------------


def draw_law(law: LawFit, path: str) -> None:
    """Runs and the law of :func:`quadlaw.fit.law_fit.fit_law`, and residuals below."""
    names = {role: name.replace("$", r"\$") for role, name in law.names.items()}
    *roles, _ = names
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.6, 4.2))
        above, below = figure.subplots(2, height_ratios=[2, 1])
        (_curve_of_law if len(roles) == 1 else _curves_of_law)(above, law, names)
        above.set(xscale="log", yscale="log", xlabel=names[roles[-1]], ylabel=names["loss"])
        above.yaxis.set_major_formatter(LogFormatter())
        above.yaxis.set_minor_formatter(LogFormatter(minor_thresholds=(1, 0.4)))
        above.set_title(f"{law.form}: ${FORMULAS[law.form]}$")
        size = law.residuals[roles].prod(axis=1)
        below.semilogx(size, law.residuals["residual"], ".", color=GREY)
        below.axhline(0, color="black", linewidth=0.8)
        below.axhspan(-2 * law.scatter, 2 * law.scatter, color=GREY, alpha=0.15, linewidth=0)
        below.set_xlabel(" \u00d7 ".join(names[role] for role in roles))
        below.set(ylabel="log(loss / law)", title="residuals, and twice their scatter (band)")
        _save(figure, path)


def _curve_of_law(axes: Axes, law: LawFit, names: dict[str, str]) -> None:
    runs, role = law.residuals, next(iter(names))
    x = np.geomspace(runs[role].min(), runs[role].max(), 100)
    axes.plot(runs[role], runs["loss"], ".", color=GREY, label="runs")
    axes.plot(x, law.predict(**{role: x}), color="black", label="law")
    axes.legend()


def _curves_of_law(axes: Axes, law: LawFit, names: dict[str, str]) -> None:
    """Against samples, at sizes that have the colour of their runs."""
    runs, colours = law.residuals, mpl.colormaps["viridis_r"]
    sizes, samples = runs["model_size"], runs["samples"]
    scale = LogNorm(sizes.min(), sizes.max())
    dots = axes.scatter(samples, runs["loss"], c=sizes, norm=scale, s=6, cmap=colours)
    axes.figure.colorbar(dots, ax=axes, label=names["model_size"])
    x = np.geomspace(samples.min(), samples.max(), 100)
    for size in sizes.quantile(QUANTILES):
        axes.plot(x, law.predict(model_size=size, samples=x), color=colours(scale(size)))
    runs_key = key("runs", marker=".", linestyle="")
    axes.legend(handles=[runs_key, key(f"law, at {len(QUANTILES)} of the sizes")])
