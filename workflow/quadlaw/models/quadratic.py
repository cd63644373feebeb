"""The paper's model, ``w = v^2``: the factor 2 of the gradient is part of its step size."""

import numpy as np
from numba.extending import register_jitable

from quadlaw.base.elementary import HALF, TWO, exp
from quadlaw.models.model import Model


@register_jitable
def predict(x, v):
    return x * v * v


@register_jitable
def update(x, v, g):
    return v - g * x * v


@register_jitable
def pull(v):
    return TWO * v * v


@register_jitable
def leap(v, g, q):
    return v * exp(-g - HALF * q)


QUADRATIC = Model(
    "quadratic", predict, update, weight=np.square, leap=leap, pull=pull,
    depth=2, theory="mean field", colour="#0072B2", marker="o",
)  # fmt: skip
