"""Shares of survivors, and the target at which half of the runs survive."""

import pandas as pd

from joblog import logged
from quadlaw.base.files import write_table
from quadlaw.studies.survival import half_survival, shares


def main(runs, survival_csv, estimates_csv):
    alive = pd.read_parquet(runs)
    write_table(shares(alive), survival_csv)
    write_table(half_survival(alive), estimates_csv)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(snakemake.input.runs, snakemake.output.survival, snakemake.output.estimates)
