"""The loop of leaps, compiled once for each model (:mod:`quadlaw.sgd.leaps` says what it does).

Runs move together, 16 at a time, as the columns of every array: some vectors' worth. Numbers are
float32. Sums over steps are taken level by level, so that none has more than a few hundred terms.

The compiler makes vectors of a loop over columns if it is simple enough. So arrays are flat, as
views would be counted at each step; places in them are unsigned, as others could be negative; and
the number of columns is an argument, as a loop of a known length becomes a row of single numbers.
"""

from collections.abc import Callable
from types import FunctionType

import numba
import numpy as np

from quadlaw.base.elementary import exp, sqrt
from quadlaw.base.normals import fill
from quadlaw.models.loop import compiled_name

COLUMNS = 16
BUFFER = 64  # rows of normals that are made at once, each of 4 for every column
EXACT = 4  # a chi square of fewer degrees is summed, one of more is made from one normal
FAST = {"error_model": "numpy", "fastmath": {"contract", "reassoc", "nsz", "arcp"}}
# No function that the loop calls may stay one. Of those of one name in a process, the first that
# was loaded is called: by the loop of another model too, and with sums in the order of another run
# of the compiler. Numba numbers names by process, so that loops from the cache may share them.
INLINED = FAST | {"forceinline": True}
_F, _U = np.float32, np.uint64
_ZERO, _HALF, _ONE, _TINY = _F(0), _F(0.5), _F(1), _F(1e-30)
_C, _I, _TWO, _THREE = _U(COLUMNS), _U(1), _U(2), _U(3)
# Where an array of one number a column holds them. One array, as the compiler cannot tell whether
# several overlap. Neighbours are the sums A, B, Q, and S and the part that later levels have of it.
_PLACES = tuple(_U(k * COLUMNS) for k in range(11))
A, B, Q, S, LATER, ROOT, INVERSE, G, DOT, SHIFT, OWN = _PLACES
SMALL = _F(1e-2)  # below which (1 - e^-c) / c is 1 - c / 2


def _features(predict: Callable, leap: Callable, pull: Callable, signs: tuple) -> tuple:
    """A coordinate whose first parameter is at ``p[at]``: its weight, its pull, a leap of it.

    Made feature by feature, as a loop over them would be no vectors.
    """
    compiled = numba.njit(**INLINED)
    if not signs:
        return compiled(_nothing), compiled(_nothing), compiled(_unmoved)
    weight_before, pull_before, leap_before = _features(predict, leap, pull, signs[:-1])
    sign, place = signs[-1], _U(len(signs) - 1) * _C

    @compiled
    def weight(p, at):
        return weight_before(p, at) + sign * predict(_ONE, p[at + place])

    @compiled
    def pulled(p, at):
        return pull_before(p, at) + pull(p[at + place])

    @compiled
    def leapt(p, at, g, q):
        leap_before(p, at, g, q)
        p[at + place] = leap(p[at + place], sign * g, q)

    return weight, pulled, leapt


def _nothing(p, at):
    return _ZERO


def _unmoved(p, at, g, q):
    return None


def _stepped(weight: Callable, update: Callable, signs: tuple) -> Callable:
    """One step of the first ``head`` coordinates, with the inputs from ``z[at]`` on.

    The residual's other part comes last among them. Adds to A, B and Q of the first level.
    """
    width, row = len(signs), _U(len(signs)) * _C

    @numba.njit(**INLINED)
    def stepped(p, roots, target, head, eta, z, at, room, sums, columns):
        last = at + head * _C
        for c in range(columns):
            room[G + c] = room[ROOT + c] * z[last + c]
        for i in range(head):
            here, there, root, goal = i * row, at + i * _C, roots[i], target[i]
            for c in range(columns):
                room[G + c] += root * z[there + c] * (weight(p, here + c) - goal)
        for c in range(columns):
            g, q = eta * room[G + c], room[ROOT + c] * z[last + c]
            room[G + c] = g
            sums[c] += g * q * room[INVERSE + c]
            sums[_C + c] += g * q
            sums[_TWO * _C + c] += g * g
        for i in range(head):
            there = at + i * _C
            for k in range(width):
                here, factor = i * row + _U(k) * _C, signs[k] * roots[i]
                for c in range(columns):
                    p[here + c] = update(_ONE, p[here + c], room[G + c] * factor * z[there + c])

    return stepped


def _updated(weight: Callable, pulled: Callable, leapt: Callable, row: np.uint64) -> Callable:
    """A leap of the coordinates from ``first`` to ``last``, a level, by A, B and Q in ``room``.

    A is their way to the target. B tells the level's part along its errors, but for the share of
    those who come later; what it has been is left out of their B. SHIFT, B / S - A, is noise that
    the level knows, and no way: it may have either sign, and be large, if earlier levels make most
    of the residual. Errors change within the block: by Rosenbrock's exponential
    rule, which is right to second order, and exact for the linear model. Cubes of single steps, of
    which a step ``x`` is the part that it takes of the error, make the contraction ``1 + 3 x / 2``
    times as strong, and the stationary variance ``1 / (1 - kurtosis x / 2)`` times as large. OWN
    becomes the level's ``sum lambda e^2``.
    """

    @numba.njit(**INLINED)
    def updated(p, values, roots, target, first, last, eta, kurtosis, z, room, columns):
        for c in range(columns):
            room[ROOT + c], room[DOT + c] = sqrt(room[Q + c]), _ZERO
        for i in range(first, last):
            here, there, root, goal = i * row, (i - first) * _C, roots[i], target[i]
            for c in range(columns):
                room[DOT + c] += root * z[there + c] * (weight(p, here + c) - goal)
        for c in range(columns):
            inverse, dot = _ONE / (room[S + c] + _TINY), room[DOT + c] * room[ROOT + c]
            rest, shared = sqrt(room[LATER + c] * inverse), room[B + c] * inverse
            room[SHIFT + c], room[OWN + c] = shared - room[A + c], _ZERO
            room[B + c] = shared * room[LATER + c] - dot * rest
            room[SHIFT + c] -= dot * inverse / (_ONE + rest)
        for i in range(first, last):
            here, there = i * row, (i - first) * _C
            value, root, goal = values[i], roots[i], target[i]
            for c in range(columns):
                e, steepness = weight(p, here + c) - goal, pulled(p, here + c)
                x = eta * value * steepness
                y, h = _F(1.5) * x, _HALF * kurtosis * x
                a = value * room[A + c] * (_ONE + y)
                s = a * steepness
                left = exp(-s)
                share = (_ONE - left) / s if abs(s) > SMALL else _ONE - _HALF * s
                more = (_ONE + y) * (_ONE + h * (_ONE + h * (_ONE + h)))
                spread = sqrt(share * _HALF * (_ONE + left) * more)
                noise = root * room[ROOT + c] * z[there + c] + room[SHIFT + c] * value * e
                leapt(p, here + c, a * e * share + spread * noise, value * room[Q + c])
                e = weight(p, here + c) - goal
                room[OWN + c] += value * e * e

    return updated


def _listed(weight: Callable, row: np.uint64) -> Callable:
    """``sum lambda e^2`` of the coordinates from ``first`` to ``last``, added to ``own[at]``."""

    @numba.njit(**INLINED)
    def listed(p, values, target, first, last, own, at, columns):
        for i in range(first, last):
            here, value, goal = i * row, values[i], target[i]
            for c in range(columns):
                e = weight(p, here + c) - goal
                own[at + c] += value * e * e

    return listed


@numba.njit(inline="always")
def _drawn(buffer, place, needed, key, row, column, ones):
    """Where the next ``needed`` columns of normals begin, and the next row of the stream."""
    if place + needed * _C > _U(buffer.size):
        fill(buffer, ones, key, row, column)
        return _U(0), row + len(buffer)
    return place, row


@numba.njit(**INLINED)
def _shaped(z, start, stop, law):
    """Normals as inputs of a law: with their signs, a polynomial of their sizes."""
    for j in range(start, stop):
        size, value = abs(z[j]), _ZERO
        for coefficient in law:
            value = value * size + coefficient
        z[j] = value if z[j] >= _ZERO else -value


@numba.njit(**INLINED)
def _copied(source, start, target, end, columns):
    for c in range(columns):
        target[end + c] = source[start + c]


@numba.njit(**INLINED)
def _many_steps(n, z, at, eta, sums, below, columns):
    """A, B and Q of ``n`` steps where all coordinates are slow, from one normal.

    By the cube that Wilson and Hilferty (1931) make a chi square of.
    """
    less = _F(2 / (9 * n))
    root, most = sqrt(less), eta * _F(n)
    for c in range(columns):
        y = max(_ONE - less + root * z[at + c], _ZERO)
        a = most * y * y * y
        sums[c] += a
        sums[_C + c] += a * below[c]
        sums[_TWO * _C + c] += eta * a * below[c]


@numba.njit(**INLINED)
def _summed(own, below, top, columns):
    """``below``, S of the levels from each on, where those under ``top`` have moved."""
    for i in range(top):
        here = (top - _I - i) * _C
        for c in range(columns):
            below[here + c] = below[here + _C + c] + own[here + c]


@numba.njit(**INLINED)
def _rooted(below, room, columns):
    for c in range(columns):
        room[ROOT + c], room[INVERSE + c] = sqrt(below[c]), _ONE / (below[c] + _TINY)


@numba.njit(**INLINED)
def _taken(sums, k, below, room, columns):
    """The sums of level ``k``, into ``room`` and cleared, with S and LATER."""
    here, there = _THREE * k * _C, k * _C
    for c in range(_THREE * columns):
        room[A + c] = sums[here + c]
        sums[here + c] = _ZERO
    for c in range(_TWO * columns):
        room[S + c] = below[there + c]


@numba.njit(**INLINED)
def _given(sums, k, room, own, columns):
    """What is left of the sums of level ``k``, to those of the next one."""
    here, there = _THREE * (k + _I) * _C, k * _C
    for c in range(_THREE * columns):
        sums[here + c] += room[A + c]
    for c in range(columns):
        own[there + c] = room[OWN + c]


def _loop(p, values, target, eta, steps, starts, levels, base, law, kurtosis, key, column, columns):
    """See :func:`compile_leaps`; ``listed``, ``stepped`` and ``updated`` are a model's."""
    columns, count, head, roots = _U(columns), _U(len(levels)), starts[0], np.sqrt(values)
    most = max(BUFFER, np.int64(head) // 4 + 1)  # rows, to hold a step of all that are stepped
    buffer, ones = np.empty((most, 4 * COLUMNS), _F), np.ones(4 * COLUMNS, _F)
    flat, room = buffer.reshape(buffer.size), np.zeros(len(_PLACES) * COLUMNS, _F)
    noise = np.empty((np.int64(np.diff(starts).max()) if count > 0 else 0) * COLUMNS, _F)
    sums, own = np.zeros((len(levels) + 1) * 3 * COLUMNS, _F), np.zeros(len(levels) * COLUMNS, _F)
    below = np.full((len(levels) + 1) * COLUMNS, base, _F)
    for k in range(count):
        listed(p, values, target, starts[k], starts[k + _I], own, k * _C, columns)  # noqa: F821
    place, row, t, top = _U(flat.size), 0, 0, count
    block = 1 << levels[0] if count > 0 else BUFFER
    while t < steps:
        _summed(own, below, top, columns)
        n = min(block, steps - t)
        if head == 0 and n >= EXACT:
            place, row = _drawn(buffer, place, _I, key, row, column, ones)
            _many_steps(n, flat, place, eta, sums, below, columns)
            place += _C
        else:
            _rooted(below, room, columns)
            for _ in range(n):
                place, row = _drawn(buffer, place, head + _I, key, row, column, ones)
                if len(law) > 0:
                    _shaped(flat, place, place + head * _C, law)
                stepped(p, roots, target, head, eta, flat, place, room, sums, columns)  # noqa: F821
                place += (head + _I) * _C
        t, top = t + n, _U(0)
        while top < count and (t == steps or (t & ((1 << levels[top]) - 1)) == 0):
            first, last = starts[top], starts[top + _I]
            for i in range(last - first):
                place, row = _drawn(buffer, place, _I, key, row, column, ones)
                _copied(flat, place, noise, i * _C, columns)
                place += _C
            _taken(sums, top, below, room, columns)
            level = values, roots, target, first, last
            updated(p, *level, eta, kurtosis, noise, room, columns)  # noqa: F821
            _given(sums, top, room, own, columns)
            top += _I


def compile_leaps(name: str, signs: tuple[float, ...], *functions: Callable) -> Callable:
    """Compile SGD in leaps at a constant step size, for a model whose features are ``signs z``.

    ``functions`` are the model's ``predict, update, leap, pull``. Returns ``loop(p, eigenvalues,
    target, eta, steps, starts, levels, base, law, kurtosis, key, column, columns)``, which changes
    ``p``:

    * ``p``, shape (M width ``COLUMNS``,): the parameters, coordinate by coordinate, feature by
      feature, one column a run, float32;
    * ``eigenvalues`` and ``target``, shape (M,), float32; ``eta``: the step size, a float32;
    * ``starts``, shape (K + 1,), uint64, and ``levels``, shape (K,), rising: the first
      ``starts[0]`` coordinates are stepped, those from ``starts[k]`` to ``starts[k + 1]`` are
      updated every ``2^levels[k]`` steps and at the end;
    * ``base``: the variance that tail and label noise add to the residual, a float32;
    * ``law``: of the inputs that are stepped, coefficients of the size of one by the size of a
      normal, highest first, float32, none for Gaussian ones; ``kurtosis``: ``E z^4`` of all, a
      float32;
    * ``key`` and ``column``: of the normals (:func:`quadlaw.base.normals.fill`), from row 0 on;
    * ``columns``: ``COLUMNS``.
    """
    predict, update, leap, pull = functions
    signs = tuple(_F(sign) for sign in signs)
    weight, pulled, leapt = _features(predict, leap, pull, signs)
    row = _U(len(signs)) * _C
    pieces = {
        "listed": _listed(weight, row),
        "stepped": _stepped(weight, update, signs),
        "updated": _updated(weight, pulled, leapt, row),
    }
    loop = FunctionType(_loop.__code__, globals() | pieces, "leaps")
    loop.__qualname__, cached = compiled_name(name, __name__, *functions, signs=signs)
    return numba.njit(cache=cached, **FAST)(loop)
