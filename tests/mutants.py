"""Faults planted one at a time, which the tests of a module must see; for `make mutants`.

In a copy of the project, cosmic-ray changes an operator, a number, a condition or a loop, and runs
the module's tests. A fault that they do not see is shown, and is a test that is missing, or a
program that does the same (CONTRIBUTING.md).
"""

import argparse
import json
import math
import os
import random
import shlex
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from project import ROOT

FOLDER = ROOT / "build" / "mutants"
COPY, SESSION, CONFIG = FOLDER / "project", FOLDER / "session.sqlite", FOLDER / "config.toml"
PROGRAMS = FOLDER / "env" / "bin"
LEFT_OUT = (".git", ".venv", ".snakemake", ".hypothesis", "build", "results")
# Of each module, the files whose tests must see its faults.
TESTS = {
    "base/checks.py": "checks",
    "fit/estimates.py": "exponents estimates draws asymptotics",
    "fit/exponents.py": "exponents fitting",
    "fit/fitting.py": "fitting exponents",
    "fit/stopping.py": "stopping",
    "ledger/claims.py": "claims compare left_out",
    "ledger/compare.py": "compare",
    "ledger/statements.py": "statements",
    "models/leaps_loop.py": "leaps kernels",
    "models/loop.py": "sgd models",
    "sgd/leaps.py": "leaps",
    "sgd/run.py": "sgd leaps",
    "sgd/train.py": "sgd streams",
    "theory/linear.py": "theory_linear",
    "theory/mean_field.py": "theory_mean_field",
    "theory/rates.py": "rates claims",
    "theory/tuning.py": "tuning",
}
# One or two other operators in the place of each, as any test sees `+` in the place of `|`; a
# function without its decorator does the same, slower, or nothing at all.
REPLACED = {
    "BinaryOperator": "Add_Sub Sub_Add Mul_Div Div_Mul Pow_Mul FloorDiv_Mul Mod_Mul",
    "ComparisonOperator": "Lt_LtE LtE_Lt Gt_GtE GtE_Gt Lt_Gt Gt_Lt LtE_GtE GtE_LtE Eq_NotEq "
    "NotEq_Eq Is_IsNot IsNot_Is",
    "UnaryOperator": "USub_UAdd Delete_Not",
}
SKIPPED = [f"core/Replace{one}_(?!({'|'.join(two.split())})$)" for one, two in REPLACED.items()]
SKIPPED.append("core/RemoveDecorator")
LIMIT = 600  # seconds for a module's tests; an endless loop is a fault that was seen


def command(module):
    """The tests of a module, up to the first that fails."""
    files = [f"tests/test_{name}.py" for name in TESTS[module].split()]
    options = ["-x", "-q", "-n0", "-p", "no:cacheprovider", "-m", "not workflow"]
    return shlex.join([sys.executable, "-m", "pytest", *options, *files])


def configure(module):
    """Write cosmic-ray's configuration. Lists of text in JSON are TOML, too."""
    path, tests, skipped = map(json.dumps, (f"workflow/quadlaw/{module}", command(module), SKIPPED))
    CONFIG.write_text(
        f"[cosmic-ray]\nmodule-path = {path}\ntimeout = {LIMIT}\nexcluded-modules = []\n"
        f'test-command = {tests}\ndistributor.name = "local"\n'
        f"[cosmic-ray.filters.operators-filter]\nexclude-operators = {skipped}\n"
    )


def run(program, *arguments):
    """In the copy, whose package comes before the installed one."""
    path = {"PYTHONPATH": str(COPY / "workflow")}
    line = [PROGRAMS / program, *arguments]
    done = subprocess.run(line, cwd=COPY, env=os.environ | path, check=True, stdout=subprocess.PIPE)
    return done.stdout.decode()


def draw(share):
    """Leave a share of the faults that are to be planted: the same ones each time."""
    fault = "operator_name, operator_args, occurrence"  # its number is another one each time
    pending = f"""select job_id from mutation_specs
        where job_id not in (select job_id from work_results) order by {fault}"""
    with closing(sqlite3.connect(SESSION)) as session, session:
        faults = session.execute(pending).fetchall()
        left_out = random.Random(0).sample(faults, len(faults) - math.ceil(share * len(faults)))
        for table in ("mutation_specs", "work_items"):
            session.executemany(f"delete from {table} where job_id = ?", left_out)


def outcomes(module, share):
    """What became of each fault: pairs of an outcome, killed or survived, and the change."""
    configure(module)
    SESSION.unlink(missing_ok=True)
    run("cosmic-ray", "baseline", CONFIG)  # fails if the tests fail without a fault
    run("cosmic-ray", "init", CONFIG, SESSION)
    run("cr-filter-operators", SESSION, CONFIG)
    draw(share)
    run("cosmic-ray", "exec", CONFIG, SESSION)
    results = [json.loads(line)[1] for line in run("cosmic-ray", "dump", SESSION).splitlines()]
    tried = [one for one in results if one["test_outcome"]]
    # The star before a signature's keywords is no product, and a slash there breaks no call.
    return [(one["test_outcome"], one["diff"]) for one in tried if " /," not in one["diff"]]


def main(modules, share):
    """Print the survivors of each module, and how many were killed."""
    shutil.rmtree(COPY, ignore_errors=True)
    shutil.copytree(ROOT, COPY, ignore=shutil.ignore_patterns(*LEFT_OUT))
    for module in modules or TESTS:
        found = outcomes(module, share)
        survived = [change for outcome, change in found if outcome == "survived"]
        print(*survived, sep="\n\n")
        print(f"{module}: {len(found) - len(survived)} of {len(found)} seen", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("modules", nargs="*", help="each of them if none is named")
    parser.add_argument("--share", type=float, default=1, help="of the faults, drawn at random")
    given = parser.parse_args()
    main([Path(name).as_posix() for name in given.modules], given.share)
