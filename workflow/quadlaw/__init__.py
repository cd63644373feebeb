"""Scaling laws of one-pass SGD in quadratically parameterized linear regression."""

from quadlaw import theory
from quadlaw.data.own_data import estimate_exponents
from quadlaw.sgd.problem import PowerLaw, Spectrum
from quadlaw.sgd.run import simulate, trajectory
from quadlaw.sgd.schedules.two_phase import TwoPhase
from quadlaw.theory.planning import plan

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
