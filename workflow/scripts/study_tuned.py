"""The theory's risks at its best step sizes, for a part of a study's grid."""

from joblog import logged
from quadlaw.base.files import write_table
from quadlaw.theory.asymptotics import grid_cells, grid_risks


def main(grid, part, parts, sigma, table):
    cells = grid_cells(grid)[part::parts]  # sorted by cost: about equal work
    write_table(grid_risks(cells, grid, sigma), table)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(
            snakemake.params.grid,
            int(snakemake.wildcards.part),
            snakemake.params.parts,
            snakemake.params.sigma,
            snakemake.output.table,
        )
