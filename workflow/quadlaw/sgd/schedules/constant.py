"""A constant step size, with or without an average of the last weights."""

from dataclasses import dataclass

import numpy as np

from quadlaw.base.checks import real, require
from quadlaw.base.documents import written


@dataclass(frozen=True)
class Constant:
    """No decay; with ``averaging``, the mean of the weights over that last fraction is returned."""

    kind = ("constant", "constant averaged")
    averaging: float = 0.0

    def __post_init__(self):
        fraction = real("averaging", self.averaging, above=-np.inf, reason="")
        require(0 <= fraction <= 1, "averaging", fraction, "a fraction lies in [0, 1]")

    @property
    def name(self) -> str:
        """``constant``, or ``constant averaged 0.5``."""
        return f"constant averaged {written(self.averaging)}" if self.averaging else "constant"

    def adaptation_steps(self, samples: int) -> int:
        """All of them."""
        return samples

    def factor(self, step: np.ndarray, samples: int) -> np.ndarray:
        """One, at every ``step``."""
        return np.ones(np.shape(step))
