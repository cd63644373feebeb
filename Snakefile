"""Scaling laws of SGD in quadratically parameterized linear regression: the whole replication."""

import os
import sys

from snakemake.utils import min_version

min_version("9.0")

# Jobs find the programs beside this Python, whether or not its environment was activated, and the
# package beside this file; each computes on one core, as many at a time as Snakemake was given.
PACKAGES = os.path.join(workflow.basedir, "workflow")
sys.path.insert(0, PACKAGES)
os.environ.update(
    PATH=os.pathsep.join([os.path.dirname(sys.executable), os.getenv("PATH", os.defpath)]),
    PYTHONPATH=os.pathsep.join(filter(None, [PACKAGES, os.getenv("PYTHONPATH")])),
    OMP_NUM_THREADS="1",
    OPENBLAS_NUM_THREADS="1",
    NUMBA_NUM_THREADS="1",
)


configfile: "config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/spectra.smk"
include: "workflow/rules/runs.smk"
include: "workflow/rules/fits.smk"
include: "workflow/rules/theory.smk"
include: "workflow/rules/studies.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/benchmarks.smk"
include: "workflow/rules/report.smk"


rule all:
    default_target: True
    input:
        rules.collect_fits.output,
        rules.claims.output,
        rules.verdicts.output if config["ledger"]["verdicts"] else [],
        rules.benchmark_table.output,
        rules.report_pages.output,
        expand(rules.figure.output, name=FIGURES),
