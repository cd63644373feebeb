"""Write the spectra of a study's problems, each as far as its largest model sees it."""

import pandas as pd

from joblog import logged
from quadlaw.base.files import write_table
from quadlaw.sgd.problem import PowerLaw


def main(problems, table):
    frames = [
        PowerLaw(one["alpha"], one["beta"], one["sigma"]).spectrum(one["size"]).to_frame()
        for one in problems
    ]
    write_table(pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(), table)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(snakemake.params.problems, snakemake.output.table)
