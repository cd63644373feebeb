"""Elementary functions of compiled code."""

import math

import numpy as np
from numba import njit

from quadlaw.base.elementary import exp


@njit
def exponentials(x):
    y = np.empty_like(x)
    for i in range(len(x)):
        y[i] = exp(x[i])
    return y


def test_the_exponential_is_right_to_single_precision():
    x = np.linspace(-80, 80, 2001).astype(np.float32)
    y = exponentials(x)
    assert y.dtype == np.float32
    assert np.abs(y / np.exp(x.astype(float)) - 1).max() < 5e-6
    near = np.abs(x) < 4
    assert np.abs(y / np.exp(x.astype(float)) - 1)[near].max() < 4e-7
    assert exp(1.0) == math.exp(1.0)
