"""Predictions without simulation."""

from quadlaw.theory import rates

__all__ = ["rates"]
