"""Survival at all step sizes, and the target at which half of the runs survive."""

import pandas as pd

from joblog import logged
from quadlaw.extinction import half_survival
from quadlaw.files import write_table


def main(paths, survival_csv, estimates_csv):
    survival = pd.concat([pd.read_csv(path) for path in paths], ignore_index=True)
    write_table(survival, survival_csv)
    write_table(half_survival(survival), estimates_csv)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(snakemake.input, snakemake.output.survival, snakemake.output.estimates)
