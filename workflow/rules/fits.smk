rule fit_sweep:
    input:
        runs=lambda wildcards: expand(
            rules.runs.output.table,
            sweep=wildcards.sweep,
            batch=range(len(BATCHES[wildcards.sweep])),
        ),
    output:
        curves=f"{RESULTS}/{{sweep}}/curves.csv",
        ratios=f"{RESULTS}/{{sweep}}/ratios.csv",
        fits=f"{RESULTS}/{{sweep}}/fits.csv",
        reported=f"{RESULTS}/{{sweep}}/reported.parquet",
    log:
        f"{RESULTS}/logs/{{sweep}}/fits.log",
    benchmark:
        f"{RESULTS}/benchmarks/fit_sweep/{{sweep}}.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        pilots=lambda wildcards: SWEEPS[wildcards.sweep]["pilots"],
        fit=lambda wildcards: SWEEPS[wildcards.sweep]["fit"],
        code=code_hash("quadlaw.fit.exponents", "quadlaw.base.files"),
    message:
        "Curves and exponents of {wildcards.sweep}"
    script:
        "../scripts/fit_sweep.py"


rule fit_trajectory:
    input:
        runs=lambda wildcards: expand(
            rules.trajectory.output.table,
            trajectory=wildcards.trajectory,
            problem=trajectory_points(wildcards.trajectory),
        ),
    output:
        curves=f"{RESULTS}/{{trajectory}}/curves.csv",
        fits=f"{RESULTS}/{{trajectory}}/fits.csv",
    log:
        f"{RESULTS}/logs/{{trajectory}}/fits.log",
    benchmark:
        f"{RESULTS}/benchmarks/fit_trajectory/{{trajectory}}.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        window=lambda wildcards: TRAJECTORIES[wildcards.trajectory]["fit"]["window"],
        code=code_hash("quadlaw.fit.fronts", "quadlaw.base.files"),
    message:
        "Weights over time and the front of {wildcards.trajectory}"
    script:
        "../scripts/fit_trajectory.py"


rule collect_fits:
    input:
        fits=expand(f"{RESULTS}/{{name}}/fits.csv", name=FITTED),
        theory=expand(f"{RESULTS}/{{name}}/theory_fits.csv", name=FITTED),
    output:
        csv=f"{RESULTS}/fits.csv",
        markdown=f"{FIGURES_FOLDER}/fits.md",
    log:
        f"{RESULTS}/logs/fits.log",
    benchmark:
        f"{RESULTS}/benchmarks/collect_fits/all.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        figures=FITTED,
        code=code_hash("quadlaw.base.files"),
    message:
        "All fitted exponents beside their predictions"
    script:
        "../scripts/collect_fits.py"
