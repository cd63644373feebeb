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
from functools import lru_cache

import numpy as np
from numpy.polynomial import Chebyshev, Polynomial
from scipy.special import log_ndtr

from quadlaw.base.checks import require
from quadlaw.models import MODELS, Model
from quadlaw.sgd.problem import Spectrum

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


def rotation(size: int, angle: float, block: int, draw: int = 0) -> np.ndarray:
    """Orthogonal matrices that turn neighbouring blocks of coordinates, shape (blocks, k, k).

    Each is ``cos(angle) + sin(angle) J`` with a random ``J`` of ``J J = -1``: all directions of a
    block are turned by just ``angle``, each within a random plane. A smaller model's blocks are
    the first of a larger one's. ``block`` is even and divides ``size``; 0 stands for ``size``.

    Raises
    ------
    ValueError
        For other blocks.
    """
    block = block or size
    reason = f"must be even and divide the model size, {size}, or 0"
    require(block > 0 and block % 2 == 0 == size % block, "block", block, reason)
    return np.cos(angle) * np.eye(block) + np.sin(angle) * _quarter_turns(size, block, draw)


@lru_cache(maxsize=4)
def _quarter_turns(size: int, block: int, draw: int) -> np.ndarray:
    """``J`` of every block: random orthogonal planes, in each of which it turns by pi / 2."""
    numbers = np.random.default_rng([draw, block]).standard_normal((size // block, block, block))
    axes, _ = np.linalg.qr(numbers)
    turned = axes[..., 1::2] @ axes[..., ::2].swapaxes(1, 2)
    return turned - turned.swapaxes(1, 2)


def sketch(size: int, inputs: int, draw: int = 0) -> np.ndarray:
    """A Gaussian sketch of variance 1 / size, shape (1, size, inputs), as of Lin et al. 2024."""
    draws = np.random.default_rng([draw, inputs])  # a smaller sketch is a larger one's first rows
    return draws.standard_normal((1, size, inputs)) / size**0.5


def basis(name: str, size: int, inputs: int) -> np.ndarray | None:
    """The diagonal blocks of ``A`` in ``z = A x``, for a model of ``size`` on ``inputs``.

    ``name``: ``eigenbasis`` (None: the first ``size``), ``rotated ANGLE BLOCK DRAW`` or ``sketch
    DRAW``, where ``DRAW`` numbers random matrices.

    Raises
    ------
    ValueError
        If no basis has that name.
    """
    kind, *numbers = name.split()
    if kind == "eigenbasis" and not numbers:
        return None
    if kind == "rotated" and len(numbers) == 3:
        return rotation(size, float(numbers[0]), int(numbers[1]), int(numbers[2]))
    known = kind == "sketch" and len(numbers) == 1
    require(known, "basis", name, "must be eigenbasis, rotated ANGLE BLOCK DRAW or sketch DRAW")
    return sketch(size, inputs, int(numbers[0]))


def blockwise(rows: np.ndarray, blocks: np.ndarray | None, size: int) -> np.ndarray:
    """``A r`` of each row ``r``, with the diagonal blocks of ``A``; else the first ``size``."""
    if blocks is None:
        return rows[:, :size]
    number, _, columns = blocks.shape
    parts = rows[:, : number * columns].reshape(len(rows), number, columns).swapaxes(0, 1)
    return (parts @ blocks.swapaxes(1, 2)).swapaxes(0, 1).reshape(len(rows), -1)


STARTS = ("uniform", "target")


def start_weights(start: str, target: np.ndarray, init: float) -> np.ndarray:
    """``w_0``: ``init^2`` everywhere for ``uniform``, ``init^2 |w*_i|`` for ``target``.

    The second is nobody's to choose, as the target is what is to be learned. It is the start from
    which coordinates learn at the rate of the model linearized at the target.
    """
    require(start in STARTS, "start", start, f"must be one of {', '.join(STARTS)}")
    return init**2 * (np.abs(target) if start == "target" else np.ones_like(target))


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
