"""``w = v+^2 - v-^2`` from ``f = 0``, with ``v+ = v- = v_0``: weights of either sign.

It is the quadratic model on the features ``z`` and ``-z``. What grows leaves the other to die out,
so that its theory is that of the half that grows.
"""

import numpy as np

from quadlaw.models.model import Model
from quadlaw.models.quadratic import leap, predict, pull, update


def both_signs(z: np.ndarray) -> list[np.ndarray]:
    """The features."""
    return [z, -z]


def difference(parts: list[np.ndarray]) -> np.ndarray:
    """``w``."""
    return parts[0] - parts[1]


SIGNED = Model(
    "signed", predict, update, weight=np.square, start=lambda v: [v, v], features=both_signs,
    combine=difference, leap=leap, pull=pull, depth=2, theory="mean field",
    colour="#009E73", marker="D",
)  # fmt: skip
