"""The store of points as jobs use it."""

import pandas as pd
import pytest

from pointstore import collected
from quadlaw.base.provenance import code_hash

MODULES = ["quadlaw.base.checks"]


def work(calls):
    for number in range(3):
        yield f"point {number}", {"number": number}, lambda number=number: table(number, calls)


def table(number, calls):
    calls.append(number)
    return pd.DataFrame({"number": [number]})


def test_what_was_finished_is_not_computed_again(tmp_path, capsys):
    calls, code = [], code_hash(*MODULES)
    first = collected(work(calls), tmp_path, MODULES, code)
    (tmp_path / sorted(path.name for path in tmp_path.iterdir())[0]).unlink()
    again = collected(work(calls), tmp_path, MODULES, code)
    assert list(first["number"]) == [0, 1, 2] and again.equals(first)
    assert calls[:3] == [0, 1, 2] and len(calls) == 4
    assert "3 of 3 points, point 2: 0.0 s\n" in capsys.readouterr().out


def test_nothing_is_kept_of_code_that_changed_meanwhile(tmp_path):
    with pytest.raises(RuntimeError, match="changed while the workflow ran"):
        collected(work([]), tmp_path, MODULES, "another hash")
    assert not list(tmp_path.iterdir())
