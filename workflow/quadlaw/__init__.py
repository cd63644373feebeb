"""Scaling laws of one-pass SGD in quadratically parameterized linear regression."""

from quadlaw import theory
from quadlaw.own_data import estimate_exponents
from quadlaw.planning import plan
from quadlaw.problem import PowerLaw, Spectrum
from quadlaw.schedules import TwoPhase
from quadlaw.sgd import simulate, trajectory

__all__ = [
    "PowerLaw",
    "Spectrum",
    "TwoPhase",
    "estimate_exponents",
    "plan",
    "simulate",
    "theory",
    "trajectory",
]
