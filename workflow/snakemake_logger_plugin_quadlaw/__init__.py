"""A run on a terminal: jobs done, what is at work, and about how long the rest will take.

``snakemake --logger quadlaw`` finds this package by its name, as it lies beside the other.
"""

import logging
import re
import time
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from snakemake_logger_plugin_quadlaw.jobs import Jobs, duration

POINTS = re.compile(r"\d+ of \d+ points")


def points_done(log: str) -> str:
    """``k of n points``, as the last line of a job's log begins if the job has many."""
    try:
        found = POINTS.match(Path(log).read_text().rstrip().rpartition("\n")[2])
    except (OSError, UnicodeDecodeError):
        return ""
    return found[0] if found else ""


class LogHandler(LogHandlerBase):
    """Shows :class:`Jobs` in the last lines of the terminal, and warnings and errors above them."""

    writes_to_stream, writes_to_file = True, False
    has_filter, has_formatter, needs_rulegraph = False, False, False

    def __post_init__(self) -> None:
        self.jobs = None
        self.console = Console(stderr=True)
        self.live = Live(
            get_renderable=self.table, console=self.console, refresh_per_second=2, transient=True
        )

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self.take(record)
        except Exception:
            self.handleError(record)

    def take(self, record: logging.LogRecord) -> None:
        """Count what is counted; print what comes before the jobs, and whatever went wrong."""
        event = getattr(record, "event", None)
        if self.common_settings.dryrun or self.jobs is None or record.levelno >= logging.WARNING:
            self.console.print(self.format(record), markup=False, highlight=False, soft_wrap=True)
        if self.common_settings.dryrun:
            return
        if event == LogEvent.RUN_INFO:
            counts = {rule: count for rule, count in record.stats.items() if rule != "total"}
            self.jobs = Jobs(counts, time.monotonic())
            self.live.start()
        elif event == LogEvent.JOB_INFO and self.jobs:
            log, message = next(iter(record.log), ""), record.rule_msg or record.rule_name
            self.jobs.start(record.jobid, record.rule_name, message, log, time.monotonic())
        elif event == LogEvent.JOB_FINISHED and self.jobs:
            self.jobs.finish(record.job_id, time.monotonic())
        elif event == LogEvent.JOB_ERROR and self.jobs:
            self.jobs.fail(record.jobid)

    def table(self) -> Table:
        """What is shown: all jobs, then a line for each that is at work."""
        table = Table.grid("rule", "done", "what", padding=(0, 2))
        if self.jobs is None:
            return table
        left = duration(self.jobs.seconds_left(time.monotonic()))
        table.add_row("all", f"{self.jobs.done()} of {self.jobs.total.total()} jobs", left)
        for rule, message, log, _ in [*self.jobs.at_work.values()]:
            done = f"{self.jobs.done(rule)} of {self.jobs.total[rule]}"
            table.add_row(rule, done, ": ".join(filter(None, [message, points_done(log)])))
        return table

    def close(self) -> None:
        self.live.stop()
        if self.jobs is not None:
            took = (time.monotonic() - self.jobs.began) / 60
            of = f"{self.jobs.done()} of {self.jobs.total.total()}"
            self.console.print(f"{of} jobs done in {took:.1f} min", highlight=False)
            self.jobs = None  # Snakemake closes twice
        super().close()
