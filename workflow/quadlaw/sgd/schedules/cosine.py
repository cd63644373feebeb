"""Cosine decay from the start."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Cosine:
    """``(1 + cos(pi t/T)) / 2``, from 1 towards 0."""

    kind = name = "cosine"
    averaging = 0.0

    def adaptation_steps(self, samples: int) -> int:
        """0: it decays from the start."""
        return 0

    def factor(self, step: np.ndarray, samples: int) -> np.ndarray:
        """Factor on the step size at the 0-based ``step`` of a run of ``samples`` steps."""
        return (1 + np.cos(np.pi * np.asarray(step) / samples)) / 2
