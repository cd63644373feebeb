"""What a run on a terminal shows."""

import io
import logging
from types import SimpleNamespace

import pytest
from rich.console import Console
from snakemake_interface_logger_plugins.common import LogEvent

from snakemake_logger_plugin_quadlaw import LogHandler
from snakemake_logger_plugin_quadlaw.jobs import Jobs, duration


def test_time_left_is_that_of_the_same_rules_at_the_same_pace():
    jobs = Jobs({"runs": 4, "figure": 2}, now=0)
    assert jobs.seconds_left(0) is None
    for number, rule, began, ended in [
        (1, "runs", 0, 10),
        (2, "runs", 0, 10),
        (3, "figure", 10, 14),
    ]:
        jobs.start(number, rule, "", "", began)
        jobs.finish(number, ended)
    jobs.start(4, "runs", "", "", 10)
    assert jobs.done() == 3 and jobs.done("runs") == 2
    # 24 s of work and 10 s of the job at work in 20 s of time; left: a figure and a job of runs
    assert jobs.seconds_left(20) == pytest.approx((4 + 10) / (34 / 20))
    assert jobs.seconds_left(30) == pytest.approx((4 + 10) / (44 / 30))  # late is not negative


def test_a_job_that_has_failed_is_not_done_when_it_ends():
    jobs = Jobs({"runs": 1}, now=0)
    jobs.start(1, "runs", "", "", 0)
    jobs.fail(1)
    jobs.finish(1, 5)
    assert jobs.done() == 0 and jobs.at_work == {}


def test_a_rule_that_has_not_come_yet_counts_as_the_others():
    jobs = Jobs({"runs": 1, "figure": 3}, now=0)
    jobs.start(1, "runs", "", "", 0)
    jobs.finish(1, 5)
    assert jobs.seconds_left(5) == pytest.approx(15)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, ""), (0, "about 10 s left"), (62, "about 60 s left"), (100, "about 2 min left"),
     (9000, "about 2.5 h left")],
)  # fmt: skip
def test_durations_are_no_more_exact_than_they_deserve(seconds, text):
    assert duration(seconds) == text


@pytest.fixture
def handler():
    """One that writes to a terminal of 100 columns, recorded."""
    handler = LogHandler(SimpleNamespace(dryrun=False), None)
    handler.console = handler.live.console = Console(
        record=True, force_terminal=True, width=100, file=io.StringIO()
    )
    yield handler
    handler.live.stop()


def tell(handler, text="", level=logging.INFO, **extra):
    record = logging.LogRecord("snakemake", level, "", 0, text, None, None)
    record.__dict__.update(extra)
    handler.emit(record)


def shown(renderable):
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(renderable)
    return [line.split() for line in console.export_text().splitlines()]


def test_jobs_at_work_are_shown_with_their_points_and_errors_are_printed(handler, tmp_path):
    log = tmp_path / "job.log"
    log.write_text("1 of 9 points, a: 0.1 s\n2 of 9 points, b: 0.1 s\n")
    tell(handler, "Building DAG", event=None)
    tell(handler, "Job stats", event=LogEvent.RUN_INFO, stats={"runs": 2, "all": 1, "total": 3})
    job = {"event": LogEvent.JOB_INFO, "rule_name": "runs", "log": [str(log)]}
    tell(handler, "not printed", **job, jobid=1, rule_msg="SGD runs, batch 0")
    everything, one = shown(handler.table())
    assert everything == ["all", "0", "of", "3", "jobs"]
    assert one == ["runs", "0", "of", "2", "SGD", "runs,", "batch", "0:", "2", "of", "9", "points"]
    tell(handler, "not printed", event=LogEvent.JOB_FINISHED, job_id=1)
    (everything,) = shown(handler.table())
    assert everything[:5] == ["all", "1", "of", "3", "jobs"] and everything[-1] == "left"
    tell(handler, "not printed", **job, jobid=2, rule_msg="SGD runs, batch 1")
    assert len(shown(handler.table())) == 2
    tell(handler, "rule runs failed", logging.ERROR, event=LogEvent.JOB_ERROR, jobid=2)
    assert len(shown(handler.table())) == 1  # which is at work no more
    handler.close()
    handler.close()
    printed = handler.console.export_text()
    assert "Building DAG" in printed and "rule runs failed" in printed
    assert "not printed" not in printed and printed.count("1 of 3 jobs done in 0.0 min") == 1
