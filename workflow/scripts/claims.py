"""Hold every claim against this run's estimates, for programs and for people."""

from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from joblog import logged
from quadlaw.base.files import write_bytes, write_table
from quadlaw.ledger.claims import (
    FAILED,
    OPEN,
    REPRODUCED,
    SIMULATION,
    THEORY,
    is_own,
    ledger,
    simultaneous,
    summary,
)
from quadlaw.ledger.statements import COUNTS, VERDICTS, statements_table

FEW = 12  # runs, for one example of how much wider an interval has to be


def read(path):
    """A table of estimates; a setting that is empty is text all the same."""
    return pd.read_csv(path, dtype={"setting": str}).fillna({"setting": ""})


def verdicts_of(rows):
    """How many rows have each verdict."""
    counts = (f"{(rows['verdict'] == name).sum()} {name}" for name in (REPRODUCED, OPEN, FAILED))
    return f"{len(rows)} ({', '.join(counts)})"


def counts_line(table, widened, claims):
    """Verdicts by kind of row, and how many would change if all intervals were to hold at once."""
    known = table["claim"].isin([claim["id"] for claim in claims if claim.get("known")])
    simulated = table["kind"] == SIMULATION
    most, least = (simultaneous(simulated.sum(), runs) for runs in (FEW, np.inf))
    moved = simulated & (table["verdict"] != widened["verdict"])
    return (
        f"{len(claims)} claims at {len(table)} settings. By simulation, with 95 % intervals: "
        f"{verdicts_of(table[simulated])}. By theory alone, with ranges, not sampling errors: "
        f"{verdicts_of(table[table['kind'] == THEORY])}. Claims that were written, or whose "
        "settings were changed, when numbers of earlier runs were known: "
        f"{verdicts_of(table[known])} of these settings. "
        f"With Bonferroni-corrected intervals ({least:.2f} times as wide from many runs, "
        f"{most:.2f} from {FEW}), {moved.sum()} of the "
        f"{simulated.sum()} verdicts by simulation change.\n"
    )


def theory_line(table):
    """How often intervals hold the theory at the same sizes, and which failures it expected."""
    rows = table[(table["kind"] == SIMULATION) & (table["expected"] != "")]
    held = rows["theory"].between(rows["ci_low"], rows["ci_high"])
    lines = []
    for name in (FAILED, OPEN):
        some = rows[rows["verdict"] == name]
        told = (some["expected"] == name).sum()
        lines.append(f"of {len(some)} that are {name} it is {name} by theory at {told}")
    return (
        f"For {len(rows)} settings by simulation the theory without fitted constants has a number "
        f"at the same sizes. The interval holds it at {held.sum()} ({held.mean():.0%}). With an "
        f"interval as wide about the theory's number, {'; '.join(lines)}. These are far from the "
        "limit, or the design cannot decide them.\n"
    )


def source(figure):
    """The module that a figure comes from."""
    return f"workflow/quadlaw/studies/{figure}.py"


def link(text, claim):
    """The way to a claim's section."""
    return f"[{text}](figures/claims.md#{claim})"


def stated(statements):
    """The table of statements, one a line, in narrow cells."""
    heads = ["no.", "statement", "verdict", *COUNTS, "of these by theory"]
    lines = [heads, ["---"] * len(heads)]
    for number, row in statements.iterrows():
        words = link(row["statement"], row["claims"].split(", ")[0])
        caveat = row["caveat"] and f" *{row['caveat']}*"
        counts = [str(row[name] or "") for name in (*COUNTS, "by theory")]
        star = "\\*" * is_own(row)
        lines.append([f"{number}{star}", words + caveat, row["verdict"], *counts])
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def tested_by(statements):
    """Ids of claims, by the numbers of the statements that they test."""
    return statements["claims"].str.split(", ").explode()


def statements_page(statements, table):
    """The table of statements between its counts and what it leaves out."""
    verdicts = statements["verdict"].value_counts()
    found = ", ".join(f"{verdicts[name]} {name}" for name in VERDICTS if name in verdicts)
    others = table[~table["claim"].isin(tested_by(statements))]
    return (
        f"{len(statements)} statements: {found or 'none'}.\n\n{stated(statements)}\n"
        f"\\* This project's own. Claims of the ledger that belong to no statement: "
        f"{others['claim'].nunique()}. Their settings: {verdicts_of(others)}.\n"
    )


def short(table, statements):
    """One row a claim, with what it tests, and the way to its figure, its data and its code."""
    tested = tested_by(statements)
    numbers = {name: ", ".join(map(str, some.index)) for name, some in tested.groupby(tested)}
    rows = [
        {
            "claim": link(row["claim"], row["claim"]),
            "tests": numbers.get(row["claim"], ""),
            "statement": row["statement"],
            **{name: row[name] or "" for name in (REPRODUCED, OPEN, FAILED)},
            "figure": f"[{row['figure']}](figures/{row['figure']}.png)",
            "code": f"[{row['figure']}.py]({source(row['figure'])})",
        }
        for row in summary(table).to_dict("records")
    ]
    return pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True) + "\n"


def number(value):
    """Four digits; a dash where there is none."""
    return f"{value:.4g}" if np.isfinite(value) else "-"


def span(low, high):
    """Two ends, or a dash."""
    return f"{low:.3f} to {high:.3f}" if np.isfinite([low, high]).all() else "-"


def made_by(row):
    """The theory, or the simulation and its method, where that is said."""
    method = row["method"]
    simulated = row["kind"] == SIMULATION and isinstance(method, str)
    return f"{row['kind']}, {method}" if simulated else row["kind"]


def section(claim, rows):
    """A claim with all its settings."""
    lines = [
        {
            "model": row["model"] if isinstance(row["model"], str) else "-",
            "alpha, beta": f"{row['alpha']:g}, {row['beta']:g}"
            if np.isfinite(row["alpha"])
            else "-",
            "setting": row["setting"] or "-",
            "predicted": number(row["predicted"]),
            "rival": number(row["rival"]),
            "by": made_by(row),
            "estimate": number(row["estimate"]),
            "95 % interval, or range": span(row["ci_low"], row["ci_high"]),
            "theory, same window": number(row["theory"]),
            "verdict by theory": row["expected"] or "-",
            "other windows": span(row["start_low"], row["start_high"]),
            "other steps": span(row["step_low"], row["step_high"]),
            "verdict": row["verdict"],
        }
        for row in rows.to_dict("records")
    ]
    table = pd.DataFrame(lines).to_markdown(index=False, disable_numparse=True)
    figure, rival = claim["figure"], f", rival `{claim['rival']}`" if "rival" in claim else ""
    seen = " Numbers of earlier runs were known when it or its settings were last changed."
    known = seen * claim.get("known", False)
    tolerance = claim.get("tolerance", "a third of the distance to the rival")
    note = f" *{claim['note']}*" if "note" in claim else ""
    return (
        f"\n## {claim['id']}\n\n{' '.join(claim['statement'].split())}\n\n"
        f"Paper: {claim['paper']}. Quantity: {claim['quantity']}. "
        f"Prediction: `{claim['prediction']}`, tolerance {tolerance}{rival}. "
        f"Figure: [{figure}](../figures/{figure}.png). Data: `results/{figure}/`. "
        f"Code: [{source(figure)}](../{source(figure)}).{known}{note}\n\n{table}\n"
    )


def main(estimates, claims, statements, figures, outputs):
    claims = yaml.safe_load(Path(claims).read_text())
    statements = yaml.safe_load(Path(statements).read_text()) if statements else []
    tables = {name: read(path) for name, path in zip(figures, estimates, strict=True)}
    table = ledger(claims, tables)
    widened = ledger(claims, tables, (table["kind"] == SIMULATION).sum())
    judged = statements_table(statements, table)
    counts = counts_line(table, widened, claims) + "\n" + theory_line(table)
    rows = dict(list(table.groupby("claim")))
    parts = [section(one, rows[one["id"]]) for one in claims]
    write_table(table, outputs["csv"])
    write_table(judged, outputs["statements"])
    for name, text in {
        "statements_table": statements_page(judged, table),
        "summary": counts + "\n" + short(table, judged),
        "markdown": "# Ledger of claims\n\n" + counts + "".join(parts),
    }.items():
        write_bytes(text.encode(), outputs[name])


OUTPUTS = ("csv", "markdown", "summary", "statements", "statements_table")

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(
            snakemake.input.estimates,
            snakemake.input.claims,
            snakemake.input.statements,
            snakemake.params.figures,
            {name: snakemake.output[name] for name in OUTPUTS},
        )
