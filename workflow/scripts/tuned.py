"""The theory's risks at its best step sizes, for a part of a study's grid."""

from joblog import logged
from quadlaw.base.files import write_table
from quadlaw.theory.asymptotics import grid_risks

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        asked = snakemake.params
        write_table(grid_risks(asked.cells, asked.grid, asked.sigma), snakemake.output.table)
