"""Decay by a power of the step, which needs no horizon, with or without averaged weights."""

from dataclasses import dataclass

import numpy as np

from quadlaw.base.checks import real, require
from quadlaw.base.documents import written


@dataclass(frozen=True)
class InversePower:
    """``(1 + t)^-power`` at step ``t``, however long the run is.

    Parameters
    ----------
    power : float, default 0.5
        Of the decay; at 0 the step size is constant.
    averaging : float, default 0
        The fraction of the run, its end, over which weights are averaged; 1 is all of it.

    Raises
    ------
    ValueError
        Unless ``0 <= power < 1`` and ``0 <= averaging <= 1``.
    """

    power: float = 0.5
    averaging: float = 0.0
    kind = ("inverse-power", "inverse-power averaged")

    def __post_init__(self):
        power = real("power", self.power, above=-np.inf, reason="")
        require(0 <= power < 1, "power", power, "from 1 on, the sum of steps hardly grows")
        fraction = real("averaging", self.averaging, above=-np.inf, reason="")
        require(0 <= fraction <= 1, "averaging", fraction, "a fraction lies in [0, 1]")

    @property
    def name(self) -> str:
        """``inverse-power 0.5``, or ``inverse-power averaged 0.5 1``."""
        if self.averaging:
            return f"inverse-power averaged {written(self.power)} {written(self.averaging)}"
        return f"inverse-power {written(self.power)}"

    def adaptation_steps(self, samples: int) -> int:
        """0: it decays from the start."""
        return 0

    def factor(self, step: np.ndarray, samples: int) -> np.ndarray:
        """Factor on the step size at the 0-based ``step``."""
        return (1.0 + np.asarray(step)) ** -self.power
