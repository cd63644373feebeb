"""Diagonal networks ``<x, v^L>``: the factor ``L`` of the gradient is part of the step size.

The first two are the linear and the quadratic model. All start from the quadratic one's predictor.
"""

import numpy as np
from numba.extending import register_jitable

from quadlaw.base.elementary import ONE
from quadlaw.models.model import Model

# y^(-1/(L - 2))
ROOTS = {
    3: register_jitable(lambda y: ONE / y),
    4: register_jitable(lambda y: ONE / np.sqrt(y)),
    6: register_jitable(lambda y: ONE / np.sqrt(np.sqrt(y))),
}
LOOKS = {3: ("#009E73", "^"), 4: ("#CC79A7", "D"), 6: ("#56B4E9", "v")}


def deep(depth: int) -> Model:
    """The network of a depth."""

    root, beyond = ROOTS[depth], np.float32(depth - 2)
    layers, drift = np.float32(depth), np.float32((depth - 1) / (depth - 2) / 2)

    @register_jitable
    def predict(x, v):
        return x * v**depth

    @register_jitable
    def update(x, v, g):
        return v - g * x * v ** (depth - 1)

    @register_jitable
    def pull(v):
        return layers * v ** (2 * depth - 2)

    @register_jitable
    def leap(v, g, q):
        power = beyond * v ** (depth - 2)
        return v * root(ONE + power * (g + drift * power * q))

    colour, marker = LOOKS[depth]
    return Model(
        f"depth {depth}", predict, update, weight=lambda v: v**depth, leap=leap, pull=pull,
        start=lambda v: [v ** (2 / depth)], depth=depth, theory="deep",
        colour=colour, marker=marker,
    )  # fmt: skip


MODELS = tuple(map(deep, LOOKS))
