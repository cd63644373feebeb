rule design:
    output:
        table=f"{RESULTS}/{{study}}/design.parquet",
    log:
        f"{RESULTS}/logs/{{study}}/design.log",
    benchmark:
        f"{RESULTS}/benchmarks/design/{{study}}.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        settings=by_study(lambda name: PLANS[name].settings),
        code=by_study(study_code),
    message:
        "Settings of {wildcards.study}, with the theory's step sizes"
    script:
        "../scripts/design.py"


rule theory:
    input:
        design=rules.design.output.table,
    output:
        table=f"{RESULTS}/{{study}}/theory.parquet",
    log:
        f"{RESULTS}/logs/{{study}}/theory.log",
    benchmark:
        f"{RESULTS}/benchmarks/theory/{{study}}.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        code=by_study(study_code),
    message:
        "Theory at the settings of {wildcards.study}"
    script:
        "../scripts/theory.py"


rule tuned:
    output:
        table=f"{RESULTS}/{{study}}/tuned/{{part}}.csv",
    log:
        f"{RESULTS}/logs/{{study}}/tuned/{{part}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/tuned/{{study}}_{{part}}.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        grid=by_study(lambda name: PLANS[name].settings["grid"]),
        cells=lambda wildcards: PLANS[wildcards.study].tuned[int(wildcards.part)],
        sigma=config["sigma"],
        code=code_hash(
            "quadlaw.theory.asymptotics", "quadlaw.base.files", *modules_of(PAPER, TwoPhase())
        ),
    message:
        "Theory's risk at its best step sizes, {wildcards.study}, part {wildcards.part}"
    script:
        "../scripts/tuned.py"
