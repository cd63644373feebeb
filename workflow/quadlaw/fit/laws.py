r"""Laws of the loss of a user's own runs, with exact gradients.

For model size :math:`M` and samples :math:`T`, each from one unit to another:

* *one term*, :math:`L = E + A x^{-a}`, of one of the two;
* *two terms*, :math:`L = E + A M^{-a} + B T^{-b}` (Hoffmann et al. 2022, arXiv 2203.15556,
  equation 2);
* *three terms*, the paper's: :math:`L = E + A M^{-a} + B T^{-b} + V D_M / T`.

The paper's excess risk (Ding et al. 2025, arXiv 2502.09106, main theorem; here
:func:`quadlaw.theory.rates.risk_form`) is :math:`M^{-(\beta-1)} + \sigma^2 D / T +
D^{-(\beta-1)} 1\{D < M\}` with :math:`D = \min(T^{1/s}, M)`, each term up to a constant. Hence
:math:`a = \beta - 1` and :math:`b = (\beta - 1) / s`; :math:`E` is the loss that no model avoids,
and :math:`V` is :math:`\sigma^2` up to a constant. The dimension needs no parameter of its own: it
is the size at which the first two terms are equal, :math:`D_T = (A / B)^{1/a} T^{b/a}`. The form
here is smooth, with :math:`D_M = 1 / (1/M + 1/D_T)` for the smaller of the two, and with no
indicator. Both change a term by at most a factor of two, which the theorem leaves open: for
:math:`D_T > M` the term left out is below the first. Without noise, ``V = 0``, it is the law of two
terms.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

LARGEST = 300.0  # logarithms on the way to a fit, so that nothing overflows
EXPONENTS = 0.01, 20.0  # beyond which a loss does not fall as a power, or at once


@dataclass(frozen=True)
class Form:
    """A law of the loss, in units in which the logarithms of all columns have mean zero.

    Attributes
    ----------
    names : tuple
        Of the parameters, in the user's units: ``A`` and ``B`` are ``exp`` of what is fitted.
    powers : int
        Of how many columns, beside the loss.
    formula : str
    value : callable
        From parameters, shape (K, P), and logarithms, shape (columns, n), to the law, shape (K, n),
        and its gradient, shape (K, P, n).
    """

    names: tuple[str, ...]
    powers: int
    formula: str
    value: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """The least and the largest parameters: a floor and a noise are not negative."""
        kinds = {"E": (0, np.inf), "V": (0, np.inf), "a": EXPONENTS, "b": EXPONENTS}
        low, high = zip(*(kinds.get(name, (-LARGEST, LARGEST)) for name in self.names), strict=True)
        return np.array(low, float), np.array(high, float)


def _power(scale: np.ndarray, exponent: np.ndarray, x: np.ndarray) -> np.ndarray:
    """``exp(scale - exponent x)`` of each law at each point."""
    return np.exp(np.clip(scale[:, None] - exponent[:, None] * x, -LARGEST, LARGEST))


def _one_term(theta: np.ndarray, logs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    term = _power(theta[:, 1], theta[:, 2], logs[0])
    return theta[:, :1] + term, np.stack([np.ones_like(term), term, -logs[0] * term], axis=1)


def _two_terms(theta: np.ndarray, logs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    first, of_first = _one_term(theta, logs)
    second = _power(theta[:, 3], theta[:, 4], logs[1])
    return first + second, np.concatenate(
        [of_first, second[:, None], (-logs[1] * second)[:, None]], axis=1
    )


def _three_terms(theta: np.ndarray, logs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    value, gradient = _two_terms(theta, logs)
    term, of_dimension, log_dimension = noise_term(theta, logs)
    noise = theta[:, 5, None]
    to_dimension = noise * of_dimension / theta[:, 2, None]
    inner = [1, -log_dimension, -1, logs[1]]  # of a log D, by the parameters but the floor
    for place, factor in enumerate(inner, start=1):
        gradient[:, place] += to_dimension * factor
    return value + noise * term, np.concatenate([gradient, term[:, None]], axis=1)


def noise_term(theta: np.ndarray, logs: np.ndarray) -> tuple[np.ndarray, ...]:
    """``D_M / T``, its derivative by ``log D_T``, and ``log D_T``, each of shape (K, n)."""
    _, p, a, q, b = theta[:, :5].T[:, :, None]
    log_dimension = np.clip((p - q + b * logs[1]) / a, -LARGEST, LARGEST)
    term = np.exp(-logs[1] - np.logaddexp(-logs[0], -log_dimension))
    return term, term / (1 + np.exp(log_dimension - logs[0])), log_dimension


_TWO = "L = E + A M^-a + B T^-b"
FORMS = {
    "one term": Form(("E", "A", "a"), 1, "L = E + A x^-a", _one_term),
    "two terms": Form(("E", "A", "a", "B", "b"), 2, _TWO, _two_terms),
    "three terms": Form(("E", "A", "a", "B", "b", "V"), 2, f"{_TWO} + V D/T", _three_terms),
}


def in_users_units(form: Form, theta: np.ndarray, centres: np.ndarray) -> pd.DataFrame:
    """Parameters of shape (K, P) as a table, ``A`` and ``B`` as their logarithms, ``log A``.

    ``centres`` are the mean logarithms of the columns and, last, of the loss.
    """
    table, loss = pd.DataFrame(theta, columns=list(form.names)), centres[-1]
    table["E"] *= np.exp(loss)
    for scale, exponent, centre in zip("AB", "ab", centres, strict=False):
        if scale in table and exponent in table:
            table[scale] += loss + table[exponent] * centre
    if "V" in table:
        table["V"] *= np.exp(loss + centres[1] - centres[0])
    return table.rename(columns={"A": "log A", "B": "log B"})


def compute_exponents(table: pd.DataFrame) -> pd.DataFrame:
    r"""What follows for the best split of a compute ``C ~ M T``, from the columns ``a`` and ``b``.

    Minimizing :math:`A M^{-a} + B T^{-b}` at a given ``C``: :math:`M \sim C^{b/(a+b)}`,
    :math:`T \sim C^{a/(a+b)}`, and the loss less ``E`` :math:`\sim C^{-ab/(a+b)}`. At this split
    the noise term is no larger than the others, up to a constant, wherever the theorem holds.
    """
    a, b = table["a"], table["b"]
    return pd.DataFrame(
        {"model size": b / (a + b), "samples": a / (a + b), "loss": -a * b / (a + b)}
    )
