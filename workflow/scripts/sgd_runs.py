"""Simulate a part of a study's design."""

from functools import partial

import pandas as pd

from joblog import logged
from pointstore import collected
from quadlaw.base.files import write_table
from quadlaw.base.provenance import code_hash
from quadlaw.fit import designs
from quadlaw.fit.points import point_key
from quadlaw.sgd.problem import Spectrum
from quadlaw.studies import study

KEYS = ["alpha", "beta", "sigma"]


def read_spectra(path):
    """The spectra of a table, by their problems."""
    table = pd.read_parquet(path)
    return (
        {key: Spectrum.from_frame(some) for key, some in table.groupby(KEYS)} if len(table) else {}
    )


def work(name, design, spectra, part, batch_seconds, common):
    """Each point with its name, its key and what computes it."""
    spectra = read_spectra(spectra)
    run_point = study(name).run_point
    code = code_hash(run_point.__module__)
    points = designs.points(pd.read_parquet(design))
    for point in points[designs.jobs(points, batch_seconds)[part]]:
        where = "alpha={alpha} beta={beta} sigma={sigma} T={samples} {schedule}".format(**point)
        key = point_key(point, **common, code=code)
        listed = spectra.get(tuple(point[name] for name in KEYS))
        yield f"{where} {point['range']}", key, partial(run_point, point, listed=listed, **common)


def main(name, design, spectra, part, batch_seconds, common, store, modules, code, table):
    points = work(name, design, spectra, part, batch_seconds, common)
    write_table(collected(points, store, modules, code), table)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(
            snakemake.wildcards.study,
            snakemake.input.design,
            snakemake.input.spectra,
            int(snakemake.wildcards.part),
            snakemake.params.batch_seconds,
            snakemake.params.common,
            snakemake.params.store,
            snakemake.params.modules,
            snakemake.params.code,
            snakemake.output.table,
        )
