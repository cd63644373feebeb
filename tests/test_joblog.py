import sys

import pytest

from joblog import logged


def test_a_failure_leaves_one_line_for_the_terminal_and_its_traceback_in_the_log(tmp_path):
    log = tmp_path / "job.log"
    with pytest.raises(SystemExit) as stopped, logged(log):
        print("point 1")
        raise ValueError("alpha = 1: must exceed 1")
    assert str(stopped.value) == f"ValueError: alpha = 1: must exceed 1 (see {log})"
    text = log.read_text()
    assert text.startswith("point 1\n") and "Traceback" in text


def test_what_succeeds_is_logged_and_output_restored(tmp_path, capsys):
    before = sys.stdout
    with logged(tmp_path / "job.log"):
        print("inside")
    assert sys.stdout is before and capsys.readouterr().out == ""
    assert (tmp_path / "job.log").read_text() == "inside\n"
