"""Run a batch of a sweep's points; points that were finished before are read from the store."""

import hashlib
import time

import pandas as pd

from quadlaw.experiments import model_sizes, run_point
from quadlaw.files import compute_once, write_table
from quadlaw.problem import Spectrum


def digest(spectrum):
    """Hash of a spectrum's numbers: a point depends on nothing else of its files."""
    return hashlib.sha256(spectrum.to_frame().to_numpy().tobytes()).hexdigest()


def main(spectra, points, store, code, table, log):
    known = [Spectrum.from_frame(pd.read_parquet(path)) for path in spectra]
    spectrum_of = {(one.alpha, one.beta): one for one in known}
    tables = []
    with open(log, "w", buffering=1) as lines:
        for number, point in enumerate(points, start=1):
            began = time.perf_counter()
            spectrum = spectrum_of[point["alpha"], point["beta"]].head(max(model_sizes(point)))
            key = {"point": point, "spectrum": digest(spectrum), "code": code}
            tables.append(compute_once(store, key, run_point, point, spectrum))
            seconds = time.perf_counter() - began
            where = "alpha={alpha} beta={beta} T={samples}".format(**point)
            print(f"point {number}/{len(points)} {where}: {seconds:.1f} s", file=lines)
    write_table(pd.concat(tables, ignore_index=True), table)


if __name__ == "__main__":
    main(
        snakemake.input.spectra,
        snakemake.params.points,
        snakemake.params.store,
        snakemake.params.code,
        snakemake.output.table,
        snakemake.log[0],
    )
