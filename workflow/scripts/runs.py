"""Run a batch of a sweep's points; points that were finished before are read from the store."""

import time

import pandas as pd

from joblog import logged
from quadlaw.experiments import model_sizes, point_key, run_point
from quadlaw.files import compute_once, write_table
from quadlaw.problem import Spectrum
from quadlaw.provenance import code_hash, require_unchanged


def main(spectra, points, store, modules, code, table):
    known = [Spectrum.from_frame(pd.read_parquet(path)) for path in spectra]
    spectrum_of = {(one.alpha, one.beta): one for one in known}
    runs_code, tables = code_hash("quadlaw.sgd"), []

    def run(point, spectrum):
        result = run_point(point, spectrum)
        require_unchanged(code, *modules)  # nothing is kept of which the code is in doubt
        return result

    for number, point in enumerate(points, start=1):
        began = time.perf_counter()
        spectrum = spectrum_of[point["alpha"], point["beta"]].head(max(model_sizes(point)))
        tables.append(
            compute_once(store, point_key(point, spectrum, runs_code), run, point, spectrum)
        )
        seconds = time.perf_counter() - began
        where = "alpha={alpha} beta={beta} T={samples} replicates={replicates}".format(**point)
        print(f"point {number}/{len(points)} {where}: {seconds:.1f} s")
    require_unchanged(code, *modules)
    write_table(pd.concat(tables, ignore_index=True), table)


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
