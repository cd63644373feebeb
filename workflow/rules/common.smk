"""Configuration and what several rules read from it."""

import yaml

from quadlaw.config import checked
from quadlaw.experiments import batches, model_sizes, sweep_points
from quadlaw.provenance import code_hash

with open(f"{workflow.basedir}/workflow/schemas/config.schema.yaml") as file:
    SCHEMA = yaml.safe_load(file)
try:
    config = checked(config, SCHEMA)
except ValueError as fault:
    sys.exit(f"configuration: {fault}")

# What a simulated table depends on; Snakemake does not follow imports.
RUN_MODULES = ["quadlaw.experiments", "quadlaw.files", "quadlaw.provenance"]
RESULTS = config["output"]["results"]
FIGURES_FOLDER = config["output"]["figures"]
SWEEPS = config["sweeps"]
TRAJECTORIES = config["trajectories"]
# Every sweep and trajectory is drawn by the notebook of its name.
FIGURES = [*SWEEPS, *TRAJECTORIES]

POINTS = {name: sweep_points(sweep, config) for name, sweep in SWEEPS.items()}
BATCHES = {name: batches(points, config["batch_seconds"]) for name, points in POINTS.items()}


def problem_name(problem):
    """How a problem's files are called."""
    return "alpha{alpha}_beta{beta}".format(**problem)


def batch_points(wildcards):
    """The points of one job."""
    return BATCHES[wildcards.sweep][int(wildcards.batch)]


def trajectory_points(name):
    """A trajectory's settings for each of its problems."""
    settings = TRAJECTORIES[name]
    common = {key: config[key] for key in ("sigma", "seed", "precision", "schedule")}
    rest = {key: value for key, value in settings.items() if key not in ("problems", "fit")}
    return {problem_name(one): rest | common | one for one in settings["problems"]}


def spectrum_sizes():
    """The largest model of each problem, by the problem's name, with its parameters."""
    wanted = [(one, max(model_sizes(one))) for points in POINTS.values() for one in points]
    for name in TRAJECTORIES:
        wanted += [(one, one["model_size"]) for one in trajectory_points(name).values()]
    sizes = {}
    for one, size in wanted:
        entry = sizes.setdefault(
            problem_name(one), {key: one[key] for key in ("alpha", "beta", "sigma")} | {"size": 0}
        )
        entry["size"] = max(entry["size"], size)
    return sizes


SPECTRA = spectrum_sizes()


wildcard_constraints:
    name="|".join(FIGURES),
    sweep="|".join(SWEEPS) or "none",
    trajectory="|".join(TRAJECTORIES) or "none",
    batch=r"\d+",
    problem="|".join(SPECTRA).replace(".", r"\."),
