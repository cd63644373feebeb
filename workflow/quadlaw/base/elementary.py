"""Exponential function and square root of float32s that the compiler turns into vectors."""

import math

import numpy as np
from numba import types
from numba.extending import intrinsic, overload

_F, _I = np.float32, np.int32
HALF, ONE, TWO = _F(0.5), _F(1), _F(2)
_INVERSE_LN2, _LN2 = _F(1 / math.log(2)), _F(math.log(2))
_LARGEST = _F(87)  # e^87 is a float32 still, and e^-87 a normal one
_SERIES = tuple(_F(1 / math.factorial(k)) for k in range(8))


def exp(x: float) -> float:
    """``e^x``; in compiled code of a float32, whose exponent is kept within 87 of 0.

    ``e^x = 2^k e^r`` with ``|r| <= log(2) / 2``, where a series up to ``r^7`` is right to float32:
    the relative error is below 4e-7 near 0, and 5e-6 at 80.
    """
    return math.exp(x)


@overload(exp, inline="always")
def _exp(x):
    if x != types.float32:
        return lambda x: math.exp(x)
    a, b, c, d, e, f, g, h = _SERIES

    def vector(x):
        x = min(max(x, -_LARGEST), _LARGEST)
        k = _I(np.floor(x * _INVERSE_LN2 + HALF))
        r = x - _F(k) * _LN2
        series = a + r * (b + r * (c + r * (d + r * (e + r * (f + r * (g + r * h))))))
        return series * _I((k + _I(127)) << _I(23)).view(_F)

    return vector


def sqrt(x: float) -> float:
    """The square root; in compiled code an instruction, where Numba calls a function."""
    return math.sqrt(x)


@intrinsic
def _root(typing, x):
    def generate(context, builder, signature, arguments):
        number = arguments[0].type
        root = builder.module.declare_intrinsic("llvm.sqrt", [number])
        return builder.call(root, arguments)

    return x(x), generate


@overload(sqrt, inline="always")
def _sqrt(x):
    return lambda x: _root(x)
