"""Wall time and peak memory of every rule's jobs.

Snakemake also gives CPU times, but of the first 15 seconds of a job alone.
"""

import pandas as pd

from joblog import logged
from quadlaw.files import write_table


def summary(rule, paths):
    """One row: all jobs of a rule."""
    jobs = pd.concat([pd.read_csv(path, sep="\t", na_values="-") for path in paths])
    return {
        "rule": rule,
        "jobs": len(jobs),
        "wall_seconds": jobs["s"].sum(),
        "longest_seconds": jobs["s"].max(),
        "peak_memory_mb": jobs["max_rss"].max(),
    }


def main(benchmarks, table):
    rows = [summary(rule, paths) for rule, paths in benchmarks.items() if paths]
    write_table(pd.DataFrame(rows).sort_values("wall_seconds", ascending=False), table)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        rules = {
            name: [files] if isinstance(files, str) else list(files)
            for name, files in snakemake.input.items()
        }
        main(rules, snakemake.output.table)
