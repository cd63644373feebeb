import sys
import time
from pathlib import Path

import pytest

from joblog import logged
from quadlaw.base.timing import cpu_seconds


def test_a_failure_leaves_one_line_for_the_terminal_and_its_traceback_in_the_log(tmp_path):
    log = tmp_path / "job.log"
    with pytest.raises(SystemExit) as stopped, logged(log):
        print("point 1")
        raise ValueError("alpha = 1: must exceed 1")
    assert str(stopped.value) == f"ValueError: alpha = 1: must exceed 1 (see {log})"
    text = log.read_text()
    assert text.startswith("point 1\n") and "Traceback" in text


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_is_named_in_one_line_though_it_takes_no_log():
    with pytest.raises(SystemExit, match="No space left on device") as stopped, logged("/dev/full"):
        raise ValueError("what the disk took no note of")
    assert str(stopped.value).startswith("OSError: ") and "\n" not in str(stopped.value)


def test_what_succeeds_is_logged_and_output_restored(tmp_path, capsys):
    before = sys.stdout
    with logged(tmp_path / "job.log"):
        print("inside")
    assert sys.stdout is before and capsys.readouterr().out == ""
    text = (tmp_path / "job.log").read_text()
    assert text.startswith("inside\n") and cpu_seconds(text) > 0


def test_cpu_time_is_that_of_the_work_and_not_of_waiting(tmp_path):
    before = time.process_time()
    with logged(tmp_path / "job.log"):
        time.sleep(0.3)
    assert cpu_seconds((tmp_path / "job.log").read_text()) < before + 0.25
    assert cpu_seconds("cpu seconds: 1.50\nmore\ncpu seconds: 2.25\n") == 2.25
    with pytest.raises(ValueError, match="holds no CPU time"):
        cpu_seconds("point 1\n")
