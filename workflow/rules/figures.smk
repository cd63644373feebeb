rule figure:
    input:
        unpack(figure_tables),
        notebook=f"{workflow.basedir}/notebooks/{{name}}.ipynb",
    output:
        pdf=f"{FIGURES_FOLDER}/{{name}}.pdf",
        svg=report(
            f"{FIGURES_FOLDER}/{{name}}.svg",
            caption="../report/figure.rst",
            category=report_category,
            labels={"figure": "{name}"},
        ),
        png=f"{FIGURES_FOLDER}/{{name}}.png",
    log:
        notebook=f"{RESULTS}/logs/notebooks/{{name}}.ipynb",
    benchmark:
        f"{RESULTS}/benchmarks/figure/{{name}}.tsv"
    conda:
        "../../envs/environment.yaml"
    params:
        code=code_hash("quadlaw.plotting", "quadlaw.theory"),
    message:
        "Figure {wildcards.name}"
    notebook:
        "../../notebooks/{wildcards.name}.ipynb"
