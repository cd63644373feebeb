"""Follow the weights of one problem over time."""

import pandas as pd

from quadlaw.experiments import run_trajectory
from quadlaw.files import write_table
from quadlaw.problem import Spectrum


def main(spectrum, point, table):
    problem = Spectrum.from_frame(pd.read_parquet(spectrum))
    write_table(run_trajectory(point, problem), table)


if __name__ == "__main__":
    main(snakemake.input.spectrum, snakemake.params.point, snakemake.output.table)
