"""Any configuration at all is accepted, or refused in one line."""

import copy
import re

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from configurations import CONFIG, changed, checked
from quadlaw.ledger import cost
from quadlaw.ledger.plans import plans


def _paths(node, path=()):
    """Where every value of a tree is."""
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in items:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from _paths(value, (*path, key))


PATHS, USUAL = list(_paths(CONFIG)), checked(CONFIG)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.dates(),
    st.sampled_from([0, 1, -1, 2, 3, 0.5, 1e-300, 1e300, 10**400, "1e999", "5e5", "null"]),
    st.sampled_from(["two-phase 1 2 3", "1e-3"]),
)  # fmt: skip
KEYS = st.one_of(
    st.text(max_size=5), st.integers(), st.sampled_from(["alpha", "samples", "window"])
)
JUNK = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=3)
)
OTHERS = st.sampled_from(PATHS).map(lambda path: _at(path[:-1])[path[-1]])  # a value of another key


def _at(path, node=CONFIG):
    for key in path:
        node = node[key]
    return node


@st.composite
def mutated(draw):
    """The project's configuration with one to three values replaced, removed or added."""
    config = copy.deepcopy(CONFIG)
    for _ in range(draw(st.integers(1, 3))):
        *parents, last = draw(st.sampled_from(PATHS))
        try:
            node = _at(parents, config)
            action = draw(st.sampled_from(["replace", "replace", "remove", "add"]))
            if action == "remove":
                del node[last]
            elif action == "add" and isinstance(node, dict):
                node[draw(KEYS)] = draw(JUNK | OTHERS)
            else:
                node[last] = draw(JUNK | OTHERS)
        except (KeyError, IndexError, TypeError):  # an earlier change took the place away
            continue
    return config


@pytest.mark.slow
@settings(
    max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
@given(mutated())
@example(changed(("studies", 7), CONFIG["studies"]["sample_scaling"]))
@example(CONFIG | {"": 2502})
@example(CONFIG | {"studies": {"": 2502}})
@example(CONFIG | {"smoke": True, "studies": CONFIG["studies"] | {"noise": {}, 7: {}}})
@example({})
def test_any_configuration_is_accepted_or_refused_in_one_line(config):
    try:
        full = checked(config)
    except ValueError as fault:
        assert re.fullmatch(r"[^\n]+? = [^\n]+: [^\n]+", str(fault))
        # The reason is the project's, the key the configuration's: neither is pydantic's.
        assert "Input should" not in str(fault) and "function-" not in str(fault)
    else:
        assert cost.estimate(plans(touched(full)))["core_seconds"].sum() > 0


def touched(full):
    """With those studies alone that are not as the project has them, as these are counted once."""
    if {**full, "studies": None} != {**USUAL, "studies": None}:
        return full
    usual = USUAL["studies"]
    some = {name: one for name, one in full["studies"].items() if one != usual[name]}
    return full | {"studies": some or {"noise": usual["noise"]}}


def test_a_refusal_of_another_form_would_be_seen():
    """The control: the form that is asked for above is not that of any error."""
    for other in ("'studies'", "unsupported operand", "sigma = 1"):
        assert not re.fullmatch(r"[^\n]+? = [^\n]+: [^\n]+", other)
