"""Random streams: fresh samples ``(x_t, y_t)``, a pure function of their key.

A stream is keyed by the seed, the problem, the number of samples ``T`` and the replicate. Runs that
differ in nothing else (models, step sizes, initial values, model sizes) share one stream, so that
they are compared in pairs; estimates at different problems or ``T`` are independent. Coordinate
``i`` of sample ``t`` is the same number whatever the model size and the chunks, and so is the label
noise. What lies beyond the spectrum's size enters the label as one Gaussian: labels are the same
only for spectra of the same size.
"""

import hashlib
from collections.abc import Iterator

import numpy as np

from quadlaw.base.checks import require
from quadlaw.base.layout import rows
from quadlaw.base.normals import BLOCK, fill
from quadlaw.sgd.problem import Spectrum

CHUNK_BYTES = 1 << 19  # inputs held at once: half of one core's second-level cache
LABEL_NOISE, TAIL = 2**32 - 2, 2**32 - 1  # rows, beyond those of any samples


def stream_key(spectrum: Spectrum, samples: int, replicate: int, seed: int) -> np.ndarray:
    """Four uint32 words, a hash of all that distinguishes the stream."""
    problem = [float(value).hex() for value in (spectrum.alpha, spectrum.beta, spectrum.sigma)]
    text = repr((int(seed), problem, int(samples), int(replicate)))
    return np.frombuffer(hashlib.sha256(text.encode()).digest()[:16], dtype="<u4")


def _along(key: np.ndarray, row: int, start: int, count: int, scale: float) -> np.ndarray:
    """Normals times ``scale`` of one row, from column ``start`` on, shape (count,)."""
    column = start - start % BLOCK
    out = np.empty((1, start - column + count))
    fill(out, np.full(out.shape[1], scale), key, row, column)
    return out[0, start - column :]


def chunks(
    spectrum: Spectrum, samples: int, replicate: int, seed: int, stops: list[int], dtype: str
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Yield ``(start, x, y)`` with the samples of steps ``start, start + 1, ...`` in order.

    ``y`` has shape (n,) and ``x`` at least ``M`` columns, where ``M`` is the spectrum's size: those
    beyond are zero, as of :func:`quadlaw.base.layout.rows`. No chunk crosses a step listed in
    ``stops`` (in rising order, the last one at most ``samples``), after which the stream ends. The
    next chunk overwrites ``x``. The normals are float32 whatever ``dtype`` is, so that both
    precisions see the same samples.
    """
    require(samples < LABEL_NOISE, "samples", samples, f"must be less than {LABEL_NOISE}")
    key = stream_key(spectrum, samples, replicate, seed)
    count = min(stops[-1], max(1, CHUNK_BYTES // (4 * spectrum.size)))
    scale = np.sqrt(spectrum.eigenvalues).astype(dtype)
    with np.errstate(over="ignore"):
        target = spectrum.target.astype(dtype)
    overflows = f"the target of coordinate {spectrum.size} is beyond it"
    require(np.isfinite(target).all(), "dtype", dtype, overflows)
    room, start = rows(count, spectrum.size, dtype), 0
    for stop in stops:
        while start < stop:
            n = min(count, stop - start)
            x = room[:n]
            fill(x, scale, key, start, 0)
            beyond = _along(key, TAIL, start, n, np.sqrt(spectrum.tail[-1]))
            noise = spectrum.sigma * spectrum.noise(_along(key, LABEL_NOISE, start, n, 1.0))
            yield start, x, (x[:, : spectrum.size] @ target + beyond + noise).astype(dtype)
            start += n
