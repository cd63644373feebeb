"""The theory's risk of both models of one problem, up to sizes beyond simulation."""

import pandas as pd

from joblog import logged
from quadlaw.asymptotics import tuned_risks
from quadlaw.files import write_table
from quadlaw.problem import PowerLaw
from quadlaw.schedules import TwoPhase


def main(settings, table):
    problem, schedule = PowerLaw(**settings["problem"]), TwoPhase(**settings["schedule"])
    rest = {key: settings[key] for key in ("size_factor", "init_scale")}
    risks = [
        tuned_risks(problem, model, settings["samples"], schedule=schedule, **rest)
        for model in ("quadratic", "linear")
    ]
    write_table(pd.concat(risks, ignore_index=True), table)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(snakemake.params.settings, snakemake.output.table)
