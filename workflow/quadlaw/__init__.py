"""Scaling laws of one-pass SGD in quadratically parameterized linear regression.

Names are imported when they are first used, as few who use one need what the others import.
"""

from importlib import import_module

from quadlaw.base.caches import ensure_cache

HOMES = {
    "PowerLaw": "sgd.problem",
    "Spectrum": "sgd.problem",
    "TwoPhase": "sgd.schedules.two_phase",
    "estimate_exponents": "data.own_data",
    "fit_law": "fit.law_fit",
    "plan": "theory.planning",
    "simulate": "sgd.run",
    "trajectory": "sgd.run",
}
__all__ = [*HOMES, "theory"]

ensure_cache()  # before the first kernel is declared


def __getattr__(name: str) -> object:
    if name == "theory":
        return import_module("quadlaw.theory")
    if name not in HOMES:
        raise AttributeError(f"module 'quadlaw' has no attribute {name!r}")
    return getattr(import_module(f"quadlaw.{HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
