"""Linear regression, from ``w_0 = v_0^2``: the quadratic model's first predictor."""

import numpy as np
from numba.extending import register_jitable

from quadlaw.models.model import Model


@register_jitable
def predict(x, w):
    return x * w


@register_jitable
def update(x, w, g):
    return w - g * x


LINEAR = Model(
    "linear", predict, update, start=lambda v: [np.square(v)],
    depth=1, theory="linear", colour="#D55E00", marker="s",
)  # fmt: skip
