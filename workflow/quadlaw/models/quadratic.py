"""The paper's model, ``w = v^2``: the factor 2 of the gradient is part of its step size."""

import numpy as np
from numba.extending import register_jitable

from quadlaw.models.model import Model


@register_jitable
def predict(x, v):
    return x * v * v


@register_jitable
def update(x, v, g):
    return v - g * x * v


QUADRATIC = Model(
    "quadratic", predict, update, weight=np.square,
    depth=2, theory="mean field", colour="#0072B2", marker="o",
)  # fmt: skip
