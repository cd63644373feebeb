"""Put all fits into one table, and the headline ones into one for people."""

import pandas as pd

from quadlaw.files import write_bytes, write_table

COLUMNS = ["figure", "model", "alpha", "beta", "sigma", "init_scale", "quantity", "against"]


def markdown(fits):
    """The fits as a Markdown table; sample exponents against the clock of the rates alone."""
    shown = fits[fits["against"] != "T"].copy()
    interval = shown.agg("[{0[ci_low]:.3f}, {0[ci_high]:.3f}]".format, axis=1)
    starts = shown.agg("{0[start_low]:.3f} to {0[start_high]:.3f}".format, axis=1)
    table = shown[["figure", "quantity", "model", "alpha", "beta", "init_scale"]].assign(
        predicted=shown["predicted"].map("{:.3f}".format),
        measured=shown["estimate"].map("{:.3f}".format),
        interval=interval,
        starts=starts,
    )
    table["init_scale"] = table["init_scale"].map("{:g}".format)
    names = {
        "interval": "95 % interval",
        "starts": "other window starts",
        "init_scale": "init scale",
    }
    return table.rename(columns=names).to_markdown(index=False, disable_numparse=True) + "\n"


def main(paths, figures, csv, readable):
    tables = [
        pd.read_csv(path).assign(figure=name) for path, name in zip(paths, figures, strict=True)
    ]
    fits = pd.concat(tables, ignore_index=True)
    fits = fits[[*COLUMNS, *fits.columns.drop(COLUMNS)]]
    write_table(fits, csv)
    write_bytes(markdown(fits).encode(), readable)


if __name__ == "__main__":
    main(
        snakemake.input,
        snakemake.params.figures,
        snakemake.output.csv,
        snakemake.output.markdown,
    )
