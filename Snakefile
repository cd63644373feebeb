"""Scaling laws of SGD in quadratically parameterized linear regression: the whole replication."""

import getpass
import os
import shlex
import sys

from snakemake.utils import min_version

min_version("9.0")

# Jobs find the programs beside this Python, whether or not its environment was activated, the
# package beside this file, this environment's Jupyter kernel before any of the machine's, and a
# setting of Jupyter without which it would not start as root.
PACKAGES = os.path.join(workflow.basedir, "workflow")
sys.path.insert(0, PACKAGES)
os.environ.setdefault("PATH", os.defpath)
for variable, folder in {
    "PATH": os.path.dirname(sys.executable),
    "PYTHONPATH": PACKAGES,
    "JUPYTER_PATH": os.path.join(sys.prefix, "share", "jupyter"),
    "JUPYTER_CONFIG_PATH": os.path.join(workflow.basedir, "config", "jupyter"),
}.items():
    os.environ[variable] = os.pathsep.join(filter(None, [folder, os.getenv(variable)]))
# Snakemake hands this path to a shell as it is, and it may hold a space.
sys.executable = shlex.quote(sys.executable)
# It asks for the user's name as well, and in a container there may be none.
try:
    getpass.getuser()
except (KeyError, OSError):
    os.environ.update(USER=str(os.getuid()))
# Each job computes on one core, as many at a time as Snakemake was given.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NUMBA_NUM_THREADS="1")


# Beside this file, as Snakemake may be started in another folder.
configfile: os.path.join(workflow.basedir, "config", "config.yaml")


include: "workflow/rules/common.smk"
include: "workflow/rules/inputs.smk"
include: "workflow/rules/spectra.smk"
include: "workflow/rules/theory.smk"
include: "workflow/rules/runs.smk"
include: "workflow/rules/fits.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/ledger.smk"
include: "workflow/rules/benchmarks.smk"
include: "workflow/rules/report.smk"


# Jobs of a second or two: on a cluster, they run where Snakemake itself does.
localrules:
    all,
    benchmark_table,
    claims,
    design,
    first_page,
    mean_field_table,
    paper,
    provenance,
    report_pages,
    spectrum,
    verdicts,


onstart:
    prepare_folders()


onsuccess:
    cancel_timers()


onerror:
    cancel_timers()


rule all:
    default_target: True
    input:
        rules.claims.output,
        rules.verdicts.output if VERDICTS else [],
        rules.benchmark_table.output,
        rules.report_pages.output,
        rules.paper.output,
        rules.mean_field_table.output if "theory_vs_sgd" in STUDIES else [],
        expand(rules.figure.output, study=STUDIES),
