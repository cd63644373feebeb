"""Simulate a part of a study's design."""

from functools import partial

import pandas as pd

from joblog import logged
from pointstore import collected
from quadlaw.base.files import write_table
from quadlaw.base.provenance import code_hash
from quadlaw.fit import designs, points
from quadlaw.studies import study


def work(name, design, part, parts, common):
    """Each point with its name, its key and what computes it."""
    run_point = getattr(study(name), "run_point", points.run_point)
    code = code_hash(run_point.__module__)
    for point in designs.share(designs.points(pd.read_parquet(design)), part, parts):
        where = "alpha={alpha} beta={beta} sigma={sigma} T={samples} {schedule}".format(**point)
        yield (
            where,
            points.point_key(point, **common, code=code),
            partial(run_point, point, **common),
        )


def main(name, design, part, parts, common, store, modules, code, table):
    write_table(collected(work(name, design, part, parts, common), store, modules, code), table)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(
            snakemake.wildcards.study,
            snakemake.input.design,
            int(snakemake.wildcards.part),
            snakemake.params.parts,
            snakemake.params.common,
            snakemake.params.store,
            snakemake.params.modules,
            snakemake.params.code,
            snakemake.output.table,
        )
