"""What the figures share: style, colours, guides, and saving with the same bytes every time."""

import io
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from IPython import get_ipython
from IPython.display import Image, display
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from quadlaw.base.files import write_bytes
from quadlaw.base.tables import select as select  # part of what the notebooks use
from quadlaw.base.timing import cpu_line
from quadlaw.models import MODELS, PAPER
from quadlaw.theory.rates import limiting_clock, natural_clock

FULL_WIDTH = 7.0  # inches, a page's text width; text is set at its printed size
# Of every model. Most are Okabe and Ito's, told apart with any common colour blindness.
MODEL_COLOURS = {name: model.colour for name, model in MODELS.items()}
MODEL_MARKERS = {name: model.marker for name, model in MODELS.items()}
PAPER_COLOURS = {name: MODEL_COLOURS[name] for name in PAPER}  # of the paper's two, in its order
SCREEN = 100  # pixels an inch, where a notebook shows a figure
GREY = "#555555"
STYLE = {
    "font.size": 7.5,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "legend.fontsize": 6.5,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "lines.linewidth": 1.1,
    "lines.markersize": 3,
    "axes.linewidth": 0.6,
    "axes.grid": True,
    "grid.linewidth": 0.4,
    "grid.color": "#dddddd",
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "xtick.minor.size": 1.5,
    "ytick.minor.size": 1.5,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "quadlaw",
    "savefig.dpi": 200,
}


def use_style() -> None:
    """Set the style of all figures; call once, before drawing."""
    sns.set_theme(style="ticks", rc=STYLE)


class _Tables:
    """``tables.NAME`` is the path of the table ``NAME.csv`` in a folder."""

    def __init__(self, folder: Path):
        self._folder = folder

    def __getattr__(self, name: str) -> Path:
        return self._folder / f"{name}.csv"


def stand_in(name: str) -> SimpleNamespace:
    """What the ``snakemake`` object offers figure ``name``, for a notebook opened on its own.

    The inputs are those of the last full run, ``results/NAME/`` in the project.
    """
    root = Path(__file__).parents[3]
    figure = root / "figures" / name
    return SimpleNamespace(
        input=_Tables(root / "results" / name),
        output={kind: figure.with_suffix(f".{kind}") for kind in ("pdf", "svg", "png")},
    )


def save(figure: Figure, paths: Mapping[str, str]) -> None:
    """Write a figure to ``paths["pdf"]``, ``["svg"]`` and ``["png"]``, without dates in them.

    A notebook shows the PNG as it was written, so that nothing is drawn for the screen. Prints the
    CPU time of the notebook so far, which the table of run times collects.
    """
    figure.set_dpi(STYLE["savefig.dpi"])  # so that the layout is that of the largest file
    figure.get_layout_engine().execute(figure)
    dates = {"pdf": {"CreationDate": None}, "svg": {"Date": None}, "png": {}}
    # Laid out once: with an engine, each format would lay out and draw a second time.
    with mpl.rc_context({"figure.constrained_layout.use": False}):
        for kind, metadata in dates.items():
            figure.set_layout_engine(None)
            buffer = io.BytesIO()
            figure.savefig(buffer, format=kind, metadata=metadata)
            write_bytes(buffer.getvalue(), paths[kind])
    plt.close(figure)
    if get_ipython():
        display(Image(buffer.getvalue(), width=figure.get_figwidth() * SCREEN))
    print(cpu_line())


def problems_of(table: pd.DataFrame) -> list[tuple[float, float]]:
    """The pairs ``(alpha, beta)`` of a table, from the largest ``alpha - beta`` to the smallest."""
    pairs = table[["alpha", "beta"]].drop_duplicates().itertuples(index=False, name=None)
    return sorted(pairs, key=lambda pair: (pair[1] - pair[0], pair[1]))


def limiting(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of estimates that are against the variable of their own limiting term."""
    keys = rows[["model", "alpha", "beta"]].itertuples(index=False, name=None)
    return rows[rows["against"] == [limiting_clock(*key) for key in keys]]


def problem_title(alpha: float, beta: float) -> str:
    """``alpha`` and ``beta``, and which is larger."""
    relation = ">" if alpha > beta else "<" if alpha < beta else "="
    return rf"$\alpha={alpha:g}$, $\beta={beta:g}$  ($\alpha{relation}\beta$)"


def points_with_bars(axes: Axes, curve, x: str, y: str, **style) -> None:
    """Medians with their 95 % intervals, from a table with ``ci_low`` and ``ci_high``."""
    error = [curve[y] - curve["ci_low"], curve["ci_high"] - curve[y]]
    axes.errorbar(curve[x], curve[y], error, **({"lw": 0.8} | style))


def rate_guide(axes: Axes, curve, exponent: float, window, **style) -> None:
    """``(T / log2 T)^-exponent`` through the median at the middle of the fitted window."""
    inside = curve[curve["samples"].between(*window)]
    clock = natural_clock(inside["samples"])
    anchor = np.exp(np.mean(np.log(inside["risk"]) + exponent * np.log(clock)))
    axes.plot(inside["samples"], anchor * clock**-exponent, **style)


def sequence(count: int, palette: str = "viridis") -> list:
    """``count`` colours of a perceptually even sequence, without its faintest end."""
    return list(mpl.colormaps[palette](np.linspace(0.0, 0.85, count)))


def key(label: str, **style) -> Line2D:
    """An entry of a legend for marks or lines in ``style`` that belong to no single curve."""
    return Line2D([], [], label=label, **({"color": "black"} | style))
