import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quadlaw import TwoPhase
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


@pytest.mark.parametrize("arguments", [(-0.1,), (1.1,), (float("nan"),), (0.5, 0), (0.5, 1.5)])
def test_bad_schedules_are_refused(arguments):
    with pytest.raises(ValueError, match=r"(adaptation|stage_length) = "):
        TwoPhase(*arguments)
