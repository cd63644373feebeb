def jobs_of(rule):
    """The jobs of a rule: its wildcards' values, one dictionary a job."""
    names = {"figure": STUDIES, "rate_fits": STUDIES, "sgd_runs": SIMULATED, "tuned": TUNED}
    names |= dict.fromkeys(("spectrum", "design", "theory"), SIMULATED)
    kinds = {"sgd_runs": "runs", "tuned": "tuned"}
    if rule not in names:
        return [{}]
    if rule not in kinds:
        return [{"study": name} for name in names[rule]]
    return [
        {"study": name, "part": part}
        for name in names[rule]
        for part in range(parts(name, kinds[rule]))
    ]


MEASURED = ["spectrum", "design", "theory", "tuned", "sgd_runs", "rate_fits", "figure"]
MEASURED += ["collect_fits", "mean_field_table", "claims"]


def job_files(kind):
    """The benchmark files, or the logs, of all jobs, by the rule's name."""
    files = {}
    for rule in MEASURED:
        pattern = getattr(getattr(rules, rule), kind)
        pattern = pattern if isinstance(pattern, str) else pattern[0]
        files[rule] = [pattern.format(**job) for job in jobs_of(rule)]
    return files


def measured_files(_):
    """What every job says of its time and memory."""
    logs = {f"{name}_log": files for name, files in job_files("log").items()}
    return job_files("benchmark") | logs


rule benchmark_table:
    input:
        unpack(measured_files),
    output:
        table=f"{RESULTS}/benchmark.csv",
    log:
        f"{RESULTS}/logs/benchmark.log",
    conda:
        "../../envs/environment.yaml"
    message:
        "Run times and memory, rule by rule"
    script:
        "../scripts/benchmark_table.py"
