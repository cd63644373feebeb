report: "../report/workflow.rst"


# Figures on the report's first page: the plane of exponents, the rates, the two phases.
FRONT = [
    name for name in ("phase_diagram", "sample_scaling", "phase_transition") if name in STUDIES
]


rule first_page:
    input:
        expand(rules.figure.output, study=FRONT),


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
        svg=expand(rules.figure.output.svg, study=STUDIES),
        front=expand(rules.figure.output.png, study=FRONT),
        template=f"{workflow.basedir}/workflow/report/page.html",
        tables=f"{workflow.basedir}/workflow/report/tables.js",
        figure=f"{workflow.basedir}/workflow/report/figure.js",
        scripts=scripts("claims", "pages"),
    output:
        *[
            report(
                f"{RESULTS}/report/{name}.html",
                category=study(name).report[0],
                labels={"figure": name},
            )
            for name in STUDIES
        ],
        first=f"{RESULTS}/report/first.html",
        run_times=report(
            f"{RESULTS}/report/run_times.html",
            category="1. Run",
            labels={"page": "Run times and memory"},
        ),
        provenance=report(
            f"{RESULTS}/report/provenance.html",
            category="1. Run",
            labels={"page": "Versions and configuration"},
        ),
    log:
        f"{RESULTS}/logs/report_pages.log",
    conda:
        "../../envs/environment.yaml"
    params:
        questions={name: study(name).report[1] for name in STUDIES},
        code=code_hash("quadlaw.ledger.statements", "quadlaw.ledger.totals", "quadlaw.base.files"),
    message:
        "Statements, ledger, figures and run for the report"
    script:
        "../scripts/report_pages.py"


rule paper:
    input:
        estimates=expand(rules.rate_fits.output.estimates, study=STUDIES),
        figures=expand(rules.figure.output.svg, study=PAPER_FIGURES),
        claims=f"{workflow.basedir}/{CLAIMS}",
        ledger=rules.claims.output.csv,
        statements=rules.claims.output.statements,
        benchmark=rules.benchmark_table.output.table,
        provenance=rules.provenance.output.json,
        template=f"{workflow.basedir}/workflow/report/paper.typ",
        beside=expand(
            f"{workflow.basedir}/workflow/report/{{name}}",
            name=["parts.typ", "tables.typ", "paper.bib"],
        ),
        scripts=scripts("claims"),
    output:
        pdf=report(
            f"{RESULTS}/paper.pdf",
            category="1. Run",
            labels={"page": "Replication report (PDF)"},
        ),
        data=f"{RESULTS}/paper.json",
    log:
        f"{RESULTS}/logs/paper.log",
    conda:
        "../../envs/environment.yaml"
    params:
        studies=STUDIES,
        drawn=PAPER_FIGURES,
        code=code_hash("quadlaw.ledger.paper", "quadlaw.base.files"),
    message:
        "The replication report"
    script:
        "../scripts/paper.py"
