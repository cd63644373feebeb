rule theory_sweep:
    input:
        curves=rules.fit_sweep.output.curves,
    output:
        theory=f"{RESULTS}/{{sweep}}/theory.csv",
        exponents=f"{RESULTS}/{{sweep}}/theory_fits.csv",
    log:
        f"{RESULTS}/logs/{{sweep}}/theory.log",
    benchmark:
        f"{RESULTS}/benchmarks/theory_sweep/{{sweep}}.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        schedule=config["schedule"],
        fit=lambda wildcards: SWEEPS[wildcards.sweep]["fit"],
        code=code_hash(*with_models("quadlaw.fit.comparison", "quadlaw.base.files")),
    message:
        "Theory at the settings of {wildcards.sweep}"
    script:
        "../scripts/theory_sweep.py"


rule theory_trajectory:
    input:
        fits=rules.fit_trajectory.output.fits,
    output:
        theory=f"{RESULTS}/{{trajectory}}/theory.csv",
        exponents=f"{RESULTS}/{{trajectory}}/theory_fits.csv",
    log:
        f"{RESULTS}/logs/{{trajectory}}/theory.log",
    benchmark:
        f"{RESULTS}/benchmarks/theory_trajectory/{{trajectory}}.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        points=lambda wildcards: list(trajectory_points(wildcards.trajectory).values()),
        code=code_hash(*with_models("quadlaw.fit.comparison", "quadlaw.base.files")),
    message:
        "Theory of the weights over time of {wildcards.trajectory}"
    script:
        "../scripts/theory_trajectory.py"


rule mean_field_check:
    output:
        table=f"{RESULTS}/theory_vs_sgd/settings/{{number}}.csv",
    log:
        f"{RESULTS}/logs/theory_vs_sgd/{{number}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/mean_field_check/{{number}}.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        setting=lambda wildcards: config["mean_field"]["settings"][int(wildcards.number)],
        common={
            "replicates": config["mean_field"]["replicates"],
            "seed": config["seed"],
            "schedule": config["schedule"],
            "dtype": config["precision"],
        },
        modules=["quadlaw.fit.comparison", "quadlaw.base.files"],
        code=code_hash(*with_models("quadlaw.fit.comparison", "quadlaw.base.files")),
    message:
        "Mean field and simulation, setting {wildcards.number}"
    script:
        "../scripts/mean_field_check.py"


rule theory_vs_sgd:
    input:
        curves=expand(f"{RESULTS}/{{sweep}}/curves.csv", sweep=SWEEPS),
        theory=expand(f"{RESULTS}/{{sweep}}/theory.csv", sweep=SWEEPS),
        settings=expand(
            rules.mean_field_check.output.table,
            number=range(len(config["mean_field"]["settings"])),
        ),
    output:
        sweeps=f"{RESULTS}/theory_vs_sgd/sweeps.csv",
        settings=f"{RESULTS}/theory_vs_sgd/settings.csv",
        estimates=f"{RESULTS}/theory_vs_sgd/estimates.csv",
        markdown=f"{FIGURES_FOLDER}/mean_field.md",
    log:
        f"{RESULTS}/logs/theory_vs_sgd/tables.log",
    benchmark:
        f"{RESULTS}/benchmarks/theory_vs_sgd/all.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        sweeps=list(SWEEPS),
        code=code_hash(*with_models("quadlaw.fit.comparison", "quadlaw.base.files")),
    message:
        "Predicted beside simulated risk"
    script:
        "../scripts/theory_vs_sgd.py"


rule survival:
    output:
        table=f"{RESULTS}/extinction/runs.parquet",
    log:
        f"{RESULTS}/logs/extinction/runs.log",
    benchmark:
        f"{RESULTS}/benchmarks/survival/all.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        settings=config["extinction"],
        seed=config["seed"],
        precision=config["precision"],
        modules=["quadlaw.studies.survival", "quadlaw.base.files"],
        code=code_hash(*with_models("quadlaw.studies.survival", "quadlaw.base.files")),
    message:
        "SGD runs at a constant step size"
    script:
        "../scripts/survival.py"


rule extinction:
    input:
        runs=rules.survival.output.table,
    output:
        survival=f"{RESULTS}/extinction/survival.csv",
        estimates=f"{RESULTS}/extinction/estimates.csv",
    log:
        f"{RESULTS}/logs/extinction/survival.log",
    benchmark:
        f"{RESULTS}/benchmarks/extinction/all.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        code=code_hash(*with_models("quadlaw.studies.survival", "quadlaw.base.files")),
    message:
        "Shares of surviving coordinates"
    script:
        "../scripts/extinction.py"
