rule sgd_runs:
    input:
        design=rules.design.output.table,
        spectra=rules.spectrum.output.table,
    output:
        table=f"{RESULTS}/{{study}}/runs/{{part}}.parquet",
    log:
        f"{RESULTS}/logs/{{study}}/runs/{{part}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/sgd_runs/{{study}}_{{part}}.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        batch_seconds=config["batch_seconds"],
        common={"seed": config["seed"], "dtype": config["precision"]},
        store=f"{RESULTS}/points",
        modules=by_study(run_modules),
        code=by_study(lambda name: code_hash(*run_modules(name))),
    message:
        "SGD runs of {wildcards.study}, part {wildcards.part}"
    script:
        "../scripts/sgd_runs.py"
