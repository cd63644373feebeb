"""Run a batch of a sweep's points."""

from functools import partial

import pandas as pd

from joblog import logged
from pointstore import collected
from quadlaw.base.files import write_table
from quadlaw.base.provenance import code_hash
from quadlaw.fit.experiments import model_sizes, point_key, run_point
from quadlaw.sgd.problem import Spectrum


def work(spectra, points):
    """Each point with its name, its key and what computes it."""
    known = [Spectrum.from_frame(pd.read_parquet(path)) for path in spectra]
    spectrum_of = {(one.alpha, one.beta): one for one in known}
    code = code_hash("quadlaw.sgd.run")
    for point in points:
        spectrum = spectrum_of[point["alpha"], point["beta"]].head(max(model_sizes(point)))
        name = "alpha={alpha} beta={beta} T={samples} replicates={replicates}".format(**point)
        yield name, point_key(point, spectrum, code), partial(run_point, point, spectrum)


def main(spectra, points, store, modules, code, table):
    write_table(collected(work(spectra, points), store, modules, code), table)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(
            snakemake.input.spectra,
            snakemake.params.points,
            snakemake.params.store,
            snakemake.params.modules,
            snakemake.params.code,
            snakemake.output.table,
        )
