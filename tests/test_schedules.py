import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quadlaw import TwoPhase
from quadlaw.sgd.schedules import Constant, Cosine, Polynomial, StableDecay, named
from reference import step_sizes


@given(samples=st.integers(1, 500), adaptation=st.floats(0, 1))
def test_factors_are_those_of_the_slow_loop(samples, adaptation):
    factor = TwoPhase(adaptation).factor(np.arange(samples), samples)
    np.testing.assert_allclose(factor, step_sizes(1.0, samples, adaptation), rtol=1e-12)


def test_stage_lengths():
    assert TwoPhase().stage(2048) == -(-1024 // 10)  # ceil(1024 / log2 1024)
    assert TwoPhase(stage_length=5).stage(2048) == 5
    np.testing.assert_array_equal(
        TwoPhase(0.5, 2).factor(np.arange(8), 8), [1, 1, 1, 1, 1, 1, 0.5, 0.5]
    )


@pytest.mark.parametrize("samples", [100, 1000, 1001, 10**8, 10**14])
def test_the_constant_part_is_as_long_as_its_decimal_fraction_says(samples):
    for percent in range(1, 101):
        constant = TwoPhase(percent / 100).adaptation_steps(samples)
        before = StableDecay(percent / 100).adaptation_steps(samples)
        assert constant == percent * samples // 100
        assert before == (100 - percent) * samples // 100


@pytest.mark.parametrize("arguments", [(-0.1,), (1.1,), (float("nan"),), (0.5, 0), (0.5, 1.5)])
def test_bad_schedules_are_refused(arguments):
    with pytest.raises(ValueError, match=r"(adaptation|stage_length) = "):
        TwoPhase(*arguments)


@pytest.mark.parametrize(
    "schedule",
    [TwoPhase(0.1), TwoPhase(0.25, 7), Polynomial(1), Polynomial(0.5), Cosine(), Constant(),
     Constant(0.5), TwoPhase(1 / 3)],
)  # fmt: skip
def test_a_schedule_comes_back_from_its_name(schedule):
    assert named(schedule.name) == schedule


@pytest.mark.parametrize(
    "name",
    [
        "",
        "linear",
        "two-phase 2",
        "two-phase x",
        "cosine 1",
        "constant averaged -1",
        "constant averaged",
        "constant 0.5",
        "inverse-power averaged 0.5",
        "inverse-power 0.5 1",
    ],
)
def test_a_name_of_no_schedule_is_refused(name):
    with pytest.raises(ValueError, match=r"schedule = "):
        named(name)


@pytest.mark.parametrize("schedule", [Polynomial(2), Cosine(), Constant(), TwoPhase(0.3)])
def test_factors_start_at_one_and_never_rise(schedule):
    factor = schedule.factor(np.arange(1000), 1000)
    assert factor[0] == 1 and (factor > 0).all() and (np.diff(factor) <= 0).all()


def test_smooth_decay_by_hand():
    np.testing.assert_allclose(Polynomial(2).factor(np.arange(4), 4), [1, 9 / 16, 4 / 16, 1 / 16])
    np.testing.assert_allclose(Cosine().factor(np.array([0, 2, 4]), 4), [1, 0.5, 0], atol=1e-15)
