"""Simulate a part of a study's design; points that were finished before come from the store."""

import time

import pandas as pd

from joblog import logged
from quadlaw import designs, points
from quadlaw.files import compute_once, write_table
from quadlaw.provenance import code_hash, require_unchanged
from quadlaw.studies import study


def main(name, design, part, parts, common, store, modules, code, table):
    module, tables = study(name), []
    own = hasattr(module, "run_point")
    run_point = module.run_point if own else points.run_point
    runs_code = code_hash(run_point.__module__)

    def run(point):
        result = run_point(point, **common)
        require_unchanged(code, *modules)  # nothing is kept of which the code is in doubt
        return result

    for point in designs.share(designs.points(pd.read_parquet(design)), part, parts):
        began = time.perf_counter()
        key = points.point_key(point, **common, code=runs_code)
        tables.append(compute_once(store, key, run, point))
        where = "alpha={alpha} beta={beta} sigma={sigma} T={samples} {schedule}".format(**point)
        print(f"{where}: {time.perf_counter() - began:.1f} s")
    require_unchanged(code, *modules)
    write_table(pd.concat(tables, ignore_index=True), table)


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
