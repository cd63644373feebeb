rule runs:
    input:
        spectra=lambda wildcards: expand(
            rules.spectrum.output.table,
            problem=dict.fromkeys(problem_name(point) for point in batch_points(wildcards)),
        ),
    output:
        table=f"{RESULTS}/{{sweep}}/runs/{{batch}}.parquet",
    log:
        f"{RESULTS}/logs/{{sweep}}/runs/{{batch}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/runs/{{sweep}}_{{batch}}.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        points=batch_points,
        store=f"{RESULTS}/points",
        modules=RUN_MODULES,
        code=code_hash(*RUN_MODULES),
    message:
        "SGD runs of {wildcards.sweep}, batch {wildcards.batch}"
    script:
        "../scripts/runs.py"


rule trajectory:
    input:
        spectrum=rules.spectrum.output.table,
    output:
        table=f"{RESULTS}/{{trajectory}}/runs/{{problem}}.parquet",
    log:
        f"{RESULTS}/logs/{{trajectory}}/runs/{{problem}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/trajectory/{{trajectory}}_{{problem}}.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        point=lambda wildcards: trajectory_points(wildcards.trajectory)[wildcards.problem],
        modules=RUN_MODULES,
        code=code_hash(*RUN_MODULES),
    message:
        "SGD weights over time of {wildcards.trajectory}, {wildcards.problem}"
    script:
        "../scripts/trajectory.py"
