rule rate_fits:
    input:
        unpack(study_tables),
    output:
        curves=f"{RESULTS}/{{study}}/curves.csv",
        estimates=f"{RESULTS}/{{study}}/estimates.csv",
    log:
        f"{RESULTS}/logs/{{study}}/fits.log",
    benchmark:
        f"{RESULTS}/benchmarks/rate_fits/{{study}}.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        settings=by_study(lambda name: PLANS[name].settings),
        code=by_study(study_code),
    message:
        "Curves and estimates of {wildcards.study}"
    script:
        "../scripts/rate_fits.py"


rule mean_field_table:
    input:
        curves=f"{RESULTS}/theory_vs_sgd/curves.csv",
    output:
        markdown=f"{FIGURES_FOLDER}/mean_field.md",
    log:
        f"{RESULTS}/logs/mean_field_table.log",
    benchmark:
        f"{RESULTS}/benchmarks/mean_field_table/all.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        code=code_hash("quadlaw.base.files"),
    message:
        "The mean field beside many runs"
    script:
        "../scripts/mean_field_table.py"
