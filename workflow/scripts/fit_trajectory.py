"""Reduce weights over time to medians, and fit the front of the adaptation phase."""

import pandas as pd

from joblog import logged
from quadlaw.base.files import write_table
from quadlaw.fit.fronts import front_exponents, weight_curves


def main(runs, window, curves_csv, fits_csv):
    weights = pd.concat([pd.read_parquet(path) for path in runs], ignore_index=True)
    write_table(weight_curves(weights), curves_csv)
    write_table(front_exponents(weights, tuple(window)), fits_csv)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(
            snakemake.input.runs,
            snakemake.params.window,
            snakemake.output.curves,
            snakemake.output.fits,
        )
