"""Refuse a run whose verdicts differ from the known ones."""

from pathlib import Path

import pandas as pd

from joblog import logged
from quadlaw.base.documents import from_yaml
from quadlaw.base.files import write_table
from quadlaw.ledger.claims import IDENTITY, changed, of_studies
from quadlaw.ledger.compare import NUMBERS

COLUMNS = [*IDENTITY, *NUMBERS, "verdict"]


def without_others(known, claims, studies):
    """The known verdicts, but for those of claims whose study is left out."""
    left = of_studies(claims, studies)
    out = [claim["id"] for claim in claims if claim not in left]
    return known[~known["claim"].isin(out)]


def main(claims, known, ledger, studies, table):
    found = pd.read_csv(claims)
    listed = from_yaml(Path(ledger).read_text())
    lines = changed(found, without_others(pd.read_csv(known), listed, studies))
    if lines:
        accept = "if that is right, `make verdicts` and commit config/verdicts.csv"
        raise ValueError("\n".join(["verdicts changed:", *lines, accept]))
    write_table(found[COLUMNS], table)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(
            snakemake.input.claims,
            snakemake.input.known,
            snakemake.input.ledger,
            snakemake.params.studies,
            snakemake.output.table,
        )
