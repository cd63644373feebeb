"""The same training run, as five libraries would have it written.

The work: one-pass SGD on the quadratic model in float32, the two-phase schedule, lanes that differ
in their step sizes, inputs drawn on the way. Each function below takes a :class:`Work`, prepares
what is not to be timed (constants; the first call may compile) and returns ``run(seed)``, which
trains from scratch and returns the lanes' excess risks, shape (lanes,), in float64.

All but the plain loop show a sample to all lanes, and draw a block of samples at a time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module

import numpy as np

import quadlaw

PROBLEM = quadlaw.PowerLaw(alpha=2.5, beta=1.5, sigma=0.5)
STEP_SIZE, INIT = 0.05, 0.5
BLOCK = 1 << 16  # numbers drawn at once: 256 KiB, and no library here is faster with more

Run = Callable[[int], np.ndarray]


@dataclass(frozen=True)
class Work:
    """What is to be done: ``samples`` steps of ``lanes`` runs of model size ``size``."""

    size: int
    lanes: int
    samples: int
    step_size: float = STEP_SIZE  # the largest lane's; the smallest has half of it

    @property
    def updates(self) -> int:
        """Coordinate-updates in all."""
        return self.size * self.lanes * self.samples

    @property
    def block(self) -> int:
        """Samples drawn at once: a power of two, so that it divides a longer power of two."""
        return min(self.samples, 1 << max(0, (BLOCK // self.size).bit_length() - 1))

    @property
    def step_sizes(self) -> np.ndarray:
        return self.step_size * np.linspace(0.5, 1, self.lanes)

    @cached_property
    def rates(self) -> np.ndarray:
        """Each lane's step size at each step, float32, shape (samples, lanes)."""
        factor = quadlaw.TwoPhase().factor(np.arange(self.samples), self.samples)
        return np.outer(factor, self.step_sizes).astype(np.float32)

    @cached_property
    def scale(self) -> np.ndarray:
        """Standard deviations of the inputs, float32, shape (size,)."""
        return np.sqrt(PROBLEM.eigenvalues(self.size)).astype(np.float32)

    @cached_property
    def target(self) -> np.ndarray:
        return PROBLEM.target(self.size).astype(np.float32)

    @cached_property
    def noise(self) -> np.float32:
        """Standard deviation of what no model of this size can see: the tail and label noise."""
        return np.float32(np.sqrt(PROBLEM.tail(self.size) + PROBLEM.sigma**2))

    def risk(self, v: np.ndarray) -> np.ndarray:
        """Excess risk of ``v``, shape (lanes, size), in float64."""
        error = v.astype(float) ** 2 - PROBLEM.target(self.size)
        return error**2 @ PROBLEM.eigenvalues(self.size) + PROBLEM.tail(self.size)


def numpy_loop(work: Work) -> Run:
    """One run after another, as a reader of the paper would write it."""

    def single(rates: np.ndarray, draw: np.random.Generator) -> np.ndarray:
        v = np.full(work.size, INIT, dtype=np.float32)
        for rate in rates:
            x = work.scale * draw.standard_normal(work.size, dtype=np.float32)
            residual = x @ (v * v - work.target) - work.noise * draw.standard_normal()
            v -= np.float32(rate * residual) * x * v
        return v

    def run(seed: int) -> np.ndarray:
        draw = np.random.default_rng(seed)
        return work.risk(np.stack([single(rates, draw) for rates in work.rates.T]))

    return run


def numpy_batched(work: Work) -> Run:
    """All lanes as one array of shape (lanes, size), without temporary arrays of that shape."""
    signal = work.scale * work.target

    def run(seed: int) -> np.ndarray:
        draw = np.random.default_rng(seed)
        v = np.full((work.lanes, work.size), INIT, dtype=np.float32)
        change = np.empty_like(v)
        for start in range(0, work.samples, work.block):
            z = draw.standard_normal((work.block, work.size), dtype=np.float32)
            y = z @ signal + work.noise * draw.standard_normal(work.block, dtype=np.float32)
            z *= work.scale
            for x, label, rate in zip(z, y, work.rates[start : start + work.block], strict=True):
                np.multiply(v, v, out=change)
                g = rate * (change @ x - label)
                np.multiply(g[:, None], x, out=change)
                change *= v
                v -= change
        return work.risk(v)

    return run


def torch_eager(work: Work) -> Run:
    """PyTorch without compilation, in place wherever it can be, on one thread."""
    import torch

    torch.set_num_threads(1)
    scale, target = torch.from_numpy(work.scale), torch.from_numpy(work.target)
    rates, noise = torch.from_numpy(work.rates), float(work.noise)
    signal = scale * target

    @torch.no_grad()
    def run(seed: int) -> np.ndarray:
        draw = torch.Generator().manual_seed(seed)
        v = torch.full((work.lanes, work.size), INIT)
        change = torch.empty_like(v)
        for some in rates.split(work.block):
            z = torch.randn(work.block, work.size, generator=draw)
            y = z @ signal + noise * torch.randn(work.block, generator=draw)
            z *= scale
            for x, label, rate in zip(z.unbind(), y.unbind(), some.unbind(), strict=True):
                torch.mul(v, v, out=change)
                g = rate * (change @ x - label)
                torch.outer(g, x, out=change)
                v.addcmul_(change, v, value=-1)
        return work.risk(v.numpy())

    return run


def jax_scan(work: Work) -> Run:
    """JAX: one compiled function, which scans over blocks and within them over samples.

    Drawing a block at a time is four times as fast as a sample at a time, many lanes given, and
    ``vmap`` as fast as arrays of lanes by hand, in either layout. ``unroll`` gains nothing.
    """
    import jax
    from jax import lax, random

    signal, noise = work.scale * work.target, work.noise
    n, blocks = work.block, work.samples // work.block

    def step(v, x, y, rate):
        return v - rate * (x @ (v * v) - y) * x * v

    def sample(v, inputs):
        return jax.vmap(step, in_axes=(0, None, None, 0))(v, *inputs), None

    def block(v, inputs):
        key, rates = inputs
        one, other = random.split(key)
        z = random.normal(one, (n, work.size), "float32")
        y = z @ signal + noise * random.normal(other, (n,), "float32")
        return lax.scan(sample, v, (z * work.scale, y, rates))

    @jax.jit
    def train(key, rates):
        v = jax.numpy.full((work.lanes, work.size), INIT, "float32")
        return lax.scan(block, v, (random.split(key, blocks), rates))[0]

    rates = jax.numpy.asarray(work.rates.reshape(blocks, n, work.lanes))
    return lambda seed: work.risk(np.asarray(train(random.key(seed), rates)))


def simulate(work: Work) -> Run:
    """This project, through its public function."""
    settings = {"model_size": work.size, "samples": work.samples, "init": INIT}
    settings |= {"step_size": work.step_sizes, "replicates": 1}

    def run(seed: int) -> np.ndarray:
        return quadlaw.simulate(PROBLEM, **settings, seed=seed)["excess_risk"].to_numpy()

    return run


QUADLAW = "quadlaw"
# name: function, and the module that it needs beyond the project's own
ALL = {
    "NumPy loop": (numpy_loop, None),
    "NumPy batched": (numpy_batched, None),
    "PyTorch": (torch_eager, "torch"),
    "JAX": (jax_scan, "jax"),
    QUADLAW: (simulate, None),
}


def available() -> tuple[dict[str, Callable[[Work], Run]], dict[str, str]]:
    """The implementations whose libraries can be imported; why not, for the others."""
    found, missing = {}, {}
    for name, (function, module) in ALL.items():
        try:
            if module:
                import_module(module)
            found[name] = function
        except (ImportError, OSError) as error:  # OSError: a shared library of it is missing
            missing[name] = str(error).splitlines()[0]
    return found, missing
