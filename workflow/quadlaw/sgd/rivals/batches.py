"""SGD with batches: steps along the mean gradient of ``B`` samples, many lanes on one stream."""

import numba
import numpy as np
import pandas as pd

from quadlaw.base.layout import whole
from quadlaw.sgd.problem import Spectrum
from quadlaw.sgd.schedules import Schedule
from quadlaw.sgd.streams import chunks

FAST = {"cache": True, "fastmath": {"reassoc", "contract", "nsz"}, "error_model": "numpy"}
INLINED = FAST | {"forceinline": True}  # so that sums are in one order, cached or just compiled


@numba.njit(**INLINED)
def _gather(x, t, y, v, g, quadratic):
    """Add ``r x`` of sample ``t`` to the gradient ``g``."""
    r = -y
    if quadratic:
        for i in range(len(v)):
            r += x[t, i] * v[i] * v[i]
    else:
        for i in range(len(v)):
            r += x[t, i] * v[i]
    for i in range(len(v)):
        g[i] += r * x[t, i]


@numba.njit(**INLINED)
def _move(v, g, rate, quadratic):
    """One step along what was gathered, which begins anew."""
    if quadratic:
        for i in range(len(v)):
            v[i] -= rate * g[i] * v[i]
    else:
        for i in range(len(v)):
            v[i] -= rate * g[i]
    g[:] = 0


@numba.njit(**FAST)
def _take(x, y, start, p, gradients, quadratic, batches, firsts, lasts, rates):
    """Train the lanes on the samples of a chunk, in place.

    ``p`` and ``gradients``, shape (L, M), are parameters and what the batch has gathered. Lane
    ``l`` takes the steps ``rates[firsts[l] : lasts[l]]``, each over its ``batches[l]``.
    """
    for lane in range(len(p)):
        batch, v, g = batches[lane], p[lane], gradients[lane]
        end = min(len(x), (lasts[lane] - firsts[lane]) * batch - start)
        step, gathered = firsts[lane] + start // batch, start % batch
        for t in range(end):
            _gather(x, t, y[t], v, g, quadratic[lane])
            gathered += 1
            if gathered == batch:
                _move(v, g, rates[step], quadratic[lane])
                step, gathered = step + 1, 0


def train_batches(
    spectrum: Spectrum,
    lanes: pd.DataFrame,
    samples: int,
    replicate: int,
    *,
    seed: int,
    schedule: Schedule,
    dtype: str = "float32",
) -> np.ndarray:
    """Excess risks at the end, shape (L,), of lanes that share the stream of ``samples``.

    Parameters
    ----------
    lanes : DataFrame
        ``model`` (linear or quadratic), ``batch``, ``used``, ``step_size, init``. A lane takes
        ``used // batch`` steps of its schedule; ``used`` may be more than ``samples``, which is
        the name of the stream.
    """
    counts = (lanes["used"] // lanes["batch"]).to_numpy()
    lasts = np.cumsum(counts)
    each = zip(lanes["step_size"] / lanes["batch"], counts, strict=True)
    rates = [rate * schedule.factor(np.arange(steps), steps) for rate, steps in each]
    rates = np.concatenate(rates).astype(dtype)
    quadratic = (lanes["model"] == "quadratic").to_numpy()
    init = lanes["init"].to_numpy()
    start = np.where(quadratic, init, init**2).astype(dtype)
    p = np.zeros((len(lanes), whole(spectrum.size)), dtype)
    p[:, : spectrum.size] = start[:, None]
    how = quadratic, lanes["batch"].to_numpy(), lasts - counts, lasts, rates
    gradients = np.zeros_like(p)
    stops = [int(lanes["used"].max())]
    for first, x, y in chunks(spectrum, samples, replicate, seed, stops, dtype):
        _take(x, y, first, p, gradients, *how)
    p = p[:, : spectrum.size].astype(float)
    return spectrum.excess_risk(np.where(quadratic[:, None], p**2, p))
