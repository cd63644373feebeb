"""Linear regression from ``w_0 = 0``, whatever ``v_0`` is."""

import numpy as np

from quadlaw.models.linear import leap, predict, pull, update
from quadlaw.models.model import Model

FROM_ZERO = Model(
    "linear from zero", predict, update, start=lambda v: [np.zeros_like(v, dtype=float)],
    leap=leap, pull=pull, depth=1, theory="linear", colour="#D55E00", marker="s",
)  # fmt: skip
