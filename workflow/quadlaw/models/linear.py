"""Linear regression, from ``w_0 = v_0^2``: the quadratic model's first predictor."""

import numpy as np
from numba.extending import register_jitable

from quadlaw.base.elementary import ONE
from quadlaw.models.model import Model


@register_jitable
def predict(x, w):
    return x * w


@register_jitable
def update(x, w, g):
    return w - g * x


@register_jitable
def pull(w):
    return ONE


@register_jitable
def leap(w, g, q):
    return w - g


LINEAR = Model(
    "linear", predict, update, start=lambda v: [np.square(v)], leap=leap, pull=pull,
    depth=1, theory="linear", colour="#D55E00", marker="s",
)  # fmt: skip
