"""The mean field beside many runs, as a table for people."""

import pandas as pd

from joblog import logged
from quadlaw.base.files import write_bytes

SETTING = ["alpha", "beta", "sigma", "step_size", "init", "samples"]


def markdown(settings):
    """One row a single setting: simulated, particles, closure; errors are standard errors."""
    rows = [
        {
            "alpha, beta, sigma, e, v_0, T": ", ".join(f"{row[key]:g}" for key in SETTING),
            "simulated": "{simulated:.4g} ± {simulated_error:.2g}".format(**row),
            "runs": f"{row['replicates']:.0f}",
            "particles": "{accurate:.4g} ± {accurate_error:.1g}".format(**row),
            "closure": f"{row['closure']:.4g}",
            "particles against simulation": f"{row['accurate'] / row['simulated'] - 1:+.1%}",
            "closure against particles": f"{row['closure'] / row['accurate'] - 1:+.2%}",
        }
        for row in settings.to_dict("records")
    ]
    return pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True) + "\n"


def main(curves, readable):
    table = pd.read_csv(curves)
    write_bytes(markdown(table[table["part"] == "settings"]).encode(), readable)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(snakemake.input.curves, snakemake.output.markdown)
