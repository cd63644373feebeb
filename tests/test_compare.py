"""A run's numbers beside the known ones: planted differences are of the kind that they must be."""

import numpy as np
import pandas as pd
import pytest

import compare
import verdicts
from quadlaw.base.files import write_table
from quadlaw.ledger.claims import FAILED, IDENTITY, SIMULATION, THEORY
from quadlaw.ledger.compare import BEYOND, NUMBERS, ROUNDED, ROUNDING, WITHIN, compared, differences

ROW = {
    "claim": "planted", "model": "quadratic", "alpha": 3.0, "beta": 2.0, "setting": np.nan,
    "against": "T", "estimate": 0.4, "ci_low": 0.38, "ci_high": 0.42, "verdict": "reproduced",
    "kind": SIMULATION,
}  # fmt: skip
NAME = "planted, quadratic, 3, 2, , T"


def ledger(**change):
    """Of two rows, the second of which is changed."""
    return pd.DataFrame([ROW | {"claim": "other"}, ROW | change])


@pytest.mark.parametrize(
    ("change", "how", "by"),
    [
        ({"estimate": 0.4009}, ROUNDED, 0.0009),
        ({"ci_low": 0.3791}, ROUNDED, 0.0009),
        ({"estimate": 0.4011}, WITHIN, 0.0011),
        ({"estimate": 0.4209}, WITHIN, 0.0209),  # the end is known to rounding
        ({"estimate": 0.4211}, BEYOND, 0.0211),
        ({"estimate": 0.3789}, BEYOND, 0.0211),
        ({"ci_low": 0.2}, WITHIN, 0.18),
        ({"ci_high": 0.6, "estimate": 0.5}, BEYOND, 0.18),
        ({"estimate": 0.4009, "kind": THEORY}, ROUNDED, 0.0009),
        ({"estimate": 0.4011, "kind": THEORY}, BEYOND, 0.0011),
        ({"estimate": np.nan}, BEYOND, np.inf),
        ({"ci_high": np.inf}, WITHIN, np.inf),
    ],
)
def test_a_difference_is_of_its_kind(change, how, by):
    (row,) = differences(ledger(**change), ledger()).itertuples()
    assert row.Index[0] == "planted" and row.how == how and row.by == pytest.approx(by)
    assert compared(ledger(**change), ledger())[1] == (how != BEYOND)


def test_the_same_numbers_agree_missing_and_infinite_ones_among_them():
    for change in ({}, {"ci_low": np.nan}, {"ci_low": -np.inf, "ci_high": np.inf}):
        same = ledger(**change)
        assert differences(same, same).empty
        lines, agree = compared(same, same)
        assert agree and lines == [
            f"2 known rows; numbers differ in 0: 0 {ROUNDED}, 0 {WITHIN}, 0 {BEYOND}",
            "verdicts that differ: 0",
        ]


def test_a_finite_number_in_place_of_an_infinite_one_is_no_rounding():
    (row,) = differences(ledger(), ledger(ci_high=np.inf)).itertuples()
    assert row.how == WITHIN


def test_the_worst_rows_are_first():
    moved = (0.4002, 0.41, 0.5, 0.405, 0.6)
    names = [f"row-{number}" for number in range(len(moved))]
    known = pd.DataFrame([ROW | {"claim": name} for name in names])
    table = differences(known.assign(estimate=moved), known)
    assert [key[0] for key in table.index] == ["row-4", "row-2", "row-1", "row-3", "row-0"]
    assert list(table["found"]) == [0.6, 0.5, 0.41, 0.405, 0.4002]
    lines, _ = compared(known.assign(estimate=moved), known)
    assert lines[0] == f"{BEYOND}: row-4, quadratic, 3, 2, , T: 0.4 -> 0.6, by 0.2"
    assert f"5 known rows; numbers differ in 5: 1 {ROUNDED}, 2 {WITHIN}, 2 {BEYOND}" in lines


def test_a_verdict_that_differs_is_no_agreement_however_near_the_numbers():
    found = ledger(estimate=0.4 + ROUNDING / 2, verdict=FAILED)
    lines, agree = compared(found, ledger())
    assert not agree and lines[0] == f"verdict: {NAME}: reproduced -> {FAILED}"
    lines, agree = compared(ledger().iloc[:1], ledger())
    assert not agree and lines[0] == f"verdict: {NAME}: reproduced -> absent"


def test_a_table_without_numbers_is_refused():
    for found, known in ((ledger(), ledger()[[*IDENTITY, "verdict"]]), (ledger()[NUMBERS], ROW)):
        with pytest.raises(ValueError, match=r"^columns = .*: \w+ is missing"):
            differences(found, pd.DataFrame(known, index=[0]) if known is ROW else known)


def test_the_command_says_it_in_lines_and_by_its_exit_code(tmp_path, capsys):
    """Against what `make verdicts` keeps of a run: the same columns, six digits."""
    known = tmp_path / "known.csv"
    write_table(ledger(estimate=1 / 3)[verdicts.COLUMNS], known)
    for change, code in ((1 / 3, 0), (1 / 3 + 1e-4, 0), (0.5, 1)):
        write_table(ledger(estimate=change), tmp_path / "claims.csv")
        assert compare.main(tmp_path, known) == code
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith("2 known rows; numbers differ in 0")
    assert f"{ROUNDED}: {NAME}: 0.333333 -> 0.333433, by 0.0001" in out
    assert f"{BEYOND}: {NAME}: 0.333333 -> 0.5, by 0.17" in out


def test_nothing_to_compare_is_one_line(tmp_path, capsys):
    assert compare.main(tmp_path / "nowhere") == 2
    (tmp_path / "claims.csv").write_text("claim\nplanted\n")
    assert compare.main(tmp_path) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2 and "nowhere" in lines[0] and "is missing" in lines[1]
