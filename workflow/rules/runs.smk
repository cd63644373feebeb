def spectra_of(points):
    """The spectra that some points need, each once."""
    names = dict.fromkeys(problem_name(point) for point in points)
    return expand(rules.spectrum.output.table, problem=names)


rule runs:
    input:
        spectra=lambda wildcards: spectra_of(BATCHES[wildcards.sweep][int(wildcards.batch)]),
    output:
        table=f"{RESULTS}/{{sweep}}/runs/{{batch}}.parquet",
    log:
        f"{RESULTS}/logs/{{sweep}}/runs/{{batch}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/{{sweep}}/runs/{{batch}}.tsv"
    params:
        points=lambda wildcards: BATCHES[wildcards.sweep][int(wildcards.batch)],
        store=f"{RESULTS}/points",
        code=code_hash("quadlaw.experiments"),
    resources:
        mem_mb=1000,
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
        f"{RESULTS}/benchmarks/{{trajectory}}/runs/{{problem}}.tsv"
    params:
        point=lambda wildcards: trajectory_points(wildcards.trajectory)[wildcards.problem],
        code=code_hash("quadlaw.experiments"),
    resources:
        mem_mb=1000,
    message:
        "SGD weights over time of {wildcards.trajectory}, {wildcards.problem}"
    script:
        "../scripts/trajectory.py"
