"""Put all fits into one table, and the headline ones into one for people."""

import pandas as pd

from joblog import logged
from quadlaw.base.files import write_bytes, write_table

COLUMNS = ["figure", "model", "alpha", "beta", "sigma", "init_scale", "quantity", "against"]
NUMBERS = [
    "predicted", "estimate", "ci_low", "ci_high", "window_low", "window_high", "points",
    "start_low", "start_high", "step_constant", "step_at_edge", "diverged_share", "step_low",
    "step_high", "theory", "step_size",
]  # fmt: skip
KEYS = ["figure", "quantity", "model", "alpha", "beta", "init_scale"]
PLAIN = ["T", "M", "eta t"]


def markdown(fits):
    """One row a quantity: fitted against the cleaner variable, then against the plain one."""
    plain = fits[fits["against"].isin(PLAIN)].set_index(KEYS)["estimate"]
    rows = []
    for fit in fits[~fits["against"].isin(PLAIN)].to_dict("records"):
        edge = {True: "yes", False: "no"}.get(fit["step_at_edge"], "-")
        scale, diverged = fit["init_scale"], fit["diverged_share"]
        rows.append(
            {
                "figure": fit["figure"],
                "quantity": fit["quantity"],
                "model": fit["model"],
                "alpha, beta": "{alpha:g}, {beta:g}".format(**fit),
                "v_0 scale": "-" if pd.isna(scale) else f"{scale:g}",
                "predicted": f"{fit['predicted']:.3f}",
                "against": fit["against"],
                "theory": "-" if pd.isna(fit["theory"]) else f"{fit['theory']:.3f}",
                "measured": f"{fit['estimate']:.3f}",
                "95 % interval": "{ci_low:.3f} to {ci_high:.3f}".format(**fit),
                "other window starts": "{start_low:.3f} to {start_high:.3f}".format(**fit),
                "against T, M or eta t": f"{plain[tuple(fit[key] for key in KEYS)]:.3f}",
                "diverged": "-" if pd.isna(diverged) else f"{diverged:.1%}",
                "step at grid's edge": edge,
            }
        )
    return pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True) + "\n"


def main(paths, figures, csv, readable):
    tables = [
        pd.read_csv(path).assign(figure=name) for path, name in zip(paths, figures, strict=True)
    ]
    fits = pd.concat(tables, ignore_index=True)
    fits = fits[[*COLUMNS, *NUMBERS]]
    write_table(fits, csv)
    write_bytes(markdown(fits).encode(), readable)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(
            snakemake.input.estimates,
            snakemake.params.figures,
            snakemake.output.csv,
            snakemake.output.markdown,
        )
