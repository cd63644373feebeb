"""Choose step sizes, reduce runs to curves and fit their exponents."""

import pandas as pd

from joblog import logged
from quadlaw.base.files import write_table
from quadlaw.fit.curves import choose_steps, curves, ratio_curves, reported
from quadlaw.fit.exponents import AXES, fitted_exponents


def main(runs, pilots, fit, curves_csv, ratios_csv, fits_csv, reported_parquet):
    table = pd.concat([pd.read_parquet(path) for path in runs], ignore_index=True)
    quantity, window = fit["quantity"], tuple(fit["window"])
    steps = choose_steps(table, pilots, AXES[quantity], window)
    rest = reported(table, steps, pilots)
    write_table(curves(rest), curves_csv)
    write_table(ratio_curves(rest), ratios_csv)
    write_table(fitted_exponents(quantity, rest, window), fits_csv)
    write_table(rest[rest["chosen"]], reported_parquet)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(
            snakemake.input.runs,
            snakemake.params.pilots,
            snakemake.params.fit,
            snakemake.output.curves,
            snakemake.output.ratios,
            snakemake.output.fits,
            snakemake.output.reported,
        )
