"""What the checks of single values take, give back and refuse."""

import re

import numpy as np
import pytest

from quadlaw.base.checks import count, real, require, several

ABOVE = {"above": 0, "reason": "must be positive"}


def test_a_refusal_is_key_value_and_reason():
    require(True, "key", 1, "never")
    with pytest.raises(ValueError, match=r"^key = 'one': must be two$"):
        require(False, "key", "one", "must be two")


@pytest.mark.parametrize("value", [1e-300, 1, 2.5, np.float32(3), np.int64(4), 1e300])
def test_numbers_above_the_bound_become_floats(value):
    found = real("key", value, **ABOVE)
    assert type(found) is float and found == value


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (0, "must be positive"),
        (-1e-300, "must be positive"),
        (float("inf"), "must be finite"),
        (10**400, "must be finite"),
        (float("nan"), "must be finite"),
        (True, "must be a number"),
        ("1", "must be a number"),
        (None, "must be a number"),
        (1j, "must be a number"),
    ],
)
def test_other_values_are_no_numbers_above_it(value, reason):
    with pytest.raises(ValueError, match=f"^key = {re.escape(repr(value))}: {reason}$"):
        real("key", value, **ABOVE)


@pytest.mark.parametrize("value", [1, 1.0, 7, np.int32(7), np.float64(7), 2**60])
def test_whole_numbers_from_one_on_become_ints(value):
    found = count("key", value)
    assert type(found) is int and found == value


def test_the_least_count_is_taken_and_one_below_it_refused():
    assert count("key", 0, least=0) == 0 and count("key", 5, least=5) == 5
    with pytest.raises(ValueError, match=r"^key = 0: must be at least 1$"):
        count("key", 0)
    with pytest.raises(ValueError, match=r"^key = 4: must be at least 5$"):
        count("key", 4, least=5)


@pytest.mark.parametrize("value", [1.5, float("inf"), float("nan"), True, "1", None, 1j])
def test_what_is_not_whole_is_no_count(value):
    with pytest.raises(ValueError, match=r"must be a whole number$"):
        count("key", value)


def test_a_count_of_too_many_digits_is_refused():
    with pytest.raises(ValueError, match=r"must be finite$"):
        count("key", 10**400)


def test_one_value_or_several_become_a_list():
    assert several("key", 3) == [3] and several("key", "text") == ["text"]
    assert several("key", [3]) == [3] and several("key", (1, 2)) == [1, 2]
    assert several("key", range(2)) == [0, 1]
    assert several("key", np.array(0.1)) == several("key", np.float64(0.1)) == [0.1]
    with pytest.raises(ValueError, match=r"^key = \[\]: must hold at least one value$"):
        several("key", ())
    with pytest.raises(ValueError, match=r"^key = \[1, 1\]: must not hold a value twice$"):
        several("key", [1, 1])
    with pytest.raises(ValueError, match=r"^key = \[\[1\]\]: must hold single values"):
        several("key", [[1]])
