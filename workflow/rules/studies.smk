rule study_design:
    output:
        table=f"{RESULTS}/{{study}}/design.parquet",
    log:
        f"{RESULTS}/logs/{{study}}/design.log",
    benchmark:
        f"{RESULTS}/benchmarks/study_design/{{study}}.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        settings=study_settings,
        code=lambda wildcards: study_code(wildcards.study),
    message:
        "Settings of {wildcards.study}"
    script:
        "../scripts/study_design.py"


rule study_runs:
    input:
        design=rules.study_design.output.table,
    output:
        table=f"{RESULTS}/{{study}}/runs/{{part}}.parquet",
    log:
        f"{RESULTS}/logs/{{study}}/runs/{{part}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/study_runs/{{study}}_{{part}}.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        parts=lambda wildcards: STUDIES[wildcards.study]["jobs"],
        common={"seed": config["seed"], "dtype": config["precision"]},
        store=f"{RESULTS}/points",
        modules=lambda wildcards: study_run_modules(wildcards.study),
        code=lambda wildcards: code_hash(*study_run_modules(wildcards.study)),
    message:
        "SGD runs of {wildcards.study}, part {wildcards.part}"
    script:
        "../scripts/study_runs.py"


rule study_theory:
    input:
        design=rules.study_design.output.table,
    output:
        table=f"{RESULTS}/{{study}}/theory.parquet",
    log:
        f"{RESULTS}/logs/{{study}}/theory.log",
    benchmark:
        f"{RESULTS}/benchmarks/study_theory/{{study}}.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        code=lambda wildcards: study_code(wildcards.study),
    message:
        "Theory at the settings of {wildcards.study}"
    script:
        "../scripts/study_theory.py"


rule study_tuned:
    output:
        table=f"{RESULTS}/{{study}}/tuned/{{part}}.csv",
    log:
        f"{RESULTS}/logs/{{study}}/tuned/{{part}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/study_tuned/{{study}}_{{part}}.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        grid=lambda wildcards: STUDIES[wildcards.study]["grid"],
        parts=lambda wildcards: STUDIES[wildcards.study]["grid"]["jobs"],
        sigma=config["sigma"],
        code=code_hash("quadlaw.theory.asymptotics", "quadlaw.base.files"),
    message:
        "Theory's risk at its best step sizes, {wildcards.study}, part {wildcards.part}"
    script:
        "../scripts/study_tuned.py"


rule study_results:
    input:
        unpack(study_tables),
    output:
        curves=f"{RESULTS}/{{study}}/curves.csv",
        estimates=f"{RESULTS}/{{study}}/estimates.csv",
    log:
        f"{RESULTS}/logs/{{study}}/results.log",
    benchmark:
        f"{RESULTS}/benchmarks/study_results/{{study}}.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        settings=study_settings,
        code=lambda wildcards: study_code(wildcards.study),
    message:
        "Curves and estimates of {wildcards.study}"
    script:
        "../scripts/study_results.py"
