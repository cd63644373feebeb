"""Write the spectrum of one problem."""

from quadlaw.files import write_table
from quadlaw.problem import PowerLaw


def main(problem, table):
    law = PowerLaw(problem["alpha"], problem["beta"], problem["sigma"])
    write_table(law.spectrum(problem["size"]).to_frame(), table)


if __name__ == "__main__":
    main(snakemake.params.problem, snakemake.output.table)
