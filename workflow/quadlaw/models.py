"""Parameterizations: how parameters predict, how SGD moves them, how weights are read off.

A model is four one-line functions and an entry in ``MODELS``; the training loop is compiled once
for each of them. The loop stands in this file because Numba's cache is renewed when the file that
holds the compiled function changes, and the functions above it are part of what is compiled.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numba
import numpy as np
from numba.extending import register_jitable


@dataclass(frozen=True)
class Model:
    """A parameterized predictor ``f(x) = sum_i predict(x_i, p_i)`` trained by SGD.

    Attributes
    ----------
    name : str
        The name that users give and that the column ``model`` shows.
    predict : callable ``(x, p) -> float``
        Contribution of one coordinate to the prediction. Compiled.
    update : callable ``(x, p, g) -> p``
        The parameter after a step, where ``g = eta_t (f(x) - y)``. Compiled.
    weight : callable ``(p) -> w``
        The predictor's linear weight, on arrays.
    initial : callable ``(v_0) -> p_0``
        The parameter at the start, from the quadratic model's ``v_0``.
    """

    name: str
    predict: Callable
    update: Callable
    weight: Callable
    initial: Callable

    @cached_property
    def train(self) -> Callable:
        """The compiled training loop, see :func:`compile_loop`."""
        return compile_loop(self.predict, self.update)


@register_jitable
def quadratic_predict(x, v):
    return x * v * v


@register_jitable
def quadratic_update(x, v, g):
    return v - g * x * v


@register_jitable
def linear_predict(x, w):
    return x * w


@register_jitable
def linear_update(x, w, g):
    return w - g * x


MODELS = {
    # The paper's update: the factor 2 of the gradient of v^2 is part of its step size.
    "quadratic": Model("quadratic", quadratic_predict, quadratic_update, np.square, lambda v: v),
    # w_0 = v_0^2: both models start from the same predictor.
    "linear": Model("linear", linear_predict, linear_update, lambda w: w, np.square),
}


def compile_loop(predict: Callable, update: Callable) -> Callable:
    """Compile one-pass SGD on many lanes that share their inputs.

    Returns ``train(p, x, y, rate, sizes)``, which changes ``p`` in place:

    * ``p``, shape (L, M): the parameters, one row a lane, float32 or float64;
    * ``x``, shape (n, M), and ``y``, shape (n,): the samples, one a step;
    * ``rate``, shape (n, L): each lane's step size at each step;
    * ``sizes``, shape (L,): only the first ``sizes[l]`` coordinates of lane ``l`` are trained.

    A lane's last update and its next prediction share one sweep over its coordinates, which the
    compiler turns into vector instructions, however many lanes there are.
    """

    @numba.njit(cache=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz"})
    def train(p, x, y, rate, sizes):
        last = len(x) - 1
        g = np.zeros(len(p), p.dtype)
        for t in range(len(x)):
            before, now = x[max(t - 1, 0)], x[t]  # at t = 0, g = 0: the update does nothing
            for lane in range(len(p)):
                row, step = p[lane], g[lane]
                f = p.dtype.type(0)
                for i in range(sizes[lane]):
                    value = update(before[i], row[i], step)
                    row[i] = value
                    f += predict(now[i], value)
                g[lane] = rate[t, lane] * (f - y[t])
        for lane in range(len(p)):
            for i in range(sizes[lane]):
                p[lane, i] = update(x[last, i], p[lane, i], g[lane])

    return train
