"""Predictions without simulation."""

from quadlaw.theory import rates
from quadlaw.theory.linear import linear_risk
from quadlaw.theory.mean_field import MeanField, mean_field, mean_field_risk
from quadlaw.theory.stability import stability_edge
from quadlaw.theory.stationary import extinction_threshold, stationary_law
from quadlaw.theory.tuning import predicted_risk, tuned_step

__all__ = [
    "MeanField",
    "extinction_threshold",
    "linear_risk",
    "mean_field",
    "mean_field_risk",
    "predicted_risk",
    "rates",
    "stability_edge",
    "stationary_law",
    "tuned_step",
]
