"""Hold every claim against this run's estimates, for programs and for people."""

from pathlib import Path

import numpy as np
import pandas as pd

from joblog import logged
from quadlaw.base.documents import from_yaml
from quadlaw.base.files import write_bytes, write_table
from quadlaw.ledger.claims import (
    FAILED,
    OPEN,
    REPRODUCED,
    SIMULATION,
    is_own,
    ledger,
    of_studies,
    simultaneous,
    summary,
    with_rows,
)
from quadlaw.ledger.statements import COUNTS, VERDICTS, of_claims, statements_table
from quadlaw.ledger.totals import tally, totals

WHERE = ["model", "alpha, beta", "setting"]  # which setting a row of a claim is
MORE = [  # "by" last: a row that ends with a verdict is a setting
    "rival", "theory, same window", "verdict by theory", "other windows", "other steps", "by",
]  # fmt: skip
FEW = 12  # runs, for one example of how much wider an interval has to be


def read(path):
    """A table of estimates; settings and models are text even if none is named."""
    return pd.read_csv(path, dtype={"setting": str, "model": str}).fillna({"setting": ""})


def in_words(found):
    """How many rows have each verdict, from their counts."""
    return f"{found['all']} ({', '.join(f'{found[name]} {name}' for name in COUNTS)})"


def verdicts_of(rows):
    """The same of rows."""
    return in_words(tally(rows))


def verdicts_on(statements):
    """How many statements have each verdict."""
    counts = statements["verdict"].value_counts()
    return ", ".join(f"{counts[name]} {name}" for name in VERDICTS if name in counts) or "none"


def reproduced_of(row):
    """How many settings of a claim or a statement are reproduced, and of how many."""
    return f"{row[REPRODUCED]} of {sum(row[name] for name in COUNTS)}"


def counts_line(found, settings, claims):
    """Verdicts by kind of row, and how many would change if all intervals were to hold at once."""
    simulated = found["simulated"]["all"]
    most, least = (simultaneous(simulated, runs) for runs in (FEW, np.inf))
    return (
        f"{len(claims)} claims at {settings} settings. By simulation, with 95 % intervals: "
        f"{in_words(found['simulated'])}. By theory alone, with ranges, not sampling errors: "
        f"{in_words(found['theory'])}. Claims that were written, or whose "
        "settings were changed, when numbers of earlier runs were known: "
        f"{in_words(found['known'])} of these settings. "
        f"With Bonferroni-corrected intervals ({least:.2f} times as wide from many runs, "
        f"{most:.2f} from {FEW}), {found['moved_if_at_once']} of the "
        f"{simulated} verdicts by simulation change.\n"
    )


def theory_line(found):
    """How often intervals hold the theory at the same sizes, and which failures it expected."""
    rows, held = found["comparable"], found["hold_the_theory"]
    if rows == 0:
        return ""
    lines = [
        f"of {found[f'comparable_{kind}']} that are {name} it is {name} by theory at "
        f"{found[f'{kind}_by_theory_too']}"
        for kind, name in (("failed", FAILED), ("open", OPEN))
    ]
    return (
        f"For {rows} settings by simulation the theory without fitted constants has a number "
        f"at the same sizes. The interval holds it at {held} ({held / rows:.0%}). With an "
        f"interval as wide about the theory's number, {'; '.join(lines)}. These are far from the "
        "limit, or the design cannot decide them.\n"
    )


def open_line(table, claims):
    """How many settings of the paper's claims are open, and how many say why they must be."""
    paper = [claim["id"] for claim in claims if not is_own(claim)]
    rows = table[table["claim"].isin(paper) & (table["verdict"] == OPEN)]
    why = rows[rows["undecidable"] != ""]
    return (
        f"Of the paper's own claims, {len(rows)} settings are {OPEN}. {len(why)} of them say why "
        "no size here could decide them, and which one could.\n"
    )


def untested_line(listed, tested):
    """The claims of which no estimate of this run is; they are logged, too."""
    left = [claim["id"] for claim in listed if claim not in tested]
    if not left:
        return ""
    line = f"Not tested, as no estimate of this run is of their kind: {', '.join(left)}.\n"
    print(line, end="")
    return line


def source(figure):
    """The module that a figure comes from."""
    return f"workflow/quadlaw/studies/{figure}.py"


def link(text, claim):
    """The way to a claim's section."""
    return f"[{text}](figures/claims.md#{claim})"


def stated(statements):
    """The table of statements, one a line, in narrow cells."""
    heads = ["no.", "statement", "verdict", " / ".join(COUNTS), "by theory"]
    lines = [heads, ["---"] * len(heads)]
    for number, row in statements.iterrows():
        words = link(row["statement"], row["claims"].split(", ")[0])
        caveat = row["caveat"] and f" *{row['caveat']}*"
        counts = [" / ".join(str(row[name]) for name in COUNTS), str(row["by theory"] or "")]
        star = "\\*" * is_own(row)
        lines.append([f"{number}{star}", words + caveat, row["verdict"], *counts])
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def tested_by(statements):
    """Ids of claims, by the numbers of the statements that they test."""
    return statements["claims"].str.split(", ").explode()


def statements_page(statements, table):
    """The table of statements between its counts and what it leaves out."""
    others = table[~table["claim"].isin(tested_by(statements))]
    return (
        f"{len(statements)} statements: {verdicts_on(statements)}.\n\n{stated(statements)}\n"
        f"\\* This project's own. Claims of the ledger that belong to no statement: "
        f"{others['claim'].nunique()}. Their settings: {verdicts_of(others)}.\n"
    )


def short(table, statements):
    """One row a claim, with what it tests, and the ways to its section and its figure."""
    tested = tested_by(statements)
    numbers = {name: ", ".join(map(str, some.index)) for name, some in tested.groupby(tested)}
    rows = [
        {
            "claim": link(row["claim"], row["claim"]),
            "tests": numbers.get(row["claim"], ""),
            "statement": row["statement"],
            "settings reproduced": reproduced_of(row),
            "figure": f"[{row['figure']}](figures/{row['figure']}.png)",
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


def in_two(table):
    """A claim's settings: the columns that most readers want, the others on demand."""
    table = table.loc[:, (table != "-").any()]
    more = table[[name for name in [*WHERE, *MORE] if name in table]]
    first, rest = (
        part.to_markdown(index=False, disable_numparse=True)
        for part in (table.drop(columns=MORE, errors="ignore"), more)
    )
    opened = "<details>\n<summary>Rival, method, theory, other windows and steps</summary>\n\n"
    return f"{first}\n\n{opened}{rest}\n\n</details>"


def setting(row):
    """A setting of a claim, a cell for each column."""
    problem = f"{row['alpha']:g}, {row['beta']:g}" if np.isfinite(row["alpha"]) else "-"
    return {
        "model": row["model"] if isinstance(row["model"], str) else "-",
        "alpha, beta": problem,
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


def section(claim, rows):
    """A claim with all its settings."""
    figure, rival = claim["figure"], f", rival `{claim['rival']}`" if "rival" in claim else ""
    seen = " Numbers of earlier runs were known when it or its settings were last changed."
    known = seen * claim.get("known", False)
    tolerance = claim.get("tolerance", "a third of the distance to the rival")
    note = f" *{claim['note']}*" if "note" in claim else ""
    reasons = "".join(
        f" Not decidable here: {row['model']} at ({row['alpha']:g}, {row['beta']:g}). "
        f"{row['undecidable']}"
        for row in rows[rows["undecidable"] != ""].to_dict("records")
    )
    shown = in_two(pd.DataFrame([setting(row) for row in rows.to_dict("records")]))
    return (
        f"\n## {claim['id']}\n\n{' '.join(claim['statement'].split())}\n\n"
        f"Paper: {claim['paper']}. Quantity: {claim['quantity']}. "
        f"Prediction: `{claim['prediction']}`, tolerance {tolerance}{rival}. "
        f"Figure: [{figure}](../figures/{figure}.png). Data: `results/{figure}/`. "
        f"Code: [{source(figure)}](../{source(figure)}).{known}{note}{reasons}\n\n{shown}\n"
    )


def main(estimates, claims, statements, figures, outputs):
    listed = of_studies(from_yaml(Path(claims).read_text()), figures)
    statements = from_yaml(Path(statements).read_text()) if statements else []
    tables = {name: read(path) for name, path in zip(figures, estimates, strict=True)}
    table = ledger(listed, tables)
    claims = with_rows(listed, table)
    judged = statements_table(of_claims(statements, claims), table)
    found = totals(claims, tables, table)
    lines = [counts_line(found, len(table), claims), theory_line(found), open_line(table, claims)]
    first = "\n".join(filter(None, [*lines, untested_line(listed, claims)]))
    rows = dict(list(table.groupby("claim")))
    parts = [section(one, rows[one["id"]]) for one in claims]
    write_table(table, outputs["csv"])
    write_table(judged, outputs["statements"])
    for name, text in {
        "statements_table": statements_page(judged, table),
        "summary": first + "\n" + short(table, judged),
        "markdown": "# Ledger of claims\n\n" + first + "".join(parts),
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
