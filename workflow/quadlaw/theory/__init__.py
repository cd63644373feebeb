"""Predictions without simulation."""

from quadlaw.theory import rates
from quadlaw.theory.linear import linear_risk, stability_edge
from quadlaw.theory.stationary import extinction_threshold, stationary_law

__all__ = ["extinction_threshold", "linear_risk", "rates", "stability_edge", "stationary_law"]
