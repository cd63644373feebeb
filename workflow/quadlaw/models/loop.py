"""The training loop, compiled once for each model.

What is compiled is kept on disk, in a file whose name has the hash of the code that it was made of
(:mod:`quadlaw.base.kernels`): of this file and of the model's.
"""

import hashlib
import re
from collections.abc import Callable
from types import FunctionType

import numba
import numpy as np

from quadlaw.base.provenance import PACKAGE, code_hash

FAST = {"error_model": "numpy", "fastmath": {"contract", "reassoc", "nsz"}}


def _sweeps(predict: Callable, update: Callable) -> tuple[Callable, Callable]:
    """One pass over the coordinates of one lane and of four: last update and next prediction.

    The model's functions are inlined, as those of leaps (:mod:`quadlaw.models.leaps_loop`).
    """
    predict, update = (
        numba.njit(forceinline=True, **FAST)(getattr(one, "py_func", one))
        for one in (predict, update)
    )

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


def _loop(p, x, y, factor, steps, sizes):
    """See :func:`compile_loop`; ``sweep`` and ``sweep_four`` are a model's."""
    last, f = len(x) - 1, np.zeros(4, p.dtype)
    for first in range(0, len(p), 4):
        some, ends = p[first : first + 4], sizes[first : first + 4]
        shared = ends.min() if len(some) == 4 else 0
        step = np.zeros(4, p.dtype)
        for t in range(last + 2):  # the first sweep's step is 0; the last one only updates
            before, now = x[max(t - 1, 0)], x[min(t, last)]
            f[:] = 0
            if shared > 0:
                f[0], f[1], f[2], f[3] = sweep_four(some, before, now, step, shared)  # noqa: F821
            for k in range(len(some)):
                if ends[k] > shared:
                    rest = slice(shared, ends[k])
                    f[k] += sweep(some[k, rest], before[rest], now[rest], step[k])  # noqa: F821
                if t <= last:
                    step[k] = factor[t] * steps[first + k] * (f[k] - y[t])


def compile_loop(name: str, predict: Callable, update: Callable) -> Callable:
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
    names = {"np": np, "sweep": sweep, "sweep_four": sweep_four, "__name__": __name__}
    train = FunctionType(_loop.__code__, names, "train")
    train.__qualname__, cached = compiled_name(name, __name__, predict, update)
    return numba.njit(cache=cached, **FAST)(train)


def compiled_name(
    name: str, loop: str, *functions: Callable, signs: tuple = ()
) -> tuple[str, bool]:
    """What to call a model's loop from the module ``loop``, and whether to keep it on disk.

    Numba's own key would not tell one model's loop from another's, which all have the same code. So
    the hash is of the model's name and features, too: two names may be one as that of a file. A
    model whose functions stand outside of this package is not kept.
    """
    modules = {function.__module__ for function in functions}
    inside = all(module.split(".")[0] == PACKAGE.name for module in modules)
    code = code_hash(loop, *sorted(modules)) if inside else None
    told = hashlib.sha256(repr((name, signs, code)).encode()).hexdigest()[:16]
    return f"{re.sub(r'[^a-z0-9]+', '_', name.lower())}_{told}", inside
