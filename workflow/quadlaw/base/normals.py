"""Normal numbers as a pure function of ``(key, row, column)``, many at a time.

Words come from Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw (2011,
"Parallel random numbers: as easy as 1, 2, 3"), pairs of words become pairs of normals by Box and
Muller (1958). No state is carried from one number to the next, so that the compiler turns the loops
over ``LANES`` numbers into vector instructions: about a nanosecond a number, where NumPy's
generator takes seven.

Every series below is the textbook one, cut where its remainder is less than float32 can tell.
"""

import math

import numba
import numpy as np
from numba.extending import register_jitable

LANES = 16  # numbers that move in step: what a vector register holds
BLOCK = 4 * LANES  # numbers from LANES counters

_WORD, _LONG, _FLOAT, _SIGNED = np.uint32, np.uint64, np.float32, np.int32
_MULTIPLIERS = _LONG(0xD2511F53), _LONG(0xCD9E8D57)
_WEYL = _WORD(0x9E3779B9), _WORD(0xBB67AE85)
_SIN = tuple(_FLOAT((-1) ** k / math.factorial(2 * k + 1)) for k in range(7))
_COS = tuple(_FLOAT((-1) ** k / math.factorial(2 * k)) for k in range(8))
_LOG = tuple(_FLOAT(2 / (2 * k + 1)) for k in range(4))
_LN2, _ALL_BITS = _FLOAT(math.log(2)), _FLOAT(32 * math.log(2))
_HALF_TURN = _FLOAT(math.pi * 2.0**-32)  # of a signed word: an angle in [-pi/2, pi/2)
_ROOT_HALF = _SIGNED(np.array(math.sqrt(0.5), np.float32).view(np.int32))
_UNIT, _HALF, _TWO = _FLOAT(1), _FLOAT(0.5), _FLOAT(2)


@numba.njit(inline="always")
def philox(c0, c1, c2, c3, k0, k1):
    """Four words from a counter of four and a key of two, after ten rounds."""
    for _ in range(10):
        first, second = _LONG(c0) * _MULTIPLIERS[0], _LONG(c2) * _MULTIPLIERS[1]
        c0 = _WORD(second >> _LONG(32)) ^ c1 ^ k0
        c2 = _WORD(first >> _LONG(32)) ^ c3 ^ k1
        c1, c3 = _WORD(second), _WORD(first)
        k0, k1 = _WORD(k0 + _WEYL[0]), _WORD(k1 + _WEYL[1])
    return c0, c1, c2, c3


@register_jitable
def _sine(x):
    a, b, c, d, e, f, g = _SIN
    y = x * x
    return x * (a + y * (b + y * (c + y * (d + y * (e + y * (f + y * g))))))


@register_jitable
def _cosine(x):
    a, b, c, d, e, f, g, h = _COS
    y = x * x
    return a + y * (b + y * (c + y * (d + y * (e + y * (f + y * (g + y * h))))))


@register_jitable
def _log_ratio(s):
    a, b, c, d = _LOG
    y = s * s
    return s * (a + y * (b + y * (c + y * d)))


@numba.njit(inline="always")
def _box_muller(words, pair, z):
    """From ``LANES`` pairs of words, ``2 LANES`` normals into ``z``; ``pair`` is 0 or 1.

    The radius is ``sqrt(-2 log u)`` with ``u = (word + 1/2) / 2^32``; the angle's lowest bit, which
    is lost in rounding the others, decides the half of the circle.
    """
    for j in range(LANES):
        # u 2^32 = m 2^e with m in [sqrt(1/2), sqrt(2)), and log m = 2 artanh((m - 1) / (m + 1))
        bits = np.float32(_FLOAT(words[2 * pair, j]) + _HALF).view(np.int32)
        exponent = (bits - _ROOT_HALF) >> _SIGNED(23)
        m = np.int32(bits - (exponent << _SIGNED(23))).view(np.float32)
        log = _FLOAT(exponent) * _LN2 + _log_ratio((m - _UNIT) / (m + _UNIT))
        r = math.sqrt(_TWO * max(_FLOAT(0), _ALL_BITS - log))
        turn = _FLOAT(_SIGNED(words[2 * pair + 1, j])) * _HALF_TURN
        side = _UNIT - _TWO * _FLOAT(words[2 * pair + 1, j] & _WORD(1))
        z[2 * pair * LANES + j] = r * _sine(turn)
        z[(2 * pair + 1) * LANES + j] = r * side * _cosine(turn)


@numba.njit(cache=True, error_model="numpy", forceinline=True, fastmath={"contract", "nsz"})
def fill(out, scale, key, row, column):
    """``out[r, c] = scale[c] * normal(key, row + r, column + c)``.

    Parameters
    ----------
    out : ndarray, shape (n, at least m)
        Its first ``m`` columns are written. The normals are float32, whatever its dtype.
    scale : ndarray, shape (m,)
    key : ndarray of four uint32
    row, column : int
        Of the first number: below ``2^32``, and a multiple of ``BLOCK`` below ``2^34``.
    """
    # Slices, as indices that may be negative for all the compiler knows would not become vectors.
    words, z = np.empty((4, LANES), np.uint32), np.empty(BLOCK, np.float32)
    width = len(scale)
    k0, k1, k2, k3 = key[0], key[1], key[2], key[3]
    for r in range(len(out)):
        for start in range(0, width, BLOCK):
            first = (column + start) // 4
            for j in range(LANES):
                words[0, j], words[1, j], words[2, j], words[3, j] = philox(
                    _WORD(first + j), _WORD(row + r), k2, k3, k0, k1
                )
            _box_muller(words, 0, z)
            _box_muller(words, 1, z)
            factor = scale[start : start + BLOCK]
            here = out[r, start : start + len(factor)]
            for c in range(len(factor)):
                here[c] = factor[c] * z[c]
