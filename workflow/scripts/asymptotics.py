"""Local exponents of the theory's risk, and a table of the last ones for people."""

import pandas as pd

from joblog import logged
from quadlaw.asymptotics import KEYS, local_exponents
from quadlaw.files import write_bytes, write_table


def markdown(exponents):
    """One row a problem and model: the exponents between the two largest sample sizes."""
    last = exponents.sort_values("samples").groupby(KEYS).last().reset_index()
    last = last.sort_values(["alpha", "beta", "model"], ascending=[False, False, False])
    rows = [
        {
            "alpha, beta": "{alpha:g}, {beta:g}".format(**row),
            "model": row["model"],
            "predicted": f"{row['predicted']:.4f}",
            "theory against T/log2 T": f"{row['against_clock']:.4f}",
            "difference": f"{row['against_clock'] - row['predicted']:+.4f}",
            "theory against T": f"{row['against_T']:.4f}",
        }
        for row in last.to_dict("records")
    ]
    return pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True) + "\n"


def main(paths, risks_csv, exponents_csv, readable):
    risks = pd.concat([pd.read_csv(path) for path in paths], ignore_index=True)
    exponents = local_exponents(risks)
    write_table(risks, risks_csv)
    write_table(exponents, exponents_csv)
    write_bytes(markdown(exponents).encode(), readable)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(
            snakemake.input,
            snakemake.output.risks,
            snakemake.output.exponents,
            snakemake.output.markdown,
        )
