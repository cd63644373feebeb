"""What a study draws and what it claims, from all that it computed."""

from pathlib import Path

import pandas as pd

from joblog import logged
from quadlaw.base.files import write_table
from quadlaw.studies import study


def read(paths):
    """Tables under one another."""
    readers = {".parquet": pd.read_parquet, ".csv": pd.read_csv}
    return pd.concat([readers[Path(path).suffix](path) for path in paths], ignore_index=True)


def main(name, files, settings, curves_csv, estimates_csv):
    tables = {kind: read(paths) for kind, paths in files.items()}
    curves, estimates = study(name).results(tables, settings)
    write_table(curves, curves_csv)
    write_table(estimates, estimates_csv)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        files = {
            kind: [paths] if isinstance(paths, str) else list(paths)
            for kind, paths in snakemake.input.items()
        }
        main(
            snakemake.wildcards.study,
            files,
            snakemake.params.settings,
            snakemake.output.curves,
            snakemake.output.estimates,
        )
