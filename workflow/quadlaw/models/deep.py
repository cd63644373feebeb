"""Diagonal networks ``<x, v^L>``: the factor ``L`` of the gradient is part of the step size.

The first two are the linear and the quadratic model. All start from the quadratic one's predictor.
"""

from numba.extending import register_jitable

from quadlaw.models.model import Model

LOOKS = {3: ("#009E73", "^"), 4: ("#CC79A7", "D"), 6: ("#56B4E9", "v")}


def deep(depth: int) -> Model:
    """The network of a depth."""

    @register_jitable
    def predict(x, v):
        return x * v**depth

    @register_jitable
    def update(x, v, g):
        return v - g * x * v ** (depth - 1)

    colour, marker = LOOKS[depth]
    return Model(
        f"depth {depth}", predict, update, weight=lambda v: v**depth,
        start=lambda v: [v ** (2 / depth)], depth=depth, theory="deep",
        colour=colour, marker=marker,
    )  # fmt: skip


MODELS = tuple(map(deep, LOOKS))
