"""What the report shows beside the figures: the ledger, the run, the words under each figure."""

import html
import json
import re
from pathlib import Path
from string import Template

import pandas as pd
import yaml

from claims import number, read, span, verdicts_of
from joblog import logged
from quadlaw.base.files import write_bytes
from quadlaw.ledger.claims import FAILED, OPEN, REPRODUCED, summary
from quadlaw.ledger.statements import CAVEAT, HELD, NOT_HELD, PART, UNDECIDED

INTERVAL = "95 % interval, or range"
CLASSES = {
    REPRODUCED: "reproduced", HELD: "reproduced", CAVEAT: "reproduced", OPEN: "inconclusive",
    PART: "inconclusive", UNDECIDED: "inconclusive", FAILED: "not-reproduced",
    NOT_HELD: "not-reproduced",
}  # fmt: skip


def page(template, title, *parts):
    """A self-contained page whose tables can be sorted."""
    filled = Template(Path(template).read_text()).substitute(title=title, body="\n".join(parts))
    return filled.encode()


def as_html(table):
    """A table, its verdicts marked by a class."""
    text = table.to_html(index=False, border=0, na_rep="", max_rows=None)
    for name, kind in CLASSES.items():
        text = text.replace(f"<td>{name}</td>", f'<td class="{kind}">{name}</td>')
    return text


def paragraph(text):
    return f"<p>{html.escape(text)}</p>"


def settings(rows):
    """The ledger's rows as they are read: one a setting at which a claim was tested."""
    numbers = rows[["alpha", "beta", "predicted", "rival", "estimate"]].map(number)
    interval = [span(*ends) for ends in zip(rows["ci_low"], rows["ci_high"], strict=True)]
    return pd.DataFrame(
        {
            "claim": rows["claim"],
            "model": rows["model"].fillna("-"),
            "alpha": numbers["alpha"],
            "beta": numbers["beta"],
            "setting": rows["setting"].replace("", "-"),
            "predicted": numbers["predicted"],
            "rival": numbers["rival"],
            "by": rows["kind"],
            "estimate": numbers["estimate"],
            INTERVAL: interval,
            "verdict": rows["verdict"],
        }
    )


def ledger(statements, table, counts, template):
    """Every statement, every claim, every setting."""
    claims = summary(table).astype(str).replace("0", "")
    stated = statements.drop(columns="id").fillna("").astype(str).replace("0", "")
    stated = stated.replace("`", "", regex=True)
    heads = "A click on the head of a column sorts by it."
    return page(
        template,
        "Ledger of claims",
        *["<h2>Statements</h2>", paragraph(heads), as_html(stated)],
        *["<h2>Claims</h2>", paragraph(counts), as_html(claims)],
        *["<h2>All settings</h2>", as_html(settings(table))],
    )


def run_times(jobs, template):
    """What each rule cost."""
    total = (
        f"{jobs['jobs'].sum()} jobs, {jobs['cpu_seconds'].sum():.0f} seconds of CPU time. The "
        f"longest took {jobs['longest_seconds'].max():.0f} seconds, the largest "
        f"{jobs['peak_memory_mb'].max():.0f} MB. A result that was kept from an earlier run "
        "counts with what it cost then."
    )
    return page(template, "Run times and memory", paragraph(total), as_html(jobs.round(1)))


def provenance(facts, template):
    """What the run was made with; the configuration as it was checked, defaults filled in."""
    configuration = facts.pop("configuration")
    packages = pd.Series(facts.pop("packages"), name="version").rename_axis("package")
    flat = pd.json_normalize(facts, sep=" ").T[0].rename("value").rename_axis("what")
    return page(
        template,
        "Versions and configuration",
        as_html(flat.reset_index()),
        as_html(packages.reset_index()),
        "<h2>Configuration</h2>",
        f"<pre>{html.escape(yaml.safe_dump(configuration, sort_keys=False))}</pre>",
    )


def escaped(text):
    """Text without meaning as reStructuredText."""
    return re.sub(r"([*_`|\\])", r"\\\1", text)


def claim_part(claim, rows):
    """A claim in a figure's caption: what it states, and its numbers in this run."""
    shown = settings(rows).drop(columns=["claim", "rival", "by"]).replace("-", "")
    shown = shown.rename(columns={INTERVAL: "interval"})
    shown = shown.loc[:, (shown != "").any()]
    table = shown.to_markdown(index=False, tablefmt="grid", disable_numparse=True)
    return f"**{claim}**: {escaped(rows['statement'].iloc[0])}\n\n{table}"


def caption(sentence, rows):
    """What a figure settles, and the claims that it bears on, as reStructuredText."""
    claims = [claim_part(*group) for group in rows.groupby("claim", sort=False)]
    parts = [sentence, f"Settings: {verdicts_of(rows)}." if claims else "", *claims]
    return ("\n\n".join(filter(None, parts)) + "\n").encode()


def main(claims, statements, counts, benchmark, facts, template, questions, pages, captions):
    table = read(claims)
    brief = Path(counts).read_text().splitlines()[0]
    write_bytes(ledger(pd.read_csv(statements), table, brief, template), pages["ledger"])
    write_bytes(run_times(pd.read_csv(benchmark), template), pages["run_times"])
    write_bytes(provenance(json.loads(Path(facts).read_text()), template), pages["provenance"])
    for (name, question), path in zip(questions.items(), captions, strict=True):
        write_bytes(caption(question, table[table["figure"] == name]), path)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(
            snakemake.input.claims,
            snakemake.input.statements,
            snakemake.input.counts,
            snakemake.input.benchmark,
            snakemake.input.provenance,
            snakemake.input.template,
            snakemake.params.questions,
            {name: snakemake.output[name] for name in ("ledger", "run_times", "provenance")},
            snakemake.output.captions,
        )
