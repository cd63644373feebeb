rule benchmark_table:
    input:
        unpack(measured_files),
    output:
        table=f"{RESULTS}/benchmark.csv",
    log:
        f"{RESULTS}/logs/benchmark.log",
    conda:
        "../../envs/environment.yaml"
    message:
        "Run times and memory, rule by rule"
    script:
        "../scripts/benchmark_table.py"
