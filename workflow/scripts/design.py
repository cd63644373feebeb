"""List the settings that a study simulates."""

from joblog import logged
from quadlaw.base.files import write_table
from quadlaw.studies import study


def main(name, settings, table):
    write_table(study(name).design(settings), table)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(snakemake.wildcards.study, snakemake.params.settings, snakemake.output.table)
