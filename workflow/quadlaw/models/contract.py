"""Whether a model's functions do what :class:`quadlaw.models.model.Model` says, on a few numbers.

The loop trains whole vectors that end in zeros, in chunks that begin with a step of 0, and risks
are those of the linear weights. A model of other behaviour would run, and be wrong without a word.
"""

from collections.abc import Callable

import numpy as np

FIRST = np.array([0.3, 0.8, 1.25])  # v_0
INPUTS, STEPS = (-1.5, 0.75), (-0.4, 0.1)
RELATIVE = 1e-9
GENTLE, ROUNDING = 1e-2, 1e-13  # of leaps: a small g, and what is no error


def broken(model) -> str | None:
    """Why the model cannot be trained, in words; None if it can."""
    if not (isinstance(model.name, str) and model.name.strip()):
        return "needs a name"
    try:
        return _shapes(model) or _functions(model) or _leaps(model)
    except Exception as fault:
        return f"{type(fault).__name__}: {fault}"


def _shapes(model) -> str | None:
    features, start = model.features(np.zeros(3)), model.start(FIRST)
    if not (isinstance(features, list) and features):
        return "features must return a list of arrays"
    if any(np.shape(one) != (3,) or np.any(one) for one in features):
        return "features must have the shape of z, and be 0 at z = 0"
    if not (isinstance(start, list) and len(start) == len(features)):
        return f"start must return a list of {len(features)}, one array for each of the features"
    if any(np.shape(one) != (3,) for one in start):
        return "start must return arrays of the shape of v_0"
    parts = [model.weight(np.asarray(one, float)) for one in start]
    if any(np.shape(part) != (3,) for part in parts):
        return "weight must have the shape of p"
    joined = [join(parts) for join in (model.combine, model.kink) if join is not None]
    if any(np.shape(one) != (3,) for one in joined):
        return "combine and kink must have the shape of one weight"
    return None


def _functions(model) -> str | None:
    predict, update = _plain(model.predict), _plain(model.update)
    for p in {float(value) for part in model.start(FIRST) for value in part}:
        weight = float(model.weight(np.array([p]))[0])
        if predict(0.0, p) != 0:
            return f"predict must be 0 at x = 0, and is {predict(0.0, p):.6g} at p = {p:.6g}"
        if any(update(0.0, p, g) != p for g in STEPS):
            return f"update must leave p at x = 0, and moves p = {p:.6g}"
        if any(update(x, p, 0.0) != p for x in INPUTS):
            return f"update must leave p at g = 0, and moves p = {p:.6g}"
        if any(abs(predict(x, p) - x * weight) > RELATIVE * abs(x * weight) for x in INPUTS):
            return f"predict must be x weight(p), and is not at p = {p:.6g}"
    return None


def _leaps(model) -> str | None:
    """``leap`` is ``update`` but for cubes of ``g``, and ``pull`` the product that it is said."""
    if model.leap is None and model.pull is None:
        return None
    if model.leap is None or model.pull is None:
        return "needs leap and pull, or neither"
    update, leap, pull = (_plain(one) for one in (model.update, model.leap, model.pull))
    features = [float(one[0]) for one in model.features(np.array([0.5]))]
    if any(abs(one) != 0.5 for one in features):
        return "with leap, features must be z or -z"
    for p in np.concatenate(model.start(FIRST)):
        errors = [abs(leap(p, g, g**2) - update(1.0, p, g)) for g in (GENTLE, GENTLE / 2)]
        if errors[0] > ROUNDING and errors[0] < 6 * errors[1]:
            return f"leap(p, g, g^2) must be update(1, p, g) but for cubes of g, at p = {p:.6g}"
        slope = (model.weight(p + GENTLE**2) - model.weight(p - GENTLE**2)) / (2 * GENTLE**2)
        pulled = slope * (p - update(1.0, p, 1.0))
        if abs(pull(p) - pulled) > 1e-4 * abs(pulled):
            return f"pull must be weight'(p) phi(p), {pulled:.6g} at p = {p:.6g}"
    return None


def _plain(function: Callable) -> Callable:
    """Without compilation."""
    return getattr(function, "py_func", function)
