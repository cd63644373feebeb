# The jobs of every rule: its wildcards' values, one dictionary a job.
NOTHING = [{}]
JOBS = {
    "spectrum": [{"problem": name} for name in SPECTRA],
    "runs": [
        {"sweep": name, "batch": batch}
        for name in SWEEPS
        for batch in range(len(BATCHES[name]))
    ],
    "trajectory": [
        {"trajectory": name, "problem": problem}
        for name in TRAJECTORIES
        for problem in trajectory_points(name)
    ],
    "fit_sweep": [{"sweep": name} for name in SWEEPS],
    "fit_trajectory": [{"trajectory": name} for name in TRAJECTORIES],
    "theory_sweep": [{"sweep": name} for name in SWEEPS],
    "theory_trajectory": [{"trajectory": name} for name in TRAJECTORIES],
    "study_design": [{"study": name} for name in STUDIES if "theory" in study_parts(name)],
    "study_runs": study_jobs("runs"),
    "study_theory": [{"study": name} for name in STUDIES if "theory" in study_parts(name)],
    "study_tuned": study_jobs("tuned"),
    "study_results": [{"study": name} for name in STUDIES],
    "mean_field_check": [{"number": k} for k in range(len(config["mean_field"]["settings"]))],
    "survival": NOTHING,
    "collect_fits": NOTHING,
    "theory_vs_sgd": NOTHING,
    "extinction": NOTHING,
    "claims": NOTHING,
    "figure": [{"name": name} for name in FIGURES],
}


rule benchmark_table:
    input:
        **job_files(JOBS, "benchmark"),
        **{f"{name}_log": files for name, files in job_files(JOBS, "log").items()},
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
