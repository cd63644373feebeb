"""The report: its first page with the statements and the ledger, a page a figure, and the run."""

import html
import json
from pathlib import Path

import pandas as pd
import yaml

from claims import read, reproduced_of, verdicts_of, verdicts_on
from joblog import logged
from pages import (
    PROBLEM,
    REST,
    as_html,
    drawing,
    image,
    page,
    settings,
    spoken,
    typeset,
    with_library,
)
from quadlaw.base.files import write_bytes
from quadlaw.ledger.claims import is_own

PAPER = (
    '<a href="https://arxiv.org/abs/2502.09106" target="_blank">Scaling Law for Stochastic '
    "Gradient Descent in Quadratically Parameterized Linear Regression</a>"
)
SHOWN = 25  # rows of a table at a time


def link(name, pages, content=None):
    """The way to a figure's page, within the report."""
    return f'<a href="#" data-page="{pages[name]}">{content or name.replace("_", " ")}</a>'


def links(names, pages):
    """The ways to figures, under a statement or a claim."""
    return f"<div>{', '.join(link(name, pages) for name in names)}</div>" if names else ""


def sentences(statements, table):
    """The first page's two sentences."""
    own = sum(is_own(row) for _, row in statements.iterrows())
    return (
        f"<p>This run tested {len(statements) - own} statements of <cite>{PAPER}</cite> and {own} "
        f"of this project's own: {verdicts_on(statements)}. Each verdict follows from the "
        f"{len(table)} settings of the ledger below, and each row leads to its figure.</p>"
    )


def stated(statements, table, pages):
    """The table of statements."""
    figure = table.groupby("claim")["figure"].first()
    rows = []
    for place, row in enumerate(statements.fillna("").to_dict("records"), 1):
        caveat = f" <em>{typeset(row['caveat'])}</em>" if row["caveat"] else ""
        figures = dict.fromkeys(figure[one] for one in row["claims"].split(", ") if one in figure)
        rows.append(
            {
                "no.": f"{place}{'*' * is_own(row)}",
                "statement": typeset(row["statement"]) + caveat + links(figures, pages),
                "settings reproduced": reproduced_of(row),
                "verdict": row["verdict"],
            }
        )
    return as_html(pd.DataFrame(rows), "Statements (*: this project's own)")


def on_demand(row, shown):
    """A claim's name, which opens to the statement, and to what narrow screens lack."""
    rival = f" Rival: {row['rival']:.4g}." if row["rival"] == row["rival"] else ""
    against = f", against {html.escape(row['against'])}" if row["against"] else ""
    where = ", ".join(f"{name} {shown[name]}" for name in REST if name in shown)
    words = f"{typeset(row['statement'])}{rival} By {row['kind']}{against}; {where}."
    return f"<details><summary>{row['claim']}</summary><p>{words}</p></details>"


def ledger(table, pages):
    """Every claim at every setting."""
    rows = table.fillna({"against": ""}).to_dict("records")
    shown = settings(table).rename(columns={PROBLEM: "problem", "predicted": "prediction"})
    both = zip(rows, shown.to_dict("records"), strict=True)
    claims = [on_demand(row, cells) + links([row["figure"]], pages) for row, cells in both]
    shown = shown.drop(columns="model")
    shown.insert(0, "claim", claims)
    return as_html(
        shown, "Claims, at each setting; intervals are 95 % intervals, ranges are theory's", SHOWN
    )


def in_gallery(name, path, question, table, pages):
    """A figure of the first page."""
    words = spoken(question, rows_of(table, name))
    return (
        f"<figure>{link(name, pages, image(path, words))}"
        f"<figcaption>{html.escape(question)}</figcaption></figure>"
    )


def first(statements, table, counts, gallery, pages, template, script):
    """The first page, in a frame of its own within the frame of Snakemake."""
    content = page(
        template,
        "Scaling laws of SGD in quadratically parameterized linear regression",
        sentences(statements, table),
        stated(statements, table, pages) if len(statements) else "",
        f'<h2>Figures</h2><div class="gallery">{"".join(gallery)}</div>',
        f"<h2>Ledger</h2><p>{html.escape(counts)}</p>",
        ledger(table, pages) if len(table) else "",
        **with_library(Path(script).read_text()),
    )
    title, inner = "Statements, figures and ledger", html.escape(content.decode())
    return f'<iframe title="{title}" srcdoc="{inner}"></iframe>'.encode()


def rows_of(table, name):
    """The ledger's rows of a figure."""
    return table[table["figure"] == name]


def claim_part(claim, rows):
    """A claim of a figure, and its numbers in this run."""
    shown = settings(rows).replace("-", "")
    shown = shown.loc[:, (shown != "").any()]
    return f"<h2>{claim}</h2><p>{typeset(rows['statement'].iloc[0])}</p>" + as_html(
        shown, f"{len(rows)} settings"
    )


def figure_page(question, path, rows, template, script):
    """A figure, large if asked for, with what it settles."""
    return page(
        template,
        question,
        '<button type="button" aria-pressed="false">Enlarge</button>',
        '<div class="figure" tabindex="0" role="region" aria-label="Figure">',
        drawing(path, spoken(question, rows)) + "</div>",
        f"<p>Settings: {verdicts_of(rows)}.</p>" if len(rows) else "",
        *[claim_part(*group) for group in rows.groupby("claim", sort=False)],
        script=f"<script>{Path(script).read_text()}</script>",
    )


def run_times(jobs, template):
    """The cost of each rule, the dearest first."""
    total = (
        f"<p>{jobs['jobs'].sum()} jobs, {jobs['cpu_seconds'].sum():.0f} seconds of CPU time. The "
        f"longest took {jobs['longest_seconds'].max():.0f} seconds, the largest "
        f"{jobs['peak_memory_mb'].max():.0f} MB. A result that was kept from an earlier run "
        "counts with its cost then.</p>"
    )
    jobs = jobs.sort_values("cpu_seconds", ascending=False).round(1).fillna("")
    return page(template, "Run times and memory", total, as_html(jobs, "Rules"))


def provenance(facts, template):
    """What the run was made with; the configuration as it was checked, defaults filled in."""
    configuration = facts.pop("configuration")
    packages = pd.Series(facts.pop("packages"), name="version").rename_axis("package")
    flat = pd.json_normalize(facts, sep=" ").T[0].rename("value").rename_axis("what")
    return page(
        template,
        "Versions and configuration",
        as_html(flat.map(lambda value: html.escape(str(value))).reset_index(), "This run"),
        as_html(packages.reset_index(), "Packages"),
        "<h2>Configuration</h2>",
        f"<pre>{html.escape(yaml.safe_dump(configuration, sort_keys=False))}</pre>",
    )


def main(files, drawn, front, questions, outputs, pages):
    """Write all pages. ``drawn`` are the figures and ``pages`` theirs, in the order of
    ``questions``; ``front`` are the figures of the first page."""
    table = read(files["claims"])
    statements = pd.read_csv(files["statements"], keep_default_na=False)
    template, pages = files["template"], dict(zip(questions, pages, strict=True))
    counts = Path(files["counts"]).read_text().splitlines()[0]
    named = {Path(path).stem: path for path in front}
    gallery = [in_gallery(name, named[name], questions[name], table, pages) for name in named]
    facts = json.loads(Path(files["provenance"]).read_text())
    contents = {
        outputs["first"]: first(
            statements, table, counts, gallery, pages, template, files["tables"]
        ),
        outputs["run_times"]: run_times(pd.read_csv(files["benchmark"]), template),
        outputs["provenance"]: provenance(facts, template),
    }
    for name, path in zip(questions, drawn, strict=True):
        rows = rows_of(table, name)
        contents[pages[name]] = figure_page(questions[name], path, rows, template, files["figure"])
    for path, content in contents.items():
        write_bytes(content, path)


FILES = ("claims", "statements", "counts", "benchmark", "provenance", "template", "tables")
OUTPUTS = ("first", "run_times", "provenance")

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(
            {name: snakemake.input[name] for name in (*FILES, "figure")},
            snakemake.input.svg,
            snakemake.input.front,
            snakemake.params.questions,
            {name: snakemake.output[name] for name in OUTPUTS},
            snakemake.output[: -len(OUTPUTS)],
        )
