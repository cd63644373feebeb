"""Refuse a run whose verdicts differ from the known ones."""

import pandas as pd

from joblog import logged
from quadlaw.base.files import write_table
from quadlaw.ledger.claims import IDENTITY, changed

COLUMNS = [*IDENTITY, "verdict"]


def main(claims, known, table):
    found = pd.read_csv(claims)
    lines = changed(found, pd.read_csv(known))
    if lines:
        accept = "if that is right, `make verdicts` and commit config/verdicts.csv"
        raise ValueError("\n".join(["verdicts changed:", *lines, accept]))
    write_table(found[COLUMNS], table)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(snakemake.input.claims, snakemake.input.known, snakemake.output.table)
