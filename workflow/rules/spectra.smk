rule spectrum:
    output:
        table=f"{RESULTS}/spectra/{{problem}}.parquet",
    log:
        f"{RESULTS}/logs/spectra/{{problem}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/spectrum/{{problem}}.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        problem=lambda wildcards: SPECTRA[wildcards.problem],
        code=code_hash("quadlaw.sgd.problem", "quadlaw.base.files"),
    message:
        "Spectrum and target of {wildcards.problem}"
    script:
        "../scripts/spectrum.py"
