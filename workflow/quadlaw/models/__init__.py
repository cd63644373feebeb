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
        Contribution of one coordinate to the prediction, 0 at ``x = 0``. Compiled.
    update : callable ``(x, p, g) -> p``
        The parameter after a step, where ``g = eta_t (f(x) - y)``; ``p`` at ``x = 0``. Compiled.
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


def deep(depth: int) -> Model:
    """``<x, v^L>`` with ``L = depth``: the factor ``L`` of the gradient is part of the step size.

    The first two are the linear and the quadratic model.
    """

    @register_jitable
    def predict(x, v):
        return x * v**depth

    @register_jitable
    def update(x, v, g):
        return v - g * x * v ** (depth - 1)

    return Model(f"depth {depth}", predict, update, lambda v: v**depth, lambda v: v ** (2 / depth))


MODELS = {
    # The paper's update: the factor 2 of the gradient of v^2 is part of its step size.
    "quadratic": Model("quadratic", quadratic_predict, quadratic_update, np.square, lambda v: v),
    # w_0 = v_0^2: both models start from the same predictor.
    "linear": Model("linear", linear_predict, linear_update, lambda w: w, np.square),
    # The start of these, too, gives the predictor of the quadratic model's v_0.
    **{f"depth {depth}": deep(depth) for depth in (3, 4, 6)},
}


def _sweeps(predict: Callable, update: Callable) -> tuple[Callable, Callable]:
    """One pass over the coordinates of one lane and of four: last update and next prediction."""

    @numba.njit(inline="always")
    def one(row, before, now, step):
        f = row.dtype.type(0)
        for i in range(len(row)):
            row[i] = value = update(before[i], row[i], step)
            f += predict(now[i], value)
        return f

    @numba.njit(inline="always")
    def four(p, before, now, step, size):
        a, b, c, d = p[0], p[1], p[2], p[3]
        s_a, s_b, s_c, s_d = step[0], step[1], step[2], step[3]
        f_a = f_b = f_c = f_d = p.dtype.type(0)
        for i in range(size):
            x, z = before[i], now[i]
            a[i] = value = update(x, a[i], s_a)
            f_a += predict(z, value)
            b[i] = value = update(x, b[i], s_b)
            f_b += predict(z, value)
            c[i] = value = update(x, c[i], s_c)
            f_c += predict(z, value)
            d[i] = value = update(x, d[i], s_d)
            f_d += predict(z, value)
        return f_a, f_b, f_c, f_d

    return one, four


def compile_loop(predict: Callable, update: Callable) -> Callable:
    """Compile one-pass SGD on many lanes that share their inputs.

    Returns ``train(p, x, y, factor, steps, sizes)``, which changes ``p`` in place:

    * ``p``: the parameters, one row a lane, float32 or float64;
    * ``x`` and ``y``, n rows: the samples, one a step;
    * ``factor``, shape (n,), and ``steps``, shape (L,): the step size of lane ``l`` at the ``t``-th
      sample is ``factor[t] steps[l]``;
    * ``sizes``, shape (L,): only the first ``sizes[l]`` coordinates of lane ``l`` are trained.

    A lane's last update and its next prediction share one sweep over its coordinates, which the
    compiler turns into vector instructions. Four lanes at a time sweep together, as far as the
    shortest of them reaches: each input is loaded once for the four, whose parameters stay in the
    cache from step to step.
    """
    sweep, sweep_four = _sweeps(predict, update)

    @numba.njit(cache=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz"})
    def train(p, x, y, factor, steps, sizes):
        last, f = len(x) - 1, np.zeros(4, p.dtype)
        for first in range(0, len(p), 4):
            some, ends = p[first : first + 4], sizes[first : first + 4]
            shared = ends.min() if len(some) == 4 else 0
            step = np.zeros(4, p.dtype)
            for t in range(last + 2):  # the first sweep's step is 0; the last one only updates
                before, now = x[max(t - 1, 0)], x[min(t, last)]
                f[:] = 0
                if shared > 0:
                    f[0], f[1], f[2], f[3] = sweep_four(some, before, now, step, shared)
                for k in range(len(some)):
                    if ends[k] > shared:
                        rest = slice(shared, ends[k])
                        f[k] += sweep(some[k, rest], before[rest], now[rest], step[k])
                    if t <= last:
                        step[k] = factor[t] * steps[first + k] * (f[k] - y[t])

    return train
