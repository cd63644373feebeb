"""Two ReLU units a coordinate, ``f = sum_i a_i relu(b_i z_i) - a'_i relu(-b'_i z_i)``.

From ``a = b > 0`` and ``a' = b' > 0``, which SGD then keeps, it is the quadratic model on the
features ``max(z, 0)`` and ``min(z, 0)``, each of which sees half of the samples.
"""

import numpy as np

from quadlaw.models.model import Model
from quadlaw.models.quadratic import predict, update


def halves(z: np.ndarray) -> list[np.ndarray]:
    """The features."""
    return [np.maximum(z, 0), np.minimum(z, 0)]


RELU = Model(
    "relu", predict, update, weight=np.square, start=lambda v: [v, v], features=halves,
    combine=lambda w: (w[0] + w[1]) / 2, kink=lambda w: (w[0] - w[1]) / 2,
    depth=2, theory="mean field of half of the samples", colour="#009E73", marker="^",
)  # fmt: skip
