"""What the rules read: the tables of a study, its code, and the files of all jobs."""

SIMULATED = [name for name in STUDIES if study(name).simulates]
TUNED = [name for name in STUDIES if "grid" in PLANS[name].settings]


def part_files(kind, name):
    """The parts of a study's runs, or of its tuned risks; none if it has no such table."""
    ending = {"runs": "parquet", "tuned": "csv"}[kind]
    parts = range(len(getattr(PLANS[name], kind)))
    return [f"{RESULTS}/{name}/{kind}/{part}.{ending}" for part in parts]


@cache
def ingredients(name):
    """The modules of the models and schedules that a study trains, the paper's models among them."""
    models = {*PAPER, *study(name).trains}
    schedules = {PLANS[name].settings["schedule"]}
    if name in SIMULATED:
        models |= set(PLANS[name].rows["model"])
        schedules |= set(PLANS[name].rows["schedule"])
    return sorted({module for one in schedules for module in modules_of(models, one)})


def study_code(name):
    """Hash of the code of a study and of what it imports and trains."""
    own = [f"quadlaw.studies.{name}", "quadlaw.fit.designs", "quadlaw.base.files"]
    return code_hash(*own, *ingredients(name))


def run_modules(name):
    """What a study's simulated tables depend on; Snakemake does not follow imports."""
    rest = ["quadlaw.base.files", "quadlaw.base.provenance"]
    return [*study(name).modules, *rest, *ingredients(name)]


def scripts(*names):
    """Files that a rule's script imports, which Snakemake does not look at."""
    return [f"{workflow.basedir}/workflow/scripts/{name}.py" for name in names]


def by_study(what):
    """An input or parameter function of the study's name."""
    return lambda wildcards: what(wildcards.study)


def study_tables(wildcards):
    """All that a study's curves and estimates are made of, by kind."""
    name = wildcards.study
    simulated = study(name).uses or name
    tables = {"runs": part_files("runs", simulated), "tuned": part_files("tuned", name)}
    if simulated in SIMULATED:
        tables["theory"] = [f"{RESULTS}/{simulated}/theory.parquet"]
    for other in study(name).reads:
        tables[other] = [f"{RESULTS}/{other}/curves.csv"]
    return {kind: files for kind, files in tables.items() if files}


def drawn(wildcards):
    """How a figure is drawn. After ``--edit-notebook`` that changes, so that the next run draws
    it again, from what was saved; Snakemake alone would take it for up to date."""
    settings = workflow.execution_settings
    return "in an editor" if settings and settings.edit_notebook else "by the workflow"


def jobs_of(step):
    """The jobs of a rule: its wildcards' values, one dictionary a job."""
    names = {"figure": STUDIES, "rate_fits": STUDIES, "sgd_runs": SIMULATED, "tuned": TUNED}
    names |= dict.fromkeys(("spectrum", "design", "theory"), SIMULATED)
    kinds = {"sgd_runs": "runs", "tuned": "tuned"}
    if step not in names:
        return [{}]
    if step not in kinds:
        return [{"study": name} for name in names[step]]
    return [
        {"study": name, "part": part}
        for name in names[step]
        for part in range(len(getattr(PLANS[name], kinds[step])))
    ]


MEASURED = ["spectrum", "design", "theory", "tuned", "sgd_runs", "rate_fits", "figure"]
MEASURED += [*(["mean_field_table"] if "theory_vs_sgd" in STUDIES else []), "claims"]


def job_files(kind):
    """The benchmark files, or the logs, of all jobs, by the rule's name."""
    files = {}
    for step in MEASURED:
        pattern = getattr(getattr(rules, step), kind)
        pattern = pattern if isinstance(pattern, str) else pattern[0]
        files[step] = [pattern.format(**job) for job in jobs_of(step)]
    return files


def measured_files(_):
    """What every job says of its time and memory."""
    logs = {f"{name}_log": files for name, files in job_files("log").items()}
    return job_files("benchmark") | logs
