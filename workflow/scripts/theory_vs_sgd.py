"""Predicted beside simulated risk, of all sweeps and of the single settings."""

import pandas as pd

from joblog import logged
from quadlaw.base.files import write_bytes, write_table
from quadlaw.fit.comparison import mean_field_error

SETTING = ["alpha", "beta", "sigma", "step_size", "init", "samples"]
SIMULATED = ["mean", "mean_error", "diverged_share", "replicates"]


def markdown(settings):
    """One row a single setting: simulated, particles, closure; errors are standard errors."""
    rows = [
        {
            "alpha, beta, sigma, e, v_0, T": ", ".join(f"{row[key]:g}" for key in SETTING),
            "simulated": "{simulated:.4g} ± {simulated_error:.2g}".format(**row),
            "runs": row["replicates"],
            "particles": "{accurate:.4g} ± {accurate_error:.1g}".format(**row),
            "closure": f"{row['closure']:.4g}",
            "particles against simulation": f"{row['accurate'] / row['simulated'] - 1:+.1%}",
            "closure against particles": f"{row['closure'] / row['accurate'] - 1:+.2%}",
        }
        for row in settings.to_dict("records")
    ]
    return pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True) + "\n"


def main(curves, theory, settings, sweeps, sweeps_csv, settings_csv, estimates_csv, readable):
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
    write_table(mean_field_error(single), estimates_csv)
    write_bytes(markdown(single).encode(), readable)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(
            snakemake.input.curves,
            snakemake.input.theory,
            snakemake.input.settings,
            snakemake.params.sweeps,
            snakemake.output.sweeps,
            snakemake.output.settings,
            snakemake.output.estimates,
            snakemake.output.markdown,
        )
