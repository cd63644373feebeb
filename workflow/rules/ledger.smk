rule claims:
    input:
        estimates=expand(rules.rate_fits.output.estimates, study=STUDIES),
        claims=f"{workflow.basedir}/{CLAIMS}",
        statements=f"{workflow.basedir}/{STATEMENTS}" if STATEMENTS else [],
    output:
        csv=f"{RESULTS}/claims.csv",
        statements=f"{RESULTS}/statements.csv",
        markdown=f"{FIGURES_FOLDER}/claims.md",
        summary=f"{FIGURES_FOLDER}/claims_summary.md",
        statements_table=f"{FIGURES_FOLDER}/statements.md",
    log:
        f"{RESULTS}/logs/claims.log",
    benchmark:
        f"{RESULTS}/benchmarks/claims/all.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        figures=STUDIES,
        code=code_hash("quadlaw.ledger.totals", "quadlaw.base.files"),
    message:
        "The ledger of claims, and the statements that they test"
    script:
        "../scripts/claims.py"


rule verdicts:
    input:
        claims=rules.claims.output.csv,
        figures=expand(rules.figure.output.png, study=STUDIES),  # so that this is the last word
        known=f"{workflow.basedir}/{VERDICTS}",
        ledger=f"{workflow.basedir}/{CLAIMS}",
    output:
        table=f"{RESULTS}/verdicts.csv",
    log:
        f"{RESULTS}/logs/verdicts.log",
    conda:
        "../../envs/environment.yaml"
    params:
        studies=STUDIES,
        code=code_hash("quadlaw.ledger.compare", "quadlaw.base.files"),
    message:
        "Verdicts against those of the last full run"
    script:
        "../scripts/verdicts.py"
