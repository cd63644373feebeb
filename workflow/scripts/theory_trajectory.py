"""The theory of weights over time, and the exponent of its front."""

import pandas as pd

from joblog import logged
from quadlaw.base.files import write_table
from quadlaw.fit.comparison import predicted_front, predicted_weights


def main(fits, points, theory_csv, exponents_csv):
    theory = pd.concat([predicted_weights(point) for point in points], ignore_index=True)
    write_table(theory, theory_csv)
    write_table(predicted_front(theory, pd.read_csv(fits)), exponents_csv)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(
            snakemake.input.fits,
            snakemake.params.points,
            snakemake.output.theory,
            snakemake.output.exponents,
        )
