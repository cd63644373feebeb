"""``w = u v`` from ``u_0 = 4 v_0`` with ``u_0 v_0`` the quadratic model's first weight.

With ``v+- = (u +- v) / 2``, ``u v = v+^2 - v-^2``, and SGD on ``u`` and ``v`` is SGD on ``v+`` and
``v-``, step by step: the signed model from another start.
"""

import numpy as np

from quadlaw.models.model import Model
from quadlaw.models.quadratic import leap, predict, pull, update
from quadlaw.models.signed import both_signs, difference

RATIO = 4.0  # u_0 / v_0


def start(v: np.ndarray) -> list[np.ndarray]:
    """``v+`` and ``v-``."""
    return [v / RATIO**0.5 * (RATIO + sign) / 2 for sign in (1, -1)]


TWO_LAYER = Model(
    "two-layer", predict, update, weight=np.square, start=start, features=both_signs,
    combine=difference, leap=leap, pull=pull, depth=2, theory="mean field",
    colour="#CC79A7", marker="^",
)  # fmt: skip
