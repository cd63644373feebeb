rule figure:
    input:
        unpack(figure_tables),
        notebook=f"{workflow.basedir}/notebooks/{{name}}.ipynb",
    output:
        pdf=update(f"{FIGURES_FOLDER}/{{name}}.pdf"),
        svg=report(
            update(f"{FIGURES_FOLDER}/{{name}}.svg"),
            caption="../report/figure.rst",
            category=report_category,
            labels={"figure": "{name}"},
        ),
        png=update(f"{FIGURES_FOLDER}/{{name}}.png"),
    log:
        notebook=f"{RESULTS}/logs/notebooks/{{name}}.ipynb",
    benchmark:
        f"{RESULTS}/benchmarks/figure/{{name}}.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        code=code_hash("quadlaw.studies.plotting", "quadlaw.theory"),
        drawn=drawn,
    message:
        "Figure {wildcards.name}"
    notebook:
        "../../notebooks/{wildcards.name}.ipynb"
