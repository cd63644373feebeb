"""Random streams: fresh samples ``(x_t, y_t)``, a pure function of their key.

A stream is keyed by the seed, the problem, the number of samples ``T`` and the replicate. Runs that
differ in nothing else (models, step sizes, initial values, model sizes) share one stream, so that
they are compared in pairs; estimates at different problems or ``T`` are independent. A sample takes
``M + 2`` numbers from the stream, where ``M`` is the largest model size of the call.
"""

import hashlib
from collections.abc import Iterator

import numpy as np

from quadlaw.problem import Spectrum

CHUNK_BYTES = 1 << 20  # inputs held at once: about one core's second-level cache


def generator(spectrum: Spectrum, samples: int, replicate: int, seed: int) -> np.random.Generator:
    """The generator of one stream, spawned from ``SeedSequence(seed)`` by a hash of its key."""
    problem = [float(value).hex() for value in (spectrum.alpha, spectrum.beta, spectrum.sigma)]
    key = hashlib.sha256(repr((problem, int(samples), int(replicate))).encode()).digest()
    words = np.frombuffer(key, dtype="<u4").tolist()
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=words)))


def chunks(
    spectrum: Spectrum, samples: int, replicate: int, seed: int, stops: list[int], dtype: str
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Yield ``(start, x, y)`` with the samples of steps ``start, start + 1, ...`` in order.

    ``x`` has shape (n, M) and ``y`` shape (n,). No chunk crosses a step listed in ``stops`` (in
    rising order, the last one at most ``samples``), after which the stream ends. Normals are drawn
    in float32 whatever ``dtype`` is, so that both precisions see the same samples; neither the
    values nor their order depend on the chunks.
    """
    draw = generator(spectrum, samples, replicate, seed)
    rows = max(1, CHUNK_BYTES // (4 * (spectrum.size + 2)))
    scale = np.sqrt(spectrum.eigenvalues).astype(dtype)
    # y is the same for every model size: signal seen, signal beyond M, label noise.
    signal = np.sqrt(spectrum.eigenvalues) * spectrum.target
    weights = np.concatenate([[spectrum.sigma, np.sqrt(spectrum.tail[-1])], signal]).astype(dtype)
    start = 0
    for stop in stops:
        while start < stop:
            n = min(rows, stop - start)
            z = draw.standard_normal((n, spectrum.size + 2), dtype=np.float32).astype(
                dtype, copy=False
            )
            yield start, z[:, 2:] * scale, z @ weights
            start += n
