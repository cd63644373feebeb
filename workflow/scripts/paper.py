"""Typeset the replication report, a PDF, from a run's tables and figures."""

import json
from pathlib import Path

import pandas as pd
import typst

from claims import read
from joblog import logged
from quadlaw.base.documents import from_yaml
from quadlaw.base.files import write_bytes
from quadlaw.ledger.paper import paper_data

BESIDE = ("parts.typ", "tables.typ", "paper.bib")  # files of the template's folder that it reads


def typeset(template, data, figures, format="pdf"):
    """The report's bytes, or those of each page as PNG. ``figures`` are SVGs, by study.

    Raises
    ------
    ValueError
        One line, if the template asks for a number without a source or cannot be typeset.
    """
    template = Path(template)
    files = {"main.typ": template, "paper.json": json.dumps(data, allow_nan=False).encode()}
    files |= {name: template.parent / name for name in BESIDE}
    files |= {f"{name}.svg": path for name, path in figures.items()}
    try:
        return typst.compile(files, format=format, ignore_system_fonts=True)
    except typst.TypstError as fault:
        raise ValueError(f"{template.name}: {' '.join(fault.message.split())}") from None


def main(inputs, studies, drawn, outputs):
    tables = {name: read(path) for name, path in zip(studies, inputs.estimates, strict=True)}
    data = paper_data(
        from_yaml(Path(inputs.claims).read_text()),
        tables,
        read(inputs.ledger),
        pd.read_csv(inputs.statements),
        pd.read_csv(inputs.benchmark),
        json.loads(Path(inputs.provenance).read_text()),
    )
    pdf = typeset(inputs.template, data, dict(zip(drawn, inputs.figures, strict=True)))
    write_bytes((json.dumps(data, indent=1) + "\n").encode(), outputs.data)
    write_bytes(pdf, outputs.pdf)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(snakemake.input, snakemake.params.studies, snakemake.params.drawn, snakemake.output)
