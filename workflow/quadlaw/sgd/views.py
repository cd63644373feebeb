"""What a model sees of the samples, and how its weights are read back.

A view makes ``z = s A x'`` of a sample ``x``: ``x'`` may have another law, ``A`` is a matrix in
diagonal blocks, ``s`` scales the features. The label may be that of a target of other signs, or
come without what frozen weights say of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from quadlaw.base.checks import require
from quadlaw.base.layout import rows
from quadlaw.sgd.bases import EIGENBASIS, basis, blockwise
from quadlaw.sgd.inputs import transformed
from quadlaw.sgd.problem import Spectrum

# What a lane sees if it has no column that says so.
USUAL = {"signs": "positive", "inputs": "gaussian", "basis": EIGENBASIS, "start": "uniform"}
SIGNS = ("positive", "alternating")


def with_signs(spectrum: Spectrum, signs: str) -> Spectrum:
    """The problem with a target of alternating signs for ``signs = "alternating"``."""
    require(signs in SIGNS, "signs", signs, f"must be one of {', '.join(SIGNS)}")
    if signs == "positive":
        return spectrum
    return replace(spectrum, target=spectrum.target * (-1.0) ** np.arange(spectrum.size))


@dataclass(frozen=True, eq=False)
class View:
    """What models see of the samples of a stream.

    Attributes
    ----------
    spectrum : Spectrum
        The problem as listed in the stream, with the view's own target.
    inputs : str
        The law of the inputs, a key of :data:`quadlaw.sgd.inputs.INPUTS`.
    matrix : ndarray, shape (blocks, k, c), or None
        The diagonal blocks of ``A``; None: the first coordinates.
    scale : ndarray or None
        ``s``, shape (M,), not negative.
    frozen : ndarray or None
        Weights, shape (N,), of coordinates that are not trained, which have scale 0, in the
        eigenbasis; zero where others are. ``scale`` then has this shape, too.
    foreign : ndarray or None
        The target of the stream's labels, where those of this target and these inputs are others.
    """

    spectrum: Spectrum
    inputs: str = "gaussian"
    matrix: np.ndarray | None = None
    scale: np.ndarray | None = None
    frozen: np.ndarray | None = None
    foreign: np.ndarray | None = None

    @property
    def plain(self) -> bool:
        """Whether ``z`` is the beginning of ``x`` itself."""
        return self.inputs == "gaussian" and self.matrix is None and self.scale is None

    def see(self, x: np.ndarray, y: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
        """``z``, shape (n, size), and labels of the samples ``x, y`` of a stream."""
        ours = transformed(x, self.spectrum, self.inputs)
        if self.foreign is not None:
            noise = y - x @ self.foreign.astype(x.dtype)
            y = (ours @ self.spectrum.target.astype(x.dtype) + noise).astype(x.dtype)
        if self.frozen is not None:
            y = y - x @ self.frozen.astype(x.dtype)
        z = blockwise(ours, self.matrix, size)
        return (z if self.scale is None else z * self.scale[:size].astype(z.dtype)), y

    def weights(self, w: np.ndarray) -> np.ndarray:
        """Weights of ``z``, shape (L, M), as weights of ``x``, of all that models see of it."""
        if self.scale is not None:
            w = w * self.scale[: w.shape[1]]
        if self.frozen is not None:
            w = np.pad(w, ((0, 0), (0, len(self.frozen) - w.shape[1])))
            return np.where(self.scale > 0, w, self.frozen)
        if self.matrix is None:
            return w
        return blockwise(w, self.matrix.swapaxes(1, 2), w.shape[1])

    def reach(self, sizes: np.ndarray) -> np.ndarray:
        """How many coordinates of ``x`` models of these sizes see."""
        if self.frozen is not None:
            return np.full_like(sizes, len(self.frozen))
        if self.matrix is None:
            return sizes
        return np.full_like(sizes, self.matrix.shape[0] * self.matrix.shape[2])


def view_of(spectrum: Spectrum, lane: dict, dtype: str) -> View:
    """The view of a lane, which has the columns of ``USUAL``."""
    matrix = basis(lane["basis"], lane["model_size"], spectrum.size)
    matrix = None if matrix is None else matrix.astype(dtype)  # what trains is what is measured
    ours, inputs = with_signs(spectrum, lane["signs"]), lane["inputs"]
    other = inputs != "gaussian" or ours is not spectrum
    return View(ours, inputs, matrix, foreign=spectrum.target if other else None)


def laid_out(parts: Sequence[np.ndarray], room: np.ndarray | None = None) -> np.ndarray:
    """Arrays of shape (n, M) as rows of :mod:`quadlaw.base.layout`, a coordinate's parts in a row.

    In ``room``, an earlier result, if that has as many rows: new memory costs more than what is
    written there.
    """
    (count, size), number = parts[0].shape, len(parts)
    if room is None or len(room) < count:
        room = rows(count, number * size, parts[0].dtype.name)
    room = room[:count]
    for k, part in enumerate(parts):
        room[:, k : number * size : number] = part
    return room
