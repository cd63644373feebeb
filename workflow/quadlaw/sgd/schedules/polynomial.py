"""Polynomial decay from the start."""

from dataclasses import dataclass

import numpy as np

from quadlaw.base.checks import real
from quadlaw.base.documents import written


@dataclass(frozen=True)
class Polynomial:
    """``(1 - t/T)^power``, from 1 towards 0: linear decay at power 1."""

    power: float = 1.0
    kind = "polynomial"
    averaging = 0.0

    def __post_init__(self):
        real("power", self.power, above=0, reason="a step size that decays has a power above 0")

    @property
    def name(self) -> str:
        """``polynomial 1``."""
        return f"polynomial {written(self.power)}"

    def adaptation_steps(self, samples: int) -> int:
        """0: it decays from the start."""
        return 0

    def factor(self, step: np.ndarray, samples: int) -> np.ndarray:
        """Factor on the step size at the 0-based ``step`` of a run of ``samples`` steps."""
        return (1 - np.asarray(step) / samples) ** self.power
