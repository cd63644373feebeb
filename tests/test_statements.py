"""Verdicts on statements follow from the ledger's rows: planted ledgers come out as they must."""

import re
from itertools import product

import pandas as pd
import pytest

from claims import short, statements_page
from project import ROOT
from quadlaw.base.documents import from_yaml
from quadlaw.ledger.claims import FAILED, OPEN, REPRODUCED, SIMULATION, THEORY
from quadlaw.ledger.entries import checked_statements
from quadlaw.ledger.statements import (
    CAVEAT,
    COLUMNS,
    HELD,
    NOT_HELD,
    PART,
    UNDECIDED,
    of_claims,
    statements_table,
    verdict,
)
from report_pages import ledger, stated

CLAIMS = from_yaml((ROOT / "config/claims.yaml").read_text())
STATEMENTS = from_yaml((ROOT / "config/statements.yaml").read_text())
NAMES = {"r": REPRODUCED, "i": OPEN, "n": FAILED}
ONE = {
    "id": "one", "statement": "Risk falls as `T^-p`.", "paper": "section 4",
    "claims": ["first", "second"],
}  # fmt: skip


def planted(**rows):
    """A ledger: of each claim, a letter a row, a capital one if it is by theory alone."""
    every = [(claim, letter) for claim, letters in rows.items() for letter in letters]
    table = pd.DataFrame(every, columns=["claim", "letter"])
    table["verdict"] = [NAMES[letter.lower()] for letter in table["letter"]]
    table["kind"] = [THEORY if letter.isupper() else SIMULATION for letter in table["letter"]]
    return table.assign(statement="In words.", figure="planted")


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("rr", "r", HELD),
        ("rrr", "ri", CAVEAT),
        ("rr", "ri", CAVEAT),  # three quarters
        ("rrr", "rii", PART),  # less than three quarters
        ("rrrrrrr", "i", PART),  # a claim without a reproduced row
        ("rrrrrrr", "", PART),
        ("rrrrrr", "rn", PART),  # one failure is enough
        ("rn", "rn", PART),
        ("ri", "ri", UNDECIDED),
        ("rn", "ii", UNDECIDED),
        ("i", "i", UNDECIDED),
        ("", "", UNDECIDED),
        ("rn", "n", NOT_HELD),
        ("iiiiii", "n", NOT_HELD),
        ("RRR", "R", HELD),
    ],
)
def test_verdicts(first, second, expected):
    (row,) = statements_table([ONE], planted(first=first, second=second)).to_dict("records")
    letters = (first + second).lower()
    assert row["verdict"] == expected
    assert [row[name] for name in (REPRODUCED, OPEN, FAILED)] == [letters.count(x) for x in "rin"]
    assert row["by theory"] == sum(letter.isupper() for letter in first + second)


def test_statements_keep_those_of_their_claims_that_there_are():
    others = ONE | {"id": "others", "claims": ["third"]}
    kept = of_claims([ONE, others], [{"id": "second"}])
    assert kept == [ONE | {"claims": ["second"]}]


COUNTS = list(product(range(4), repeat=3))


def test_a_caveat_weakens_held_and_changes_nothing_else():
    for claims in product(COUNTS, repeat=2):
        bare, with_caveat = verdict(claims), verdict(claims, caveat=True)
        assert with_caveat == (CAVEAT if bare == HELD else bare)


def test_no_row_that_failed_and_no_undecided_majority_is_held():
    found = {claims: verdict(claims) for claims in product(COUNTS, repeat=2)}
    for ((r, i, n), (s, j, m)), one in found.items():
        assert (one == HELD) == (i + j + n + m == 0 and min(r, s) > 0)
        assert one not in (HELD, CAVEAT) or (n + m == 0 and 3 * (i + j) <= r + s)
    assert set(found.values()) == {HELD, CAVEAT, PART, UNDECIDED, NOT_HELD}  # the control


def test_one_more_reproduced_row_never_makes_a_verdict_worse():
    """Nor does one more failure make it better."""
    order = [NOT_HELD, UNDECIDED, PART, CAVEAT, HELD]
    for (r, i, n), other in product(COUNTS, repeat=2):
        rank = order.index(verdict([(r, i, n), other]))
        if i:
            assert order.index(verdict([(r + 1, i - 1, n), other])) >= rank
        if r:
            assert order.index(verdict([(r - 1, i, n + 1), other])) <= rank


def test_the_table_keeps_the_order_and_counts_from_one():
    two = ONE | {"id": "two", "claims": ["second"], "caveat": "By theory alone."}
    table = statements_table([two, ONE], planted(first="rr", second="R"))
    assert list(table) == COLUMNS and list(table.index) == [1, 2]
    assert list(table["id"]) == ["two", "one"] and list(table["verdict"]) == [CAVEAT, HELD]
    assert list(table["claims"]) == ["second", "first, second"]


def test_pages_show_counts_caveats_and_claims_of_no_statement():
    own = ONE | {"id": "own", "paper": "own; method", "claims": ["second"], "caveat": "A caveat."}
    rows = planted(first="rrn", second="R", third="i")
    table = statements_table([ONE | {"claims": ["first"]}, own], rows)
    page = statements_page(table, rows)
    assert page.startswith("2 statements: 1 held with a caveat, 1 held in part.\n")
    link = "[Risk falls as `T^-p`.](figures/claims.md#"
    assert f"| 1 | {link}first) | held in part | 2 / 0 / 1 |  |\n" in page
    assert f"| 2\\* | {link}second) *A caveat.* | held with a caveat | 1 / 0 / 0 | 1 |\n" in page
    assert "that belong to no statement: 1. Their settings: 1 (0 reproduced, 1 inc" in page
    both = statements_table([ONE, own], rows)
    assert re.search(r"#first\) +\| 1 +\|", short(rows, both))
    assert re.search(r"#second\) +\| 1, 2 +\|", short(rows, both))
    assert re.search(r"#third\) +\| +\|", short(rows, both))


def test_without_statements_the_pages_stand():
    rows = planted(first="r")
    none = statements_table([], rows)
    assert statements_page(none, rows).startswith("0 statements: none.\n")
    assert "#first" in short(rows, none)


def test_the_report_leads_from_statements_and_claims_to_figures():
    numbers = ["alpha", "beta", "predicted", "rival", "estimate", "ci_low", "ci_high"]
    rows = planted(first="rr", second="r").assign(
        model="linear", setting="", against="", **dict.fromkeys(numbers, 1.0)
    )
    pages = {name: f"{name}.html" for name in rows["figure"].unique()}
    judged = statements_table([ONE | {"statement": "Risk falls as $T^{-p}$, `p > 0`."}], rows)
    html = stated(judged, rows, pages)
    assert "<msup><mi>T</mi>" in html and "<code>p &gt; 0</code>" in html and "$" not in html
    assert f'<td class="reproduced">{HELD}</td>' in html and ">3 of 3</td>" in html
    assert html.count("data-page=") == 1
    assert ledger(rows, pages).count("data-page=") == len(rows)


def test_the_projects_statements_are_whole():
    checked_statements(STATEMENTS, CLAIMS)
    assert len(STATEMENTS) >= 20


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"claims": ["third"]}, r"^statements\[0\].claims = 'third': no claim has that id"),
        ({"claims": []}, r"^statements\[0\].claims = \[\]: a list of different claims"),
        ({"claims": ["first"] * 2}, r"^statements\[0\].claims = .*: a list of different claims"),
        ({"claims": ["first"]}, r"^statements = 'second': a claim of the paper belongs to a st"),
        ({"id": "Two words"}, r"^statements\[0\].id = 'Two words': an id is of lower-case"),
        (
            {"statement": "short"},
            r"^statements\[0\].statement = 'short': a statement is a sentence",
        ),
        ({"statement": "a | b, in words"}, r"^statements\[0\].statement = .*: a statement is"),
        ({"caveat": "x" * 111}, r"^statements\[0\].caveat = .*: a caveat is a sentence of 10 to"),
        ({"caveat": None}, r"^statements\[0\].caveat = None: a caveat is a sentence"),
        ({"verdict": HELD}, r"^statements\[0\].verdict = 'held': unknown key"),
    ],
)
def test_a_faulty_statement_is_refused_in_one_line(change, message):
    claims = [
        {"id": "first", "paper": "section 4"},
        {"id": "second", "paper": "abstract"},
        {"id": "ours", "paper": "own; method"},
    ]
    checked_statements([ONE], claims)
    with pytest.raises(ValueError, match=message) as refused:
        checked_statements([ONE | change], claims)
    assert "\n" not in str(refused.value)
    with pytest.raises(ValueError, match=r"^statements\[0\].id = 'one': another statement has"):
        checked_statements([ONE, ONE], claims)


def test_every_claim_of_this_project_belongs_to_a_statement():
    told = {name for one in STATEMENTS for name in one["claims"]}
    assert {claim["id"] for claim in CLAIMS} == told


@pytest.mark.parametrize("statements", [[], {}, None, "statements"])
def test_a_file_without_statements_is_refused(statements):
    with pytest.raises(ValueError, match=r"^statements = .*: the file lists at least one"):
        checked_statements(statements, CLAIMS)
