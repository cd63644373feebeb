"""What an extended copy of the project says of itself, as JSON: a program to run in the copy."""

import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO

import numpy as np
import pandas as pd

import quadlaw
from quadlaw import cli
from quadlaw.base.provenance import code_hash
from quadlaw.fit.designs import predicted
from quadlaw.fit.points import point_key
from quadlaw.ledger.config import read
from quadlaw.ledger.cost import estimate
from quadlaw.ledger.plans import plans
from quadlaw.sgd import schedules
from quadlaw.studies import names

RUN = {"model_size": 16, "samples": 256, "step_size": 0.1, "init": 0.5}


def state():
    """The key of a point of the quadratic model, the cost of the project, its studies."""
    lane = {"model": "quadratic", "model_size": 8, "step_size": 0.1, "init": 0.5}
    point = {"alpha": 2.5, "beta": 1.5, "sigma": 0.5, "schedule": "two-phase 0.5", "samples": 64}
    point |= {"replicates": 2, "lanes": [lane], "range": [0, 2]}
    key = point_key(point, 0, "float32", code_hash("quadlaw.fit.points"))
    cost = estimate(plans(read([]))).set_index("rule")[["jobs", "core_seconds"]].to_dict("index")
    return {"key": key, "cost": cost, "studies": names()}


def without_theory():
    """Runs of a new model beside another's, the theory of both, and what is said of it."""
    problem, both = quadlaw.PowerLaw(2.5, 1.5, 0.5), ["hyperbolic", "quadratic"]
    runs = quadlaw.simulate(problem, model=both, replicates=3, **RUN)
    labels = {"alpha": 2.5, "beta": 1.5, "sigma": 0.5, "schedule": "two-phase 0.5", "replicates": 3}
    design = pd.DataFrame([{"model": name} | labels | RUN for name in both])
    with redirect_stdout(StringIO()) as words:
        theory = predicted(design).set_index("model")["theory"]
    runs = runs[["model", "excess_risk", "diverged"]].to_dict("list")
    return {"runs": runs, "theory": theory.to_dict(), "words": words.getvalue().splitlines()}


def schedule():
    """A new one by its name: whether it is of its class, and its factor."""
    one = schedules.named("inverse-root 0.5")
    factor = one.factor(np.array([0, 6, 48]), 64)
    return {"same": one == schedules.InverseRoot(0.5), "factor": factor.tolist()}


def answer(words):
    """Exit code, output and complaint of a command line."""
    code = 0
    with redirect_stdout(StringIO()) as output, redirect_stderr(StringIO()) as complaint:
        try:
            cli.main(words)
        except SystemExit as stop:
            code = stop.code
    return {"code": code, "output": output.getvalue(), "complaint": complaint.getvalue()}


if __name__ == "__main__":
    said = {one.__name__: one() for one in (state, without_theory, schedule)}
    lines = json.loads(sys.argv[1])
    print(json.dumps(said | {name: answer(words) for name, words in lines.items()}))
