"""One setting simulated and predicted."""

import pandas as pd

from joblog import logged
from quadlaw.comparison import mean_field_check
from quadlaw.files import write_table
from quadlaw.provenance import require_unchanged


def main(setting, replicates, seed, modules, code, table):
    row = mean_field_check(setting, replicates=replicates, seed=seed)
    require_unchanged(code, *modules)
    write_table(pd.DataFrame([row]), table)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(
            snakemake.params.setting,
            snakemake.params.replicates,
            snakemake.params.seed,
            snakemake.params.modules,
            snakemake.params.code,
            snakemake.output.table,
        )
