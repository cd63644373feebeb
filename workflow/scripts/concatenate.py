"""Put tables of the same columns under one another."""

import pandas as pd

from joblog import logged
from quadlaw.files import write_table


def main(paths, table):
    write_table(pd.concat([pd.read_csv(path) for path in paths], ignore_index=True), table)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(snakemake.input, snakemake.output[0])
