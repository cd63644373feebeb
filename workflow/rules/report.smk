report: "../report/workflow.rst"


rule provenance:
    input:
        rules.benchmark_table.output.table,  # which waits for all results
    output:
        json=f"{RESULTS}/provenance.json",
    log:
        f"{RESULTS}/logs/provenance.log",
    conda:
        "../../envs/environment.yaml"
    params:
        configuration=config,
        code=code_hash("quadlaw.base.files"),
    message:
        "What the run was made with"
    script:
        "../scripts/provenance.py"


rule report_pages:
    input:
        claims=rules.claims.output.csv,
        statements=rules.claims.output.statements,
        counts=rules.claims.output.summary,
        benchmark=rules.benchmark_table.output.table,
        provenance=rules.provenance.output.json,
        template=f"{workflow.basedir}/workflow/report/page.html",
    output:
        ledger=report(
            f"{RESULTS}/report/ledger.html",
            category="1. Ledger",
            labels={"page": "Claims and verdicts"},
        ),
        run_times=report(
            f"{RESULTS}/report/run_times.html",
            category="9. Run",
            labels={"page": "Run times and memory"},
        ),
        provenance=report(
            f"{RESULTS}/report/provenance.html",
            category="9. Run",
            labels={"page": "Versions and configuration"},
        ),
        captions=expand(f"{RESULTS}/report/{{study}}.rst", study=STUDIES),
    log:
        f"{RESULTS}/logs/report_pages.log",
    conda:
        "../../envs/environment.yaml"
    params:
        questions={name: study(name).report[1] for name in STUDIES},
        code=code_hash("quadlaw.ledger.statements", "quadlaw.base.files"),
    message:
        "Ledger, run and captions for the report"
    script:
        "../scripts/report_pages.py"
