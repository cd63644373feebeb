"""Other bases than the covariance's: rotations and sketches, ``z = A x``."""

import re
from functools import lru_cache

import numpy as np

from quadlaw.base.checks import require

EIGENBASIS = "eigenbasis"
NAMED = re.compile(rf"{EIGENBASIS}|rotated (\d[\d.e+-]*) (\d+) (\d+)|sketch (\d+)")


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
    found = NAMED.fullmatch(name)
    require(found, "basis", name, "must be eigenbasis, rotated ANGLE BLOCK DRAW or sketch DRAW")
    angle, block, turned, sketched = found.groups()
    if angle:
        return rotation(size, float(angle), int(block), int(turned))
    return sketch(size, inputs, int(sketched)) if sketched else None


def blockwise(rows: np.ndarray, blocks: np.ndarray | None, size: int) -> np.ndarray:
    """``A r`` of each row ``r``, with the diagonal blocks of ``A``; else the first ``size``."""
    if blocks is None:
        return rows[:, :size]
    number, _, columns = blocks.shape
    parts = rows[:, : number * columns].reshape(len(rows), number, columns).swapaxes(0, 1)
    return (parts @ blocks.swapaxes(1, 2)).swapaxes(0, 1).reshape(len(rows), -1)
