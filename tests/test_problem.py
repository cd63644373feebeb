import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quadlaw import PowerLaw, Spectrum
from quadlaw.sgd.problem import Finite

exponents = st.floats(1.05, 6)


@given(alpha=exponents, beta=exponents, size=st.integers(1, 300))
def test_spectrum_is_positive_and_decreasing(alpha, beta, size):
    eigenvalues = PowerLaw(alpha, beta).eigenvalues(size)
    assert eigenvalues.shape == (size,)
    assert np.all(eigenvalues > 0) and np.all(np.diff(eigenvalues) < 0)


@given(alpha=exponents, beta=exponents)
def test_signal_of_a_coordinate_is_its_index_to_minus_beta(alpha, beta):
    problem, index = PowerLaw(alpha, beta), np.arange(1, 51.0)
    signal = problem.eigenvalues(50) * problem.target(50) ** 2
    np.testing.assert_allclose(signal, index**-beta, rtol=1e-10)


@given(beta=st.floats(1.5, 6), size=st.integers(1, 100))
def test_tail_is_a_long_sum_up_to_its_integral_remainder(beta, size):
    far = 100_000
    finite = np.sum(np.arange(size + 1, far + 1.0) ** -beta)
    tail = PowerLaw(2, beta).tail(size)
    assert finite + (far + 1) ** (1 - beta) / (beta - 1) <= tail * (1 + 1e-9)
    assert tail <= (finite + far ** (1 - beta) / (beta - 1)) * (1 + 1e-9)


def test_spectrum_survives_its_table():
    spectrum = PowerLaw(2.5, 1.5, 0.3).spectrum(7)
    again = Spectrum.from_frame(spectrum.to_frame())
    assert (again.alpha, again.beta, again.sigma) == (2.5, 1.5, 0.3)
    for name in ("eigenvalues", "target", "tail"):
        np.testing.assert_allclose(getattr(again, name), getattr(spectrum, name), rtol=1e-14)


def test_head_is_the_smaller_spectrum():
    head, small = PowerLaw(2, 3).spectrum(9).head(4), PowerLaw(2, 3).spectrum(4)
    np.testing.assert_array_equal(head.tail, small.tail)
    np.testing.assert_array_equal(head.target, small.target)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1.0, 2.0), "alpha = 1.0: must exceed 1, or the trace"),
        ((0.5, 2.0), "alpha = 0.5: must exceed 1, or the trace"),
        ((2.0, 1.0), "beta = 1.0: must exceed 1, or the signal"),
        ((float("nan"), 2.0), "alpha = nan: must be finite"),
        ((2.0, float("inf")), "beta = inf: must be finite"),
        ((2.0, 2.0, -0.1), "sigma = -0.1: a standard deviation must not be negative"),
        ((2.0, 2.0, float("nan")), "sigma = nan: must be finite"),
        (("2", 2.0), "alpha = '2': must be a number"),
        ((True, 2.0), "alpha = True: must be a number"),
    ],
)
def test_bad_problems_are_refused_in_one_line(arguments, message):
    with pytest.raises(ValueError) as caught:
        PowerLaw(*arguments)
    assert str(caught.value).startswith(message) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((1.0,), (1.0, 2.0)), "target = .1, 2.: must be as many"),
        (((), ()), "target = .0, 0.: must be as many"),
        (((0.0,), (1.0,)), "eigenvalues = 0.0: a variance is positive"),
        (((1.0,), (float("nan"),)), "target = nan: must be finite"),
        (((1.0,), (1.0,), -1.0), "sigma = -1.0: a standard deviation"),
    ],
)
def test_a_faulty_finite_problem_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Finite(*arguments)


def test_a_finite_problems_spectrum():
    spectrum = Finite((0.5, 0.25), (2.0, 4.0), 0.1).spectrum(2)
    np.testing.assert_allclose(spectrum.tail, [0.5 * 4 + 0.25 * 16, 0.25 * 16, 0])
    assert (spectrum.alpha, spectrum.sigma) == (0.0, 0.1)
    with pytest.raises(ValueError, match="model_size = 3: the problem has 2"):
        Finite((0.5, 0.25), (2.0, 4.0)).spectrum(3)
