"""Steps and collapses, planted and by theory."""

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.special import expit

from quadlaw.base.typed import one_line
from quadlaw.sgd.problem import PowerLaw
from quadlaw.studies import emergence
from quadlaw.studies.emergence import _numbers, _weights, falls, logistic_drop, normalized, step_sum

TIME = np.geomspace(1, 1e8, 2000)
SIZE, START = 256, 1e-6
COORDINATES = np.unique(np.geomspace(1, SIZE, 60).round())
ALPHA, BETA = 2.5, 1.5
INSIDE = (COORDINATES >= 4) & (COORDINATES <= 64)


def numbers(shares):
    """Of two equal replicates of planted shares."""
    ratios = np.tile(1 - np.sqrt(shares), (2, 1, 1))
    known = COORDINATES, TIME, INSIDE, SIZE, _weights(COORDINATES, SIZE, BETA), START
    return _numbers(ratios, *known, ALPHA, BETA)


def test_logistic_growth_is_a_sum_of_steps():
    delay = np.log(COORDINATES ** ((ALPHA - BETA) / 2) / START - 1)
    rate = 0.1 * COORDINATES ** (-(ALPHA + BETA) / 2)
    drop, exponent, over = numbers((1 - expit(rate * TIME[:, None] - delay)) ** 2)
    assert drop == pytest.approx(0, abs=1e-3)
    assert exponent == pytest.approx(
        0.25, abs=0.01
    )  # the delay's logarithm, and sums for integrals
    assert over == pytest.approx(0, abs=0.03)


def test_exponential_decay_is_not():
    """Its drops are a factor of 21.9 long, and its steps fall as the linear model's risk."""
    drop, exponent, _ = numbers(np.exp(-0.1 * TIME[:, None] * COORDINATES**-ALPHA))
    delay = np.log(COORDINATES[INSIDE] ** 0.5 / START - 1)
    factor = np.log(np.log(0.1) / np.log(0.9))
    assert drop == pytest.approx(factor - np.median(logistic_drop(delay)), abs=0.01)
    assert drop > 2
    assert exponent == pytest.approx(0.2, abs=0.01)


def test_falls_are_found_between_times():
    time = np.array([1.0, 10.0, 100.0])
    shares = np.array([[1.0, 1.0, 0.2], [0.6, 1.0, 0.1], [0.2, 0.9, 0.0]])
    found = falls(time, shares, 0.5)
    assert found[0] == pytest.approx(10**1.25)
    assert np.isnan(found[1:]).all()  # not in time, and from the start


def test_the_sum_of_steps_and_the_weights_hold_all_of_the_signal():
    assert step_sum(np.array([0.0]) + 1, 3.0)[0] == pytest.approx(1.2020569 - 0.5)
    every = np.arange(1.0, SIZE + 1)
    assert _weights(COORDINATES, SIZE, BETA).sum() == pytest.approx(np.sum(every**-BETA))


@pytest.mark.parametrize("model", ["linear", "quadratic"])
def test_noise_of_labels_takes_curves_apart(model):
    """Between 10^8 and 10^10; without it they are one to 1 %."""
    at = [
        [normalized(model, PowerLaw(5.0, 2.5, sigma), C, np.array([0.25]))[0] for C in (1e8, 1e10)]
        for sigma in (0.0, 0.5)
    ]
    assert at[0][1] == pytest.approx(at[0][0], rel=0.01)
    assert at[1][1] > 1.5 * at[1][0]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"steps": [16, 2]}, "steps = [16, 2]: the upper end"),
        ({"compute": [1e5, 1e6]}, "compute = [100000.0, 1000000.0]: lists at least three"),
        ({"compute": [10, 1e6, 1e7]}, "compute[0] = 10: lies between"),
    ],
)
def test_bad_input_is_refused_in_one_line(changes, line):
    known = emergence.SMOKE | {"problems": [{"alpha": 4.0, "beta": 2.0}]}
    with pytest.raises(ValidationError) as fault:
        emergence.Settings(**known | changes)
    assert one_line(fault.value).startswith(line)
