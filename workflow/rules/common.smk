"""Configuration and what several rules read from it."""

import threading
from functools import cache

import pandas as pd
import yaml

from quadlaw.base.documents import from_yaml
from quadlaw.base.files import remove_partial, require_writable
from quadlaw.base.provenance import code_hash
from quadlaw.fit import designs
from quadlaw.ledger.claims import checked_verdicts
from quadlaw.ledger.config import checked
from quadlaw.ledger.cost import require_affordable_plans
from quadlaw.ledger.entries import checked_claims, checked_statements
from quadlaw.ledger.paper import FIGURES as PAPER_STUDIES
from quadlaw.ledger.plans import plans
from quadlaw.models import PAPER
from quadlaw.sgd.ingredients import modules_of
from quadlaw.sgd.schedules.two_phase import TwoPhase
from quadlaw.studies import names, study


def refuse(what, fault):
    """End with one line and exit code 2, before anything is written."""
    print(f"{what}: {' '.join(str(fault).split())}", file=sys.stderr)
    sys.exit(2)


# The code is that of the run's start, and many jobs share it: one hash of each set of modules.
code_hash = cache(code_hash)

# Jobs of a run read the configuration again: it was accepted when the run began.
try:
    config = checked(config)
    PLANS = plans(config)
    if workflow.is_main_process:
        require_affordable_plans(PLANS, config["force"])
except ValueError as fault:
    refuse("configuration", fault)

RESULTS = config["output"]["results"]
FIGURES_FOLDER = config["output"]["figures"]
# Every figure is a study, drawn by the notebook of its name.
STUDIES = list(config["studies"])
PAPER_FIGURES = [name for name in PAPER_STUDIES if name in STUDIES]
CLAIMS = config["ledger"]["claims"]
STATEMENTS = config["ledger"]["statements"]
VERDICTS = config["ledger"]["verdicts"]


def accepted(path, check, *against, read=from_yaml):
    """The content of a file in the project, unless its check refuses it."""
    try:
        with open(f"{workflow.basedir}/{path}") as file:
            content = read(file)
        check(content, *against)
    except (ValueError, OSError, yaml.YAMLError) as fault:
        refuse(path, fault)
    return content


if workflow.is_main_process:
    # Claims of a study that is left out are checked, too.
    claims_read = accepted(CLAIMS, checked_claims, names())
    if STATEMENTS:
        accepted(STATEMENTS, checked_statements, claims_read)
    if VERDICTS:
        accepted(VERDICTS, checked_verdicts, read=pd.read_csv)


def prepare_folders():
    """Refuse to start where nothing can be written, and tidy up after a killed run."""
    for folder in (RESULTS, FIGURES_FOLDER):
        try:
            require_writable(folder)
        except OSError as fault:
            sys.exit(f"{folder}: cannot be written to: {fault.strerror}")
        remove_partial(folder)


def cancel_timers():
    """Those of Snakemake's scheduler (profiles/default), whose end it would wait for."""
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.cancel()


wildcard_constraints:
    study="|".join(STUDIES) or "none",
    part=r"\d+",
