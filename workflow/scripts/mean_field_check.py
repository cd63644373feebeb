"""One setting simulated and predicted."""

import pandas as pd

from joblog import logged
from quadlaw.base.files import write_table
from quadlaw.base.provenance import require_unchanged
from quadlaw.fit.comparison import mean_field_check
from quadlaw.sgd.schedules.two_phase import TwoPhase


def main(setting, common, modules, code, table):
    schedule = TwoPhase(**common.pop("schedule"))
    row = mean_field_check(setting, schedule=schedule, **common)
    require_unchanged(code, *modules)
    write_table(pd.DataFrame([row]), table)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(
            snakemake.params.setting,
            snakemake.params.common,
            snakemake.params.modules,
            snakemake.params.code,
            snakemake.output.table,
        )
