rule benchmark_table:
    input:
        spectrum=expand(rules.spectrum.benchmark, problem=SPECTRA),
        runs=[
            file
            for name in SWEEPS
            for file in expand(rules.runs.benchmark, sweep=name, batch=range(len(BATCHES[name])))
        ],
        trajectory=[
            file
            for name in TRAJECTORIES
            for file in expand(
                rules.trajectory.benchmark, trajectory=name, problem=trajectory_points(name)
            )
        ],
        fit_sweep=expand(rules.fit_sweep.benchmark, sweep=SWEEPS),
        fit_trajectory=expand(rules.fit_trajectory.benchmark, trajectory=TRAJECTORIES),
        theory_sweep=expand(rules.theory_sweep.benchmark, sweep=SWEEPS),
        theory_trajectory=expand(rules.theory_trajectory.benchmark, trajectory=TRAJECTORIES),
        asymptotic_risks=expand(rules.asymptotic_risks.benchmark, problem=ASYMPTOTIC_PROBLEMS),
        mean_field_check=expand(
            rules.mean_field_check.benchmark, number=range(len(config["mean_field"]["settings"]))
        ),
        survival=expand(
            rules.survival.benchmark, number=range(len(config["extinction"]["step_sizes"]))
        ),
        collect_fits=rules.collect_fits.benchmark,
        asymptotics=rules.asymptotics.benchmark,
        theory_vs_sgd=rules.theory_vs_sgd.benchmark,
        extinction=rules.extinction.benchmark,
        figure=expand(rules.figure.benchmark, name=FIGURES),
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
