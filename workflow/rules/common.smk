"""Configuration and what several rules read from it."""

from functools import cache

import yaml

from quadlaw.ledger.config import checked, checked_claims
from quadlaw.ledger.cost import require_affordable_config
from quadlaw.fit.experiments import batches, model_sizes, sweep_points
from quadlaw.base.files import remove_partial, require_writable
from quadlaw.base.provenance import code_hash
from quadlaw.studies import study


def refuse(what, fault):
    """End with one line and exit code 2, before anything is written."""
    print(f"{what}: {' '.join(str(fault).split())}", file=sys.stderr)
    sys.exit(2)


def read_yaml(path):
    """What a YAML file of the project holds."""
    with open(f"{workflow.basedir}/{path}") as file:
        return yaml.load(file, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


# The code is that of the run's start, and many jobs share it: one hash of each set of modules.
code_hash = cache(code_hash)

try:
    config = checked(config, read_yaml("workflow/schemas/config.schema.yaml"))
    if workflow.is_main_process:  # a job of a cluster reads all this again
        require_affordable_config(config)
except ValueError as fault:
    refuse("configuration", fault)

# What a simulated table depends on; Snakemake does not follow imports.
RUN_MODULES = ["quadlaw.fit.experiments", "quadlaw.base.files", "quadlaw.base.provenance"]
RESULTS = config["output"]["results"]
FIGURES_FOLDER = config["output"]["figures"]
SWEEPS = config["sweeps"]
TRAJECTORIES = config["trajectories"]
STUDIES = config["studies"]
FITTED = [*SWEEPS, *TRAJECTORIES]
# Every figure is drawn by the notebook of its name, from these tables in the folder of its name.
TABLES = {name: ["curves", "ratios", "fits", "theory", "theory_fits"] for name in SWEEPS}
TABLES |= {name: ["curves", "fits", "theory"] for name in TRAJECTORIES}
TABLES |= {name: ["curves", "estimates"] for name in STUDIES}
TABLES |= {"theory_vs_sgd": ["sweeps", "settings"], "extinction": ["survival"]}
FIGURES = list(TABLES)
# Those with a table of estimates, and where the estimates of each figure are computed.
ESTIMATED = [*STUDIES, "theory_vs_sgd", "extinction"]
# What the report says of every figure, by the heading that it stands under.
REPORT_TEXTS = "workflow/report/figures.yaml"
REPORT_CATEGORIES = read_yaml(REPORT_TEXTS)
CODE = "workflow/quadlaw"
SOURCES = {name: f"{CODE}/exponents.py" for name in SWEEPS}
SOURCES |= {name: f"{CODE}/fronts.py" for name in TRAJECTORIES}
SOURCES |= {name: f"{CODE}/studies/{name}.py" for name in STUDIES}
SOURCES |= {"theory_vs_sgd": f"{CODE}/comparison.py", "extinction": f"{CODE}/extinction.py"}
try:
    if workflow.is_main_process:
        checked_claims(
            read_yaml(config["ledger"]["claims"]),
            read_yaml("workflow/schemas/claims.schema.yaml"),
            FIGURES,
        )
except (ValueError, OSError, yaml.YAMLError) as fault:
    refuse(config["ledger"]["claims"], fault)

POINTS = {name: sweep_points(sweep, config) for name, sweep in SWEEPS.items()}
BATCHES = {name: batches(points, config["batch_seconds"]) for name, points in POINTS.items()}


def prepare_folders():
    """Refuse to start where nothing can be written, and tidy up after a killed run."""
    for folder in (RESULTS, FIGURES_FOLDER):
        try:
            require_writable(folder)
        except OSError as fault:
            sys.exit(f"{folder}: cannot be written to: {fault.strerror}")
        remove_partial(folder)


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


def figure_tables(wildcards):
    """The tables that a figure reads, by name."""
    return {table: f"{RESULTS}/{wildcards.name}/{table}.csv" for table in TABLES[wildcards.name]}


def report_category(wildcards):
    """The report's heading over a figure; none, which is "Other", if its texts do not list it."""
    homes = (home for home, names in REPORT_CATEGORIES.items() if wildcards.name in names)
    return next(homes, None)


def drawn(wildcards):
    """How a figure is drawn. After ``--edit-notebook`` that changes, so that the next run draws
    it again, from what was saved; Snakemake alone would take it for up to date."""
    settings = workflow.execution_settings
    return "in an editor" if settings and settings.edit_notebook else "by the workflow"


def study_settings(wildcards):
    """What a study's own code reads."""
    ours = {key: value for key, value in STUDIES[wildcards.study].items() if key != "jobs"}
    return ours | {"sigma": config["sigma"]}


def study_code(name):
    """Hash of the code of a study and of what it imports."""
    return code_hash(f"quadlaw.studies.{name}", "quadlaw.fit.designs", "quadlaw.base.files")


def study_run_modules(name):
    """What a study's simulated tables depend on."""
    own = [f"quadlaw.studies.{name}"] if hasattr(study(name), "run_point") else []
    return [*own, "quadlaw.fit.designs", "quadlaw.fit.points", "quadlaw.base.files", "quadlaw.base.provenance"]


def study_parts(name):
    """The tables that a study's jobs compute, by kind."""
    folder, settings = f"{RESULTS}/{name}", STUDIES[name]
    parts = {}
    if hasattr(study(name), "design"):
        parts["runs"] = [f"{folder}/runs/{part}.parquet" for part in range(settings["jobs"])]
        parts["theory"] = [f"{folder}/theory.parquet"]
    if "grid" in settings:
        jobs = range(settings["grid"]["jobs"])
        parts["tuned"] = [f"{folder}/tuned/{part}.csv" for part in jobs]
    return parts


def study_tables(wildcards):
    """All that a study's results are made of, by kind."""
    tables = study_parts(wildcards.study)
    sweep = STUDIES[wildcards.study].get("sweep")
    if sweep is not None:
        tables["reported"] = f"{RESULTS}/{sweep}/reported.parquet"
        tables["predicted"] = f"{RESULTS}/{sweep}/theory.csv"
    return tables


def study_jobs(kind):
    """The parts of all studies' tables of a kind."""
    return [
        {"study": name, "part": part}
        for name in STUDIES
        for part in range(len(study_parts(name).get(kind, [])))
    ]


def job_files(jobs, kind):
    """The benchmark files, or the logs, of every rule's jobs, by the rule's name."""
    patterns = {name: getattr(getattr(rules, name), kind) for name in jobs}
    patterns = {name: one if isinstance(one, str) else one[0] for name, one in patterns.items()}
    return {name: [patterns[name].format(**job) for job in jobs[name]] for name in jobs}


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
    study="|".join(STUDIES) or "none",
    part=r"\d+",
    batch=r"\d+",
    number=r"\d+",
    problem="|".join(SPECTRA).replace(".", r"\."),
