rule spectrum:
    output:
        table=f"{RESULTS}/{{study}}/spectra.parquet",
    log:
        f"{RESULTS}/logs/{{study}}/spectra.log",
    benchmark:
        f"{RESULTS}/benchmarks/spectrum/{{study}}.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        problems=by_study(lambda name: designs.problems(PLANS[name].rows)),
        code=code_hash("quadlaw.sgd.problem", "quadlaw.base.files"),
    message:
        "Spectra and targets of {wildcards.study}"
    script:
        "../scripts/spectrum.py"
