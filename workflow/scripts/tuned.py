"""The theory's risks at its best step sizes, for a part of a study's grid."""

from joblog import logged
from quadlaw.base.files import write_table
from quadlaw.ledger.plans import tuned_parts
from quadlaw.theory.asymptotics import grid_cells, grid_risks


def main(grid, part, batch_seconds, sigma, table):
    cells = grid_cells(grid)[tuned_parts(grid, batch_seconds)[part]]
    write_table(grid_risks(cells, grid, sigma), table)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(
            snakemake.params.grid,
            int(snakemake.wildcards.part),
            snakemake.params.batch_seconds,
            snakemake.params.sigma,
            snakemake.output.table,
        )
