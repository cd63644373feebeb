"""Wall time, CPU time and peak memory of every rule's jobs.

Wall time and memory as Snakemake measured them, CPU time as the jobs logged it: that of the job's
own Python, or for a figure of its notebook's kernel.
"""

from pathlib import Path

import pandas as pd

from joblog import logged
from quadlaw.base.files import write_table
from quadlaw.base.timing import cpu_seconds


def summary(rule, benchmarks, logs):
    """One row: all jobs of a rule."""
    jobs = pd.concat([pd.read_csv(path, sep="\t", na_values="-") for path in benchmarks])
    return {
        "rule": rule,
        "jobs": len(jobs),
        "wall_seconds": jobs["s"].sum(),
        "cpu_seconds": sum(cpu_seconds(Path(path).read_text()) for path in logs),
        "longest_seconds": jobs["s"].max(),
        "peak_memory_mb": jobs["max_rss"].max(),
    }


def main(benchmarks, logs, table):
    rows = [summary(rule, benchmarks[rule], logs[rule]) for rule in benchmarks if benchmarks[rule]]
    write_table(pd.DataFrame(rows).sort_values("wall_seconds", ascending=False), table)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        files = dict(snakemake.input.items())
        rules = [name.removesuffix("_log") for name in files if name.endswith("_log")]
        main(
            {rule: files[rule] for rule in rules},
            {rule: files[f"{rule}_log"] for rule in rules},
            snakemake.output.table,
        )
