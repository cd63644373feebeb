"""The theory at every setting of a study's design."""

import pandas as pd

from joblog import logged
from quadlaw.base.files import write_table
from quadlaw.studies import study


def main(name, design, table):
    write_table(study(name).predicted(pd.read_parquet(design)), table)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(snakemake.wildcards.study, snakemake.input.design, snakemake.output.table)
