"""What learners make of inputs: other distributions, other bases, signs and halves.

A learner trains the linear or a diagonal model of :mod:`quadlaw.models` on features of what it
sees, ``z = A x``. Three parameterizations are the quadratic model on twice as many features:

* ``signed``, ``w = v+^2 - v-^2``: features ``z`` and ``-z``;
* ``two-layer``, ``w = u v``: the same. With ``v+- = (u +- v) / 2``, ``u v = v+^2 - v-^2``, and SGD
  on ``u`` and ``v`` is SGD on ``v+`` and ``v-``, step by step. They differ in their start alone;
* ``relu``, ``f = sum_i a_i relu(b_i z_i) - a'_i relu(-b'_i z_i)``: features ``max(z, 0)`` and
  ``min(z, 0)``, if ``a = b > 0`` and ``a' = b' > 0`` at the start, as SGD then keeps them equal.

Features of a coordinate are neighbours, so that a smaller model is the beginning of a larger one.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import Chebyshev, Polynomial
from scipy.special import log_ndtr

from quadlaw.checks import require
from quadlaw.models import MODELS, Model
from quadlaw.problem import Spectrum

# --- inputs ---------------------------------------------------------------------------------------

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


def transformed(x: np.ndarray, spectrum: Spectrum, inputs: str) -> np.ndarray:
    """Gaussian inputs ``x`` as inputs of another law with the same eigenvalues."""
    require(inputs in INPUTS, "inputs", inputs, f"must be one of {', '.join(INPUTS)}")
    scale = np.sqrt(spectrum.eigenvalues).astype(x.dtype)
    return x if inputs == "gaussian" else scale * INPUTS[inputs](x / scale).astype(x.dtype)


# --- bases ----------------------------------------------------------------------------------------


def rotation(size: int, angle: float, block: int, seed: int = 0) -> np.ndarray:
    """An orthogonal matrix that turns neighbouring blocks of coordinates, shape (size, size).

    Each block is turned by ``exp(angle G)`` with a random skew-symmetric ``G`` whose planes all
    turn by one: ``angle`` is by how much every direction of a block moves, from 0 to pi / 2.
    """
    draw, result = np.random.default_rng([seed, size, block]), np.eye(size)
    for first in range(0, size - 1, block):
        here = slice(first, min(first + block, size))
        k = here.stop - first
        basis, _ = np.linalg.qr(draw.standard_normal((k, k)))
        turn = np.eye(k)
        for a in range(0, k - 1, 2):
            turn[a : a + 2, a : a + 2] = [
                [np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)],
            ]  # fmt: skip
        result[here, here] = basis @ turn @ basis.T
    return result


def sketch(size: int, inputs: int, seed: int = 0) -> np.ndarray:
    """A Gaussian sketch of variance 1 / size, shape (size, inputs), as of Lin et al. 2024."""
    return np.random.default_rng([seed, size, inputs]).standard_normal((size, inputs)) / size**0.5


def basis(name: str, size: int, inputs: int) -> np.ndarray | None:
    """The matrix ``A`` of ``z = A x`` for a model of ``size`` that sees ``inputs`` coordinates.

    ``name``: ``eigenbasis`` (None: the first ``size``), ``rotated ANGLE BLOCK`` or ``sketch SEED``.

    Raises
    ------
    ValueError
        If no basis has that name.
    """
    kind, *numbers = name.split()
    if kind == "eigenbasis" and not numbers:
        return None
    if kind == "rotated" and len(numbers) == 2:
        turned = rotation(size, float(numbers[0]), min(size, int(numbers[1])))
        return np.pad(turned, ((0, 0), (0, inputs - size)))
    known = kind == "sketch" and len(numbers) == 1
    require(known, "basis", name, "must be eigenbasis, rotated ANGLE BLOCK or sketch SEED")
    return sketch(size, inputs, int(numbers[0]))


# --- learners -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Learner:
    """A model on features of what it sees.

    Attributes
    ----------
    model : Model
        What is trained.
    features : callable ``(z) -> list of arrays``
        The features of each coordinate, in order.
    start : callable ``(w_0) -> list of arrays``
        The parameters of these features, from the weights at the start.
    weights : callable ``(list of arrays) -> w``
        The linear weights, from the models' weights on each of the features.
    kink : callable or None
        For a predictor that is not linear: the weight of ``|z|`` beside that of ``z``.
    """

    model: Model
    features: Callable
    start: Callable
    weights: Callable
    kink: Callable | None = None


def _itself(z: np.ndarray) -> list[np.ndarray]:
    return [z]


def _both_signs(z: np.ndarray) -> list[np.ndarray]:
    return [z, -z]


def _plain(model: Model) -> Learner:
    def start(w):
        return [model.initial(np.sqrt(w))]

    return Learner(model, _itself, start, lambda w: w[0])


def _signed(start: Callable) -> Learner:
    return Learner(MODELS["quadratic"], _both_signs, start, lambda w: w[0] - w[1])


TWO_LAYER = 4.0  # u_0 / v_0
LEARNERS = {
    **{name: _plain(model) for name, model in MODELS.items()},
    "linear from zero": Learner(
        MODELS["linear"], _itself, lambda w: [np.zeros_like(w)], lambda w: w[0]
    ),
    # From f = 0, with v+ = v- = v_0.
    "signed": _signed(lambda w: [np.sqrt(w), np.sqrt(w)]),
    # u_0 v_0 = w_0.
    "two-layer": _signed(
        lambda w: [
            np.sqrt(w / TWO_LAYER) * (TWO_LAYER + sign) / 2 for sign in (1, -1)
        ]
    ),
    "relu": Learner(
        MODELS["quadratic"],
        lambda z: [np.maximum(z, 0), np.minimum(z, 0)],
        lambda w: [np.sqrt(w), np.sqrt(w)],
        lambda w: (w[0] + w[1]) / 2,
        lambda w: (w[0] - w[1]) / 2,
    ),
}  # fmt: skip


def learner(name: str) -> Learner:
    """The learner of a name.

    Raises
    ------
    ValueError
        If there is none.
    """
    require(name in LEARNERS, "model", name, f"must be one of {', '.join(LEARNERS)}")
    return LEARNERS[name]


def kink_risk(kink: np.ndarray, eigenvalues: np.ndarray) -> np.ndarray:
    """``E (sum_i g_i |x_i|)^2`` of Gaussian inputs for weights ``g``, shape (L, M): shape (L,).

    ``(1 - 2/pi) sum_i lambda_i g_i^2 + (2/pi) (sum_i sqrt(lambda_i) g_i)^2``, as
    ``E |x_i| = sqrt(2 lambda_i / pi)``. By symmetry, ``|x|`` and ``x`` are uncorrelated, so that
    this adds to the risk of the linear part.
    """
    mean = kink @ np.sqrt(eigenvalues)
    return (1 - 2 / np.pi) * (kink**2 @ eigenvalues) + 2 / np.pi * mean**2
