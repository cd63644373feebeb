"""The work of simulating, counted from settings: time of one core and memory.

The constants were measured on one core of an AMD EPYC (AVX-512).
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from quadlaw.models import named
from quadlaw.models.leaps_loop import COLUMNS

# Seconds of one core.
DRAW, UPDATE = 1.1e-9, 7.5e-11  # an input, a coordinate of a lane trained on it
STEP, LANE_STEP = 6.0e-8, 4.0e-9  # a sample, and each lane's share in it
REPLICATE, LANE = 1.0e-3, 3.0e-4  # a stream, and each of its lanes
# A step of a run in leaps, one of its coordinates in all stages, the run. Leaps are long where
# steps are small: for alpha < beta these fall as T^-p, from about SMALL times the largest.
LEAP, LEAPT, LEAPER, SMALL = 0.85e-9, 2.0e-7, 2.6e-4, 7.0
POINT = 0.126  # kept in the store, with the hash of the code
# Bytes.
PROCESS, COORDINATE = 330e6, 40
TOGETHER = 3 * 4 * COLUMNS  # of a coordinate in leaps: parameters of two features, and normals


class Stream(NamedTuple):
    """Lanes on shared samples: ``T``, replicates, lanes, their largest and their summed size.

    Runs in leaps share none: ``leaps`` of them are made, 16 at a time, whatever the replicates, at
    a ``pace`` of 1 where step sizes are large.
    """

    samples: int
    replicates: int
    lanes: float
    largest: int
    total: float
    leaps: int = 0
    pace: float = 1.0

    def seconds(self) -> float:
        """Of one core, for all replicates."""
        sample = STEP + self.largest * DRAW + self.lanes * LANE_STEP + self.total * UPDATE
        once = REPLICATE + self.lanes * LANE
        steps = self.replicates * (once + self.samples * sample) if self.lanes else 0.0
        leap = LEAPER + self.largest * LEAPT + self.samples * self.pace * LEAP
        return POINT + steps + self.leaps * leap

    def memory(self) -> float:
        """Bytes of a process that trains the lanes."""
        leaps = TOGETHER * self.largest if self.leaps else 0
        return PROCESS + COORDINATE * (self.total + self.largest) + leaps


def even(samples: int, replicates: int, lanes: int, size: int) -> Stream:
    """Lanes of one model size."""
    return Stream(samples, replicates, lanes, size, lanes * size)


def stream_of(point: dict) -> Stream:
    """The work of a point, :func:`quadlaw.fit.designs.points`.

    A feature costs as much as a coordinate of a lane, and so does a product with a random matrix;
    of several matrices (``draw``) each replicate meets one.
    """
    first, stop = point["range"]
    lanes = [lane for lane in point["lanes"] if lane.get("method", "steps") == "steps"]
    blocks = -(-stop // COLUMNS) - first // COLUMNS
    leaps = (len(point["lanes"]) - len(lanes)) * COLUMNS * blocks
    number = 1 + max((lane.get("draw", 0) for lane in lanes), default=0)
    total = sum(lane["model_size"] * named(lane["model"]).width for lane in lanes)
    bases = {
        lane["basis"]: (lane["model_size"], lane.get("input_size", lane["model_size"]))
        for lane in lanes
        if "basis" in lane
    }
    total += sum(products(name, *sizes) for name, sizes in bases.items())
    largest = max(max(lane["model_size"], lane.get("input_size", 0)) for lane in point["lanes"])
    shared = len(lanes) / number, largest, total / number
    return Stream(point["samples"], stop - first, *shared, leaps, _pace(point) if leaps else 1.0)


def _pace(point: dict) -> float:
    """How fast runs in leaps go, of a power law."""
    if "alpha" not in point or point["alpha"] >= point["beta"]:
        return 1.0
    falls = (point["beta"] - point["alpha"]) / (2 * point["beta"])
    return min(1.0, SMALL * point["samples"] ** -falls)


def products(basis: str, size: int, inputs: int) -> int:
    """Multiplications a sample with the matrix of a basis (:mod:`quadlaw.sgd.bases`)."""
    kind, *numbers = basis.split()
    if kind == "eigenbasis":
        return 0
    return size * (inputs if kind == "sketch" else int(numbers[1]) or size)


def batches(works: Sequence[float], seconds: float) -> list[slice]:
    """Neighbours as batches of at most ``seconds`` of work, or of one item."""
    starts, spent = [], float("inf")
    for place, work in enumerate(works):
        if spent + work > seconds:
            starts.append(place)
            spent = 0.0
        spent += work
    return [slice(*ends) for ends in pairwise([*starts, len(works)])]
