"""Step-size schedules: the factor by which step ``t`` of ``T`` scales the step size.

A schedule has a ``name``, ``factor(step, samples)``, never rising, ``adaptation_steps(samples)``
(its constant part, 0 if none) and ``averaging``, the fraction of the run, its end, over which the
weights are averaged (0 for the last iterate). :func:`named` makes one from its name.
"""

from dataclasses import dataclass

import numpy as np

from quadlaw.base.checks import count, real, require


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
    averaging = 0.0

    @property
    def name(self) -> str:
        """``two-phase 0.5``, with the stage length behind it if one was given."""
        length = "" if self.stage_length is None else f" {self.stage_length}"
        return f"two-phase {self.adaptation:g}{length}"

    def __post_init__(self):
        fraction = real("adaptation", self.adaptation, above=-np.inf, reason="")
        require(0 <= fraction <= 1, "adaptation", fraction, "a fraction lies in [0, 1]")
        if self.stage_length is not None:
            count("stage_length", self.stage_length)

    def adaptation_steps(self, samples: int) -> int:
        """``T1``, the number of steps before the first halving is counted from."""
        return int(self.adaptation * samples)

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


@dataclass(frozen=True)
class Polynomial:
    """``(1 - t/T)^power``, from 1 towards 0: linear decay at power 1."""

    power: float = 1.0
    averaging = 0.0

    def __post_init__(self):
        real("power", self.power, above=0, reason="a step size that decays has a power above 0")

    @property
    def name(self) -> str:
        """``polynomial 1``."""
        return f"polynomial {self.power:g}"

    def adaptation_steps(self, samples: int) -> int:
        """0: it decays from the start."""
        return 0

    def factor(self, step: np.ndarray, samples: int) -> np.ndarray:
        """Factor on the step size at the 0-based ``step`` of a run of ``samples`` steps."""
        return (1 - np.asarray(step) / samples) ** self.power


@dataclass(frozen=True)
class Cosine:
    """``(1 + cos(pi t/T)) / 2``, from 1 towards 0."""

    name = "cosine"
    averaging = 0.0

    def adaptation_steps(self, samples: int) -> int:
        """0: it decays from the start."""
        return 0

    def factor(self, step: np.ndarray, samples: int) -> np.ndarray:
        """Factor on the step size at the 0-based ``step`` of a run of ``samples`` steps."""
        return (1 + np.cos(np.pi * np.asarray(step) / samples)) / 2


@dataclass(frozen=True)
class Constant:
    """No decay; with ``averaging``, the mean of the weights over that last fraction is returned."""

    averaging: float = 0.0

    def __post_init__(self):
        fraction = real("averaging", self.averaging, above=-np.inf, reason="")
        require(0 <= fraction <= 1, "averaging", fraction, "a fraction lies in [0, 1]")

    @property
    def name(self) -> str:
        """``constant``, or ``constant averaged 0.5``."""
        return f"constant averaged {self.averaging:g}" if self.averaging else "constant"

    def adaptation_steps(self, samples: int) -> int:
        """All of them."""
        return samples

    def factor(self, step: np.ndarray, samples: int) -> np.ndarray:
        """One, at every ``step``."""
        return np.ones(np.shape(step))


Schedule = TwoPhase | Polynomial | Cosine | Constant
KINDS = {
    "two-phase": TwoPhase,
    "polynomial": Polynomial,
    "cosine": Cosine,
    "constant": Constant,
    "constant averaged": Constant,
}


def named(name: str) -> Schedule:
    """The schedule of a ``name``: a key of ``KINDS``, then its numbers, as in ``two-phase 0.1``.

    Raises
    ------
    ValueError
        If no schedule has that name, or not with these numbers.
    """
    words = str(name).split()
    text = [word for word in words if word[0].isalpha()]
    kind, numbers = " ".join(text), words[len(text) :]
    require(kind in KINDS, "schedule", name, f"must begin with one of {', '.join(KINDS)}")
    try:
        values = [int(word) if word.isdigit() else float(word) for word in numbers]
        schedule = KINDS[kind](*values)
    except (TypeError, ValueError) as fault:
        raise ValueError(f"schedule = {name!r}: {fault}") from None
    return schedule
