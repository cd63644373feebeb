"""Inputs of other laws than the Gaussian; what kinks of a predictor cost on Gaussian ones."""

from collections.abc import Callable

import numpy as np
from numpy.polynomial import Chebyshev, Polynomial
from scipy.special import log_ndtr

from quadlaw.base.checks import require
from quadlaw.sgd.problem import Spectrum

# Laplace from a normal z: -log(2 ndtr(-|z|)) / sqrt(2) with the sign of z. As a polynomial of |z|,
# to some 1e-6, it takes a tenth of the time, and is the larger part of a run even so.
_LAPLACE = Chebyshev.interpolate(
    lambda z: -(np.log(2) + log_ndtr(-z)) / np.sqrt(2), 10, domain=[0, 7]
).convert(kind=Polynomial).coef.tolist()  # fmt: skip


def laplace(z: np.ndarray) -> np.ndarray:
    """Laplace numbers of variance 1 from standard normals."""
    size, result = np.abs(z), np.zeros_like(z)
    for coefficient in reversed(_LAPLACE):
        result *= size
        result += coefficient
    return np.copysign(result, z)


# Standard normals as standardized numbers of other laws, elementwise.
INPUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "gaussian": lambda z: z,
    "hypercube": np.sign,
    "laplace": laplace,
    # sinh(a z) has variance (q - 1) / 2 and kurtosis (q^2 + 2 q + 3) / 2 with q = exp(2 a^2): 3.
    "sinh": lambda z: np.sinh(np.sqrt(z.dtype.type(np.log(3) / 2)) * z),
}
# E z^4. Student's t of kurtosis 9 has no sixth moment, and takes six hundred times as long.
KURTOSIS = {"hypercube": 1.0, "gaussian": 3.0, "laplace": 6.0, "sinh": 9.0}


def polynomial(inputs: str) -> np.ndarray:
    """The size of an input by that of the normal that it is made of, up to 7: to some 1e-4.

    Coefficients in float32, highest first; none for Gaussian inputs, which need none.
    """
    if inputs == "gaussian":
        return np.empty(0, np.float32)
    fit = Chebyshev.interpolate(INPUTS[inputs], 12, domain=[0, 7])
    return fit.convert(kind=Polynomial).coef[::-1].astype(np.float32)


def transformed(x: np.ndarray, spectrum: Spectrum, inputs: str) -> np.ndarray:
    """Gaussian inputs ``x`` as inputs of another law with the same eigenvalues."""
    require(inputs in INPUTS, "inputs", inputs, f"must be one of {', '.join(INPUTS)}")
    scale = np.sqrt(spectrum.eigenvalues).astype(x.dtype)
    return x if inputs == "gaussian" else scale * INPUTS[inputs](x / scale).astype(x.dtype)


def kink_risk(kink: np.ndarray, eigenvalues: np.ndarray) -> np.ndarray:
    """``E (sum_i g_i |x_i|)^2`` of Gaussian inputs for weights ``g``, shape (L, M): shape (L,).

    ``(1 - 2/pi) sum_i lambda_i g_i^2 + (2/pi) (sum_i sqrt(lambda_i) g_i)^2``, as
    ``E |x_i| = sqrt(2 lambda_i / pi)``. By symmetry, ``|x|`` and ``x`` are uncorrelated, so that
    this adds to the risk of the linear part.
    """
    mean = kink @ np.sqrt(eigenvalues)
    return (1 - 2 / np.pi) * (kink**2 @ eigenvalues) + 2 / np.pi * mean**2
