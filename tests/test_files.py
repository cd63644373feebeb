import json
import os
import stat
import time

import pandas as pd
import pytest

from quadlaw.base.files import (
    PARTIAL,
    compute_once,
    remove_partial,
    require_writable,
    write_bytes,
    write_table,
)

FRAME = pd.DataFrame({"a": [1, 2], "b": [0.5, 1 / 3]})


@pytest.mark.parametrize("name", ["table.parquet", "table.csv"])
def test_tables_are_written_with_the_same_bytes_each_time(tmp_path, name):
    path = tmp_path / "new" / name
    write_table(FRAME, path)
    first = path.read_bytes()
    write_table(FRAME, path)
    assert path.read_bytes() == first
    assert [file.name for file in path.parent.iterdir()] == [name]


def test_a_sample_size_keeps_its_digits_in_a_column_of_fractions(tmp_path):
    numbers = [2.0**23, 1 / 3, float("nan"), float("inf"), 1e100, -0.5]
    write_table(pd.DataFrame({"samples": numbers}), tmp_path / "table.csv")
    written = (tmp_path / "table.csv").read_text().split("\n")
    assert written == ["samples", "8388608", "0.333333", '""', "inf", "1e+100", "-0.5", ""]


def test_a_failed_write_leaves_nothing_and_spoils_nothing(tmp_path, monkeypatch):
    path = tmp_path / "table.csv"
    write_table(FRAME, path)
    before = path.read_bytes()
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_bytes(b"other", path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["table.csv"]


@pytest.mark.parametrize(("mask", "mode"), [(0o077, 0o600), (0o022, 0o644), (0o002, 0o664)])
def test_who_may_read_and_write_a_file_is_left_to_the_umask(tmp_path, mask, mode):
    before = os.umask(mask)
    try:
        write_table(FRAME, tmp_path / "table.csv")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "table.csv").stat().st_mode) == mode


def test_what_killed_writers_left_is_removed_and_nothing_else(tmp_path):
    left, young, other = (tmp_path / "a" / name for name in (f"{PARTIAL}1", f"{PARTIAL}2", ".keep"))
    left.parent.mkdir()
    for path in (left, young, other):
        path.touch()
    for path in (left, other):
        os.utime(path, (time.time() - 90,) * 2)
    remove_partial(tmp_path)
    assert sorted(left.parent.iterdir()) == [other, young]
    remove_partial(tmp_path, age=0.0)
    assert list(left.parent.iterdir()) == [other]


def test_a_folder_that_takes_no_files_is_refused(tmp_path):
    require_writable(tmp_path / "new" / "folder")
    assert not list((tmp_path / "new" / "folder").iterdir())
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        require_writable(tmp_path / "file" / "folder")


def test_compute_once_computes_once_per_key(tmp_path):
    calls = []

    def compute():
        calls.append(1)
        return FRAME

    first = compute_once(tmp_path, {"x": 1, "y": [2]}, compute)
    again = compute_once(tmp_path, json.loads('{"y": [2], "x": 1}'), compute)
    assert len(calls) == 1 and first.equals(again) and first.equals(FRAME)
    compute_once(tmp_path, {"x": 2, "y": [2]}, compute)
    assert len(calls) == 2


def test_a_computation_that_fails_is_not_remembered(tmp_path):
    def fail():
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        compute_once(tmp_path, {"x": 1}, fail)
    assert list(tmp_path.iterdir()) == []
