rule figure:
    input:
        curves=rules.rate_fits.output.curves,
        estimates=rules.rate_fits.output.estimates,
        notebook=f"{workflow.basedir}/notebooks/{{study}}.ipynb",
    output:
        pdf=update(f"{FIGURES_FOLDER}/{{study}}.pdf"),
        svg=update(f"{FIGURES_FOLDER}/{{study}}.svg"),
        png=update(f"{FIGURES_FOLDER}/{{study}}.png"),
    log:
        notebook=f"{RESULTS}/logs/notebooks/{{study}}.ipynb",
    benchmark:
        f"{RESULTS}/benchmarks/figure/{{study}}.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        code=code_hash("quadlaw.studies.plotting", "quadlaw.theory", *modules_of(PAPER, TwoPhase())),
        drawn=drawn,
    message:
        "Figure {wildcards.study}"
    notebook:
        "../../notebooks/{wildcards.study}.ipynb"
