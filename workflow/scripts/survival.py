"""Which coordinates of which runs survive, at every step size."""

from joblog import logged
from quadlaw.base.files import write_table
from quadlaw.base.provenance import require_unchanged
from quadlaw.studies.survival import survival


def main(settings, seed, precision, modules, code, table):
    alive = survival(settings, seed=seed, dtype=precision)
    require_unchanged(code, *modules)
    write_table(alive, table)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(
            snakemake.params.settings,
            snakemake.params.seed,
            snakemake.params.precision,
            snakemake.params.modules,
            snakemake.params.code,
            snakemake.output.table,
        )
