"""Constant, then a power decay over the last part of the run."""

from dataclasses import dataclass

import numpy as np

from quadlaw.base.checks import real, require
from quadlaw.base.documents import written

ROUNDING = 2 * np.finfo(float).eps  # of a product: .07 * 100 is 7.000000000000001


@dataclass(frozen=True)
class StableDecay:
    """``min(1, (1 - t/T) / fraction)^power``: constant but for the last ``fraction`` of the run.

    Parameters
    ----------
    fraction : float, default 0.1
        Of the run, the part that decays. At 1 this is polynomial decay.
    power : float, default 1
        Of the decay: linear at 1.

    Raises
    ------
    ValueError
        Unless ``0 < fraction <= 1`` and ``power`` is positive.
    """

    fraction: float = 0.1
    power: float = 1.0
    kind = "stable-decay"
    averaging = 0.0

    def __post_init__(self):
        reason = "the part of a run that decays lies in (0, 1]"
        require(real("fraction", self.fraction, above=0, reason=reason) <= 1, "fraction",
                self.fraction, reason)  # fmt: skip
        real("power", self.power, above=0, reason="a step size that decays has a power above 0")

    @property
    def name(self) -> str:
        """``stable-decay 0.1 1``."""
        return f"stable-decay {written(self.fraction)} {written(self.power)}"

    def adaptation_steps(self, samples: int) -> int:
        """The steps before the decay."""
        return samples - int(np.ceil(self.fraction * samples * (1 - ROUNDING)))

    def factor(self, step: np.ndarray, samples: int) -> np.ndarray:
        """Factor on the step size at the 0-based ``step`` of a run of ``samples`` steps."""
        return np.minimum(1, (1 - np.asarray(step) / samples) / self.fraction) ** self.power
