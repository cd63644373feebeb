"""From where coordinates start."""

import numpy as np

from quadlaw.base.checks import require

STARTS = ("uniform", "target")


def start_values(start: str, target: np.ndarray, init: float) -> np.ndarray:
    """``v_0``: ``init`` everywhere for ``uniform``, ``init sqrt(|w*_i|)`` for ``target``.

    The second is nobody's to choose, as the target is what is to be learned. It is the start from
    which coordinates learn at the rate of the model linearized at the target.
    """
    require(start in STARTS, "start", start, f"must be one of {', '.join(STARTS)}")
    size = np.sqrt(np.abs(target)) if start == "target" else np.ones_like(target)
    return init * size


def start_weights(start: str, target: np.ndarray, init: float) -> np.ndarray:
    """``w_0 = v_0^2``: ``init^2`` everywhere, or ``init^2 |w*_i|``."""
    require(start in STARTS, "start", start, f"must be one of {', '.join(STARTS)}")
    return init**2 * (np.abs(target) if start == "target" else np.ones_like(target))
