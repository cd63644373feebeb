"""What the speed measurements say: Markdown tables, JSON and a figure."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.ticker import FuncFormatter, NullLocator

from quadlaw.base.files import write_bytes
from quadlaw.studies.plotting import FULL_WIDTH, GREY, save, select, use_style
from rivals import ALL, QUADLAW

# Okabe and Ito's colours, and a marker each for print without colour.
COLOURS = dict(zip(ALL, ("#000000", "#CC79A7", "#D55E00", "#009E73", "#0072B2"), strict=True))
MARKERS = dict(zip(ALL, "vDs^o", strict=True))
LABEL_GAP = 1.6  # least ratio of the heights of two labels


def write(results: dict, folder: Path) -> None:
    """Print the tables; write ``speed.md``, ``speed.json`` and ``speed.{png,pdf,svg}``."""
    text = markdown(results)
    print(text)
    write_bytes(text.encode(), folder / "speed.md")
    write_bytes((json.dumps(results, indent=1) + "\n").encode(), folder / "speed.json")
    use_style()
    save(draw(results), {kind: folder / f"speed.{kind}" for kind in ("png", "pdf", "svg")})
    plt.close("all")


# Tables ------------------------------------------------------------------------------------------


def _table(frame: pd.DataFrame) -> str:
    return frame.to_markdown(index=False, disable_numparse=True)


def _wide(comparison: pd.DataFrame, quantity: str) -> str:
    """One row a case, one column an implementation: median (least to greatest)."""

    def cell(row) -> str:
        middle, low, high = (getattr(row, quantity + end) for end in ("", "_low", "_high"))
        return f"{middle:.3g} ({low:.3g} to {high:.3g})"

    rows = []
    for (size, lanes), some in comparison.groupby(["size", "lanes"]):
        cells = {row.implementation: cell(row) for row in some.itertuples()}
        rows.append({"M": str(size), "lanes": str(lanes)} | cells)
    frame = pd.DataFrame(rows)
    return _table(frame.drop(columns=QUADLAW) if quantity == "ratio" else frame)


def _parts(parts: list[dict], ceiling: dict | None) -> str:
    rows = []
    for part in parts:
        share = {
            name: f"{part[name]:.3f} ({part[name] / part['simulate']:.0%})"
            for name in ("generation", "kernel", "rest")
        }
        row = {"M": str(part["size"]), "lanes": str(part["lanes"])}
        row |= {"simulate": f"{part['simulate']:.3f}"} | share
        if ceiling:
            row["kernel / ceiling"] = f"{part['kernel'] / ceiling['ns_per_update']:.2f}"
        rows.append(row)
    return _table(pd.DataFrame(rows))


def _growth(rows: list[dict]) -> str:
    names = {"size": "M", "samples": "T", "lanes": "lanes"}
    shown = [
        {
            "grows": names[row["varied"]],
            "to": str(row["value"]),
            "seconds": f"{row['seconds']:.4f}",
            "ns / coordinate-update": f"{row['ns']:.3f}",
            "exponent": "" if row["exponent"] is None else f"{row['exponent']:.2f}",
        }
        for row in rows
    ]
    return _table(pd.DataFrame(shown))


def _ceiling(ceiling: dict | None) -> str:
    if ceiling is None:
        return "The ceiling of arithmetic was not measured: no x86 FMA in registers here."
    return (
        f"Ceiling of arithmetic: {ceiling['fma_per_ns']:.1f} float32 FMAs a nanosecond on one core "
        f"(measured in registers, vectors of {ceiling['width']}). A coordinate-update needs four "
        f"multiplications, with or without an addition: {ceiling['ns_per_update']:.4f} ns."
    )


def markdown(results: dict) -> str:
    """The report; all times are wall-clock, on one core."""
    comparison = pd.DataFrame(results["comparison"])
    versions = ", ".join(f"{name} {v}" for name, v in results["versions"].items() if v)
    skipped = ", ".join(results["skipped"])
    agreement = ", ".join(f"{name} {d:.1%}" for name, d in results["differences"].items())
    base = results["growth_base"]
    parts = [
        f"Quadratic model, float32, one core of {results['processor']}; {versions}."
        + (f" Not measured: {skipped}." if skipped else ""),
        "Largest difference of a lane's mean learnable risk from quadlaw's, on a small problem: "
        f"{agreement} (tolerance {results['tolerance']:.0%}).",
        "## Nanoseconds a coordinate-update\n\nInputs included. Median of the rounds (least to "
        "greatest).",
        _wide(comparison, "ns"),
        "## Time as a multiple of quadlaw's\n\nRound by round: median (least to greatest).",
        _wide(comparison, "ratio"),
        "## Where quadlaw's time goes\n\nNanoseconds a coordinate-update, and shares.",
        _parts(results["parts"], results["ceiling"]),
        _ceiling(results["ceiling"]),
        f"## How quadlaw's time grows\n\nOthers at M = {base['size']}, T = {base['samples']}, "
        f"{base['lanes']} lanes. Exponent: of the time, from the row before.",
        _growth(results["growth"]),
    ]
    return "\n\n".join(parts) + "\n"


# Figure ------------------------------------------------------------------------------------------


def draw(results: dict):
    """Nanoseconds a coordinate-update against lanes, one panel a model size."""
    comparison = pd.DataFrame(results["comparison"])
    sizes = comparison["size"].unique()
    figure, panels = plt.subplots(1, len(sizes), figsize=(FULL_WIDTH, 2.6), sharey=True)
    for panel, size in zip(panels, sizes, strict=True):
        _panel(panel, select(comparison, size=size), results["ceiling"])
        panel.set_title(f"$M = {size}$")
    panels[0].set_ylabel("ns per coordinate-update")
    figure.supxlabel("lanes: runs that share their samples", fontsize=8)
    _labels(panels[-1], select(comparison, size=sizes[-1]), results["ceiling"])
    return figure


def _panel(panel, rows: pd.DataFrame, ceiling: dict | None) -> None:
    for name, some in rows.groupby("implementation", sort=False):
        colour, ours = COLOURS[name], name == QUADLAW
        style = {"color": colour, "marker": MARKERS[name], "lw": 1.8 if ours else 1.0}
        panel.plot(some["lanes"], some["ns"], zorder=3 if ours else 2, **style)
        band = {"color": colour, "alpha": 0.2, "linewidth": 0}
        panel.fill_between(some["lanes"], some["ns_low"], some["ns_high"], **band)
    if ceiling:
        panel.axhline(ceiling["ns_per_update"], color=GREY, lw=0.8, ls="--")
    panel.set_xscale("log", base=2)
    panel.set_yscale("log")
    panel.set_xticks(rows["lanes"].unique())
    panel.xaxis.set_minor_locator(NullLocator())
    for axis in (panel.xaxis, panel.yaxis):
        axis.set_major_formatter(FuncFormatter("{:g}".format))


def _labels(panel, rows: pd.DataFrame, ceiling: dict | None) -> None:
    """Names at the right of the last panel, pushed apart where lines end close together."""
    last = rows[rows["lanes"] == rows["lanes"].max()]
    ends = dict(zip(last["implementation"], last["ns"], strict=True))
    colours = dict(COLOURS)
    if ceiling:
        name = "4 FMAs, at peak"
        ends[name], colours[name] = ceiling["ns_per_update"], GREY
    for name, height in zip(ends, _apart(np.array(list(ends.values()))), strict=True):
        panel.annotate(
            name,
            (1, height),
            (4, 0),
            xycoords=panel.get_yaxis_transform(),
            textcoords="offset points",
            color=colours[name],
            va="center",
            fontsize=7,
            fontweight="bold" if name == QUADLAW else None,
            annotation_clip=False,
        )


def _apart(heights: np.ndarray) -> np.ndarray:
    """Heights that lie ``LABEL_GAP`` apart or more, and together where they were."""
    order = np.argsort(heights)
    wanted = np.log(heights[order])
    spread = np.arange(len(heights)) * np.log(LABEL_GAP)
    least = np.maximum.accumulate(wanted - spread)  # pushed up only
    most = np.minimum.accumulate((wanted - spread)[::-1])[::-1]  # pushed down only
    placed = np.empty_like(heights)
    placed[order] = np.exp((least + most) / 2 + spread)
    return placed
