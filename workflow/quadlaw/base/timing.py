"""What a job says of its own CPU time, and how it is read back from its log.

Snakemake's own figure stops after the first 15 seconds of a job.
"""

import re
import time

_LINE = re.compile(r"cpu seconds: ([0-9.]+)")


def cpu_line() -> str:
    """User and system time of this process so far, all threads, as one line of a log."""
    return f"cpu seconds: {time.process_time():.2f}"


def cpu_seconds(log: str) -> float:
    """The last such line's number in a log, or in a notebook's outputs.

    Raises
    ------
    ValueError
        If there is none: the job did not come to its end.
    """
    found = _LINE.findall(log)
    if not found:
        raise ValueError("log: it holds no CPU time")
    return float(found[-1])
