"""The schedule of Ding et al. 2025: a constant step size, then halvings."""

from dataclasses import dataclass

import numpy as np

from quadlaw.base.checks import count, real, require
from quadlaw.base.documents import written

ROUNDING = 2 * np.finfo(float).eps  # of a product: .29 * 100 is 28.999999999999996


@dataclass(frozen=True)
class TwoPhase:
    """Constant for ``T1`` steps (adaptation), then halved every ``h`` steps (estimation).

    Parameters
    ----------
    adaptation : float, default 0.5
        Fraction of the samples spent at the constant step size: ``T1 = floor(adaptation * T)``.
    stage_length : int or None, default None
        Length ``h`` of a stage in steps; None takes ``ceil((T - T1) / log2(T - T1))``
        (the schedule of Ding et al. 2025, Algorithm 1, as in Lin et al. 2024).

    Raises
    ------
    ValueError
        Unless ``0 <= adaptation <= 1`` and ``stage_length`` is None or at least 1.
    """

    adaptation: float = 0.5
    stage_length: int | None = None
    kind = "two-phase"
    averaging = 0.0

    @property
    def name(self) -> str:
        """``two-phase 0.5``, with the stage length behind it if one was given."""
        length = "" if self.stage_length is None else f" {self.stage_length}"
        return f"two-phase {written(self.adaptation)}{length}"

    def __post_init__(self):
        fraction = real("adaptation", self.adaptation, above=-np.inf, reason="")
        require(0 <= fraction <= 1, "adaptation", fraction, "a fraction lies in [0, 1]")
        if self.stage_length is not None:
            count("stage_length", self.stage_length)

    def adaptation_steps(self, samples: int) -> int:
        """``T1``, the number of steps before the first halving is counted from."""
        return int(self.adaptation * samples * (1 + ROUNDING))

    def stage(self, samples: int) -> int:
        """``h``, the number of steps between two halvings."""
        if self.stage_length is not None:
            return self.stage_length
        rest = max(2, samples - self.adaptation_steps(samples))
        return int(np.ceil(rest / np.log2(rest)))

    def factor(self, step: np.ndarray, samples: int) -> np.ndarray:
        """Factor on the step size at the 0-based ``step`` of a run of ``samples`` steps."""
        beyond = np.asarray(step) - self.adaptation_steps(samples)
        return 0.5 ** np.maximum(0, beyond // self.stage(samples))
