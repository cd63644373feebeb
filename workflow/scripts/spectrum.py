"""Write the spectrum of one problem."""

from joblog import logged
from quadlaw.base.files import write_table
from quadlaw.sgd.problem import PowerLaw


def main(problem, table):
    law = PowerLaw(problem["alpha"], problem["beta"], problem["sigma"])
    write_table(law.spectrum(problem["size"]).to_frame(), table)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(snakemake.params.problem, snakemake.output.table)
