"""Predicted beside simulated risk, of all sweeps and of the single settings."""

import pandas as pd

from joblog import logged
from quadlaw.files import write_table

SIMULATED = ["mean", "mean_error", "diverged_share", "replicates"]


def main(curves, theory, settings, sweeps, sweeps_csv, settings_csv):
    tables = []
    for simulated, predicted, name in zip(curves, theory, sweeps, strict=True):
        known = pd.read_csv(predicted)
        keys = [column for column in known.columns if column != "risk"]
        found = pd.read_csv(simulated)[[*keys, *SIMULATED]]
        both = found.merge(known.rename(columns={"risk": "predicted"}), on=keys, validate="1:1")
        tables.append(both.assign(sweep=name))
    write_table(pd.concat(tables, ignore_index=True), sweeps_csv)
    single = pd.concat([pd.read_csv(path) for path in settings], ignore_index=True)
    write_table(single, settings_csv)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(
            snakemake.input.curves,
            snakemake.input.theory,
            snakemake.input.settings,
            snakemake.params.sweeps,
            snakemake.output.sweeps,
            snakemake.output.settings,
        )
