"""The loop of leaps, compiled once for each model (:mod:`quadlaw.sgd.leaps` says what it does).

Runs move together, 32 at a time, the columns of every array: some vectors' worth. Numbers are
float32. Sums over steps are taken level by level, so that none has more than a few hundred terms.
"""

import math
from collections.abc import Callable
from types import FunctionType

import numba
import numpy as np

from quadlaw.base.elementary import exp
from quadlaw.base.normals import fill
from quadlaw.models.loop import compiled_name

COLUMNS = 32
BUFFER = 64  # rows of normals that are made at once, each of 4 for every column
EXACT = 8  # a chi square of fewer degrees is summed, one of more is made from one normal
FAST = {"error_model": "numpy", "fastmath": {"contract", "reassoc", "nsz", "arcp"}}
_F = np.float32
_ZERO, _HALF, _ONE = _F(0), _F(0.5), _F(1)
# Where an array of one column's numbers holds them; one array, as the compiler cannot tell whether
# several overlap, and then makes no vectors. A and Q are neighbours.
ROOM = 12
A, Q, S, ROOT, INVERSE, G, DOT, SHARE, OWN, ERROR, PULL, LEFT = range(0, ROOM * COLUMNS, COLUMNS)
SMALL = _F(1e-2)  # below which (1 - e^-c) / c is 1 - c / 2


def _erred(predict: Callable, signs: tuple) -> Callable:
    """``ERROR = w - w*`` of one coordinate."""
    width = len(signs)

    @numba.njit(**FAST)
    def erred(p, target, room):
        for c in range(COLUMNS):
            room[ERROR + c] = -target
        for k in range(width):
            one, sign = p[k], signs[k]
            for c in range(COLUMNS):
                room[ERROR + c] += sign * predict(_ONE, one[c])

    return erred


def _stepped(erred: Callable, update: Callable, signs: tuple) -> Callable:
    """One step of the first coordinates, with their inputs; ``G`` is ``eta`` times ``r``."""
    width = len(signs)

    @numba.njit(**FAST)
    def stepped(p, roots, target, eta, z, room):
        head = len(z) - 1
        slow = z[head]
        for c in range(COLUMNS):
            room[G + c] = room[ROOT + c] * slow[c]
        for i in range(head):
            erred(p[i], target[i], room)
            root, one = roots[i], z[i]
            for c in range(COLUMNS):
                room[G + c] += root * one[c] * room[ERROR + c]
        for c in range(COLUMNS):
            room[G + c] *= eta
        for i in range(head):
            one = z[i]
            for k in range(width):
                here, factor = p[i, k], signs[k] * roots[i]
                for c in range(COLUMNS):
                    here[c] = update(_ONE, here[c], room[G + c] * factor * one[c])

    return stepped


def _moved(leap: Callable, pull: Callable, signs: tuple) -> Callable:
    """A leap of one coordinate by the sums ``A, Q``, with its noise in ``G``.

    By Rosenbrock's exponential rule: right to second order, and exact for the linear model.
    """
    width = len(signs)

    @numba.njit(**FAST)
    def moved(p, value, room):
        for c in range(COLUMNS):
            room[PULL + c] = _ZERO
        for k in range(width):
            one = p[k]
            for c in range(COLUMNS):
                room[PULL + c] += pull(one[c])
        for c in range(COLUMNS):
            room[PULL + c] *= value * room[A + c]
            room[LEFT + c] = exp(-room[PULL + c])
        for c in range(COLUMNS):
            s, left = room[PULL + c], room[LEFT + c]
            share = (_ONE - left) / s if abs(s) > SMALL else _ONE - _HALF * s
            spread = math.sqrt(share * _HALF * (_ONE + left))
            g = value * room[A + c] * room[ERROR + c] * share + spread * room[G + c]
            room[G + c], room[LEFT + c] = g, value * room[Q + c]
        for k in range(width):
            one, sign = p[k], signs[k]
            for c in range(COLUMNS):
                one[c] = leap(one[c], sign * room[G + c], room[LEFT + c])

    return moved


def _listed(erred: Callable) -> Callable:
    """``OWN = sum lambda e^2`` of some coordinates."""

    @numba.njit(**FAST)
    def listed(p, eigenvalues, target, room):
        for c in range(COLUMNS):
            room[OWN + c] = _ZERO
        for i in range(len(p)):
            erred(p[i], target[i], room)
            value = eigenvalues[i]
            for c in range(COLUMNS):
                room[OWN + c] += value * room[ERROR + c] * room[ERROR + c]

    return listed


def _updated(erred: Callable, moved: Callable) -> Callable:
    """A leap of the coordinates of one level, with the normals ``z``.

    The residuals tell the level's part along its errors: less of it is left to chance.
    """

    @numba.njit(**FAST)
    def updated(p, eigenvalues, roots, target, z, room):
        for c in range(COLUMNS):
            room[ROOT + c] = math.sqrt(room[Q + c])
            room[DOT + c] = room[SHARE + c] = _ZERO
        for i in range(len(p)):
            erred(p[i], target[i], room)
            value, root, one = eigenvalues[i], roots[i], z[i]
            for c in range(COLUMNS):
                noise = root * room[ROOT + c] * one[c]
                room[DOT + c] += room[ERROR + c] * noise
                room[SHARE + c] += value * room[ERROR + c] * room[ERROR + c]
        for c in range(COLUMNS):
            rest = math.sqrt(_ONE - min(room[SHARE + c] * room[INVERSE + c], _ONE))
            room[DOT + c] *= room[INVERSE + c] / (_ONE + rest)
        for i in range(len(p)):
            erred(p[i], target[i], room)
            value, root, one = eigenvalues[i], roots[i], z[i]
            for c in range(COLUMNS):
                room[G + c] = root * room[ROOT + c] * one[c]
                room[G + c] -= room[DOT + c] * value * room[ERROR + c]
            moved(p[i], value, room)

    return updated


@numba.njit(inline="always")
def _drawn(flat, place, needed, key, row, column, ones):
    """Where the next ``needed`` rows of normals begin, and the next row of the stream."""
    if place + needed > len(flat):
        fill(flat.reshape(BUFFER, 4 * COLUMNS), ones, key, row, column)
        return 0, row + BUFFER
    return place, row


@numba.njit(**FAST)
def _copied(source, start, target):
    """Much faster than an assignment of slices."""
    for c in range(COLUMNS):
        target[c] = source[start + c]


@numba.njit(**FAST)
def _many_steps(n, z, eta, sums, room):
    """``A`` and ``Q`` of ``n`` steps where all coordinates are slow, from one normal.

    By the cube that Wilson and Hilferty (1931) make a chi square of.
    """
    a = _F(2 / (9 * n))
    root, most = math.sqrt(a), eta * _F(n)
    for c in range(COLUMNS):
        y = max(_ONE - a + root * z[c], _ZERO)
        total = most * y * y * y
        sums[c] += total
        sums[COLUMNS + c] += eta * room[S + c] * total


@numba.njit(**FAST)
def _one_step(z, sums, room):
    """``A`` and ``Q`` of a step whose ``g`` is in ``G`` and whose normal of ``q`` is ``z``."""
    for c in range(COLUMNS):
        g = room[G + c]
        sums[c] += g * room[ROOT + c] * room[INVERSE + c] * z[c]
        sums[COLUMNS + c] += g * g


@numba.njit(**FAST)
def _summed(own, below, top, room):
    """``S`` and what is made of it, where the levels up to ``top`` have moved."""
    for k in range(top - 1, -1, -1):  # below[k] is S of the levels from k on
        for c in range(COLUMNS):
            below[k, c] = below[k + 1, c] + own[k, c]
    for c in range(COLUMNS):
        room[S + c] = below[0, c]
        room[ROOT + c], room[INVERSE + c] = math.sqrt(room[S + c]), _ONE / room[S + c]


@numba.njit(**FAST)
def _taken(sums, k, room):
    """The sums of level ``k``, added to those of the next one and cleared."""
    for c in range(2 * COLUMNS):
        room[A + c] = sums[k, c]
        sums[k + 1, c] += sums[k, c]
        sums[k, c] = _ZERO


def _loop(p, eigenvalues, target, eta, steps, starts, levels, base, key, column):
    """See :func:`compile_leaps`; ``listed``, ``stepped`` and ``updated`` are a model's."""
    count, head, roots = len(levels), starts[0], np.sqrt(eigenvalues)
    ones, flat = np.ones(4 * COLUMNS, _F), np.empty((4 * BUFFER, COLUMNS), _F)
    noise = np.empty((np.diff(starts).max() if count > 0 else 0, COLUMNS), _F)
    sums, room = np.zeros((count + 1, 2 * COLUMNS), _F), np.empty(ROOM * COLUMNS, _F)
    own, below = np.zeros((count + 1, COLUMNS), _F), np.full((count + 1, COLUMNS), base, _F)
    for k in range(count):
        here = slice(starts[k], starts[k + 1])
        listed(p[here], eigenvalues[here], target[here], room)  # noqa: F821
        _copied(room, OWN, own[k])
    place, row, t, top = len(flat), 0, 0, count
    block = 1 << levels[0] if count > 0 else BUFFER
    while t < steps:
        _summed(own, below, top, room)
        n = min(block, steps - t)
        if head == 0 and n >= EXACT:
            place, row = _drawn(flat, place, 1, key, row, column, ones)
            _many_steps(n, flat[place], eta, sums[0], room)
            place += 1
        else:
            for _ in range(n):
                place, row = _drawn(flat, place, head + 1, key, row, column, ones)
                stepped(p, roots, target, eta, flat[place : place + head + 1], room)  # noqa: F821
                _one_step(flat[place + head], sums[0], room)
                place += head + 1
        t, top = t + n, 0
        while top < count and (t == steps or (t & ((1 << levels[top]) - 1)) == 0):
            here = slice(starts[top], starts[top + 1])
            _taken(sums, top, room)
            for i in range(starts[top + 1] - starts[top]):
                place, row = _drawn(flat, place, 1, key, row, column, ones)
                _copied(flat[place], 0, noise[i])
                place += 1
            some, values, goals = p[here], eigenvalues[here], target[here]
            updated(some, values, roots[here], goals, noise, room)  # noqa: F821
            listed(some, values, goals, room)  # noqa: F821
            _copied(room, OWN, own[top])
            top += 1


def compile_leaps(name: str, signs: tuple[float, ...], *functions: Callable) -> Callable:
    """Compile SGD in leaps at a constant step size, for a model whose features are ``signs z``.

    ``functions`` are the model's ``predict, update, leap, pull``. Returns ``loop(p, eigenvalues,
    target, eta, steps, starts, levels, base, key, column)``, which changes ``p`` in place:

    * ``p``, shape (M, width, ``COLUMNS``): the parameters, one column a run, float32;
    * ``eigenvalues`` and ``target``, shape (M,), float32; ``eta``: the step size, a float32;
    * ``starts``, shape (K + 1,), and ``levels``, shape (K,), rising: the first ``starts[0]``
      coordinates are stepped, those from ``starts[k]`` to ``starts[k + 1]`` are updated every
      ``2^levels[k]`` steps and at the end;
    * ``base``: the variance that tail and label noise add to the residual, a float32;
    * ``key`` and ``column``: of the normals (:func:`quadlaw.base.normals.fill`), from row 0 on.
    """
    predict, update, leap, pull = functions
    signs = tuple(_F(sign) for sign in signs)
    erred = _erred(predict, signs)
    pieces = {
        "listed": _listed(erred),
        "stepped": _stepped(erred, update, signs),
        "updated": _updated(erred, _moved(leap, pull, signs)),
    }
    loop = FunctionType(_loop.__code__, globals() | pieces, "leaps")
    loop.__qualname__, cached = compiled_name(name, __name__, *functions)
    return numba.njit(cache=cached, **FAST)(loop)
