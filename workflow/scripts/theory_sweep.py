"""The theory at the settings of a sweep, and the exponents of its curves."""

import pandas as pd

from joblog import logged
from quadlaw.base.files import write_table
from quadlaw.fit.comparison import predicted_curves, predicted_exponents
from quadlaw.sgd.schedules.two_phase import TwoPhase


def main(curves, schedule, fit, theory_csv, exponents_csv):
    theory = predicted_curves(pd.read_csv(curves), TwoPhase(**schedule))
    write_table(theory, theory_csv)
    exponents = predicted_exponents(fit["quantity"], theory, tuple(fit["window"]))
    write_table(exponents, exponents_csv)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(
            snakemake.input.curves,
            snakemake.params.schedule,
            snakemake.params.fit,
            snakemake.output.theory,
            snakemake.output.exponents,
        )
