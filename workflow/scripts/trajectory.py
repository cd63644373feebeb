"""Follow the weights of one problem over time."""

import pandas as pd

from joblog import logged
from quadlaw.base.files import write_table
from quadlaw.base.provenance import require_unchanged
from quadlaw.fit.experiments import run_trajectory
from quadlaw.sgd.problem import Spectrum


def main(spectrum, point, modules, code, table):
    problem = Spectrum.from_frame(pd.read_parquet(spectrum))
    weights = run_trajectory(point, problem)
    require_unchanged(code, *modules)
    write_table(weights, table)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(
            snakemake.input.spectrum,
            snakemake.params.point,
            snakemake.params.modules,
            snakemake.params.code,
            snakemake.output.table,
        )
