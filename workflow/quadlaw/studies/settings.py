"""The vocabulary of settings: what studies ask for in the configuration.

A study's ``Settings`` is a class of these types (:mod:`quadlaw.base.typed`).
"""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field, Strict, model_serializer, model_validator

from quadlaw.base.typed import (
    Settings,
    after,
    demand,
    number,
    refuse,
    refusing,
    several,
    whole,
)
from quadlaw.sgd.problem import problem_of
from quadlaw.sgd.schedules import named
from quadlaw.theory.asymptotics import decades
from quadlaw.theory.rates import effective_dimension
from quadlaw.theory.stability import require_stable

# --- values ---------------------------------------------------------------------------------------

Alpha = number(
    "Capacity exponent, lambda_i = i^-alpha.",
    "must be a number above 1, or the trace sum_i i^-alpha is infinite (and at most 20)",
    gt=1, le=20,
)  # fmt: skip
Beta = number(
    "Source exponent, lambda_i (w*_i)^2 = i^-beta.",
    "must be a number above 1, or the signal's variance sum_i i^-beta is infinite (and at most 20)",
    gt=1, le=20,
)  # fmt: skip
Sigma = number(
    "Standard deviation of the label noise.",
    "a standard deviation is a number of at least 0 (and at most 1000)",
    ge=0, le=1000,
)  # fmt: skip
POSITIVE = "must be a number above 0 (and at most 1000)"


def positive(description: str) -> Any:
    """A number above 0."""
    return number(description, POSITIVE, gt=0, le=1000)


StepSize = positive("Step size eta of the adaptation phase.")
Init = positive("Initial value v_0.")
SampleSize = whole(
    "Sample size T, the number of SGD steps.",
    "a sample size is a whole number from 2 (T / log2 T is a clock beyond 1) to 10^8",
    ge=2, le=10**8,
)  # fmt: skip
ModelSize = whole(
    "Model size M.", "a model sees at least one coordinate, and at most 10^6", ge=1, le=10**6
)
LEAST = 6  # runs: all of them hold the true median between them with 97 %, five with 94 %
FEW = "an interval needs at least six replicates (and at most 10^5): five hold no median with 95 %"
Replicates = whole(
    "Independent repetitions, each on a stream of its own.",
    FEW,
    ge=LEAST, le=10**5,
)  # fmt: skip
Pilots = whole(
    "How many of the replicates choose the step size; the others are reported.",
    "the step size is chosen on at least one pilot",
    ge=1, le=1000,
)  # fmt: skip
SizeFactor = number(
    "Model size in units of the quadratic model's effective dimension D(T).",
    "below 1 the model cannot hold what T samples can teach it",
    ge=1, le=1000,
)  # fmt: skip
Many = whole(
    "Replicates where a small number of settings asks for more of them.",
    FEW,
    ge=LEAST, le=10**5,
)  # fmt: skip
Draws = whole(
    "Number of random matrices, among which the replicates are dealt out.",
    "there is one random matrix at least (and at most 1000)",
    ge=1, le=1000,
)  # fmt: skip
Followed = whole(
    "About how many log-spaced coordinates to follow.", "follow at least one coordinate", ge=1
)
Times = whole("About how many log-spaced times to look at.", "look at two times at least", ge=2)

# --- lists ----------------------------------------------------------------------------------------

RISING = "in rising order, none twice"
SampleSizes = several(
    SampleSize, "Sample sizes, each a run of its own.",
    f"must list at least one sample size, {RISING}", rising=True,
)  # fmt: skip
Sigmas = several(
    Sigma, "Standard deviations of the label noise.",
    f"must list at least two standard deviations, {RISING}", rising=True, least=2,
)  # fmt: skip
Alphas = several(
    Alpha, "Capacity exponents; with betas, the grid of their pairs.",
    f"must list at least one alpha, {RISING}", rising=True,
)  # fmt: skip
Betas = several(
    Beta, "Source exponents; with alphas, the grid of their pairs.",
    f"must list at least one beta, {RISING}", rising=True,
)  # fmt: skip
StepFactors = several(
    positive("Factor on the step size."),
    "Factors on the step size that the theory chose, 1 among them; the others give the range of an "
    "exponent over step sizes.",
    "must hold 1, the step size that is reported, and none twice", holding=1,
)  # fmt: skip
Fractions = several(
    positive("Step size in units of the stability edge."),
    "Step sizes in units of the stability edge.",
    f"must list at least three step sizes, {RISING}", rising=True, least=3,
)  # fmt: skip
Window = Annotated[
    list[number("End of the window.", "must be a number above 0", gt=0)],
    Field(
        min_length=2, max_length=2,
        description="Smallest and largest value of the fit's axis that are fitted.",
    ),
    refusing("a window has a lower and an upper end"),
]  # fmt: skip
Decades = Annotated[
    list[whole("Power of ten.", "must be a power of ten from 1 to 15", ge=1, le=15)],
    Field(
        min_length=2, max_length=2,
        description="Powers of ten of the smallest and the largest sample size of the theory.",
    ),
    refusing("lists the powers of ten, from 1 to 15, of the smallest and the largest sample size"),
    after(lambda ends: ends if ends[0] < ends[1] else refuse(
        "the first power of ten must lie below the second")),
]  # fmt: skip


def starts(least: int = 1) -> Any:
    """Initial values in units of the paper's rule."""
    words = {1: "one initial value", 3: "three initial values"}[least]
    zero = "; zero is a fixed point of the quadratic model" if least == 1 else ""
    return several(
        positive("Initial value."), "Initial values v_0 in units of sqrt(min(1, w*_D)).",
        f"must list at least {words}, none twice to six digits{zero}",
        least=least, label="{:g}".format,
    )  # fmt: skip


def _proper(name: str) -> str:
    try:
        proper = named(name).name
    except ValueError as fault:
        refuse(str(fault).split(": ", 1)[1])
    return name if proper == name else refuse(f"write it {proper}")


ScheduleName = Annotated[
    str, Strict(), Field(description="A schedule's name and numbers, as in two-phase 0.5."),
    refusing("a schedule is given by its name and numbers, as in two-phase 0.5"), after(_proper),
]  # fmt: skip
Schedules = several(
    ScheduleName, "Names of schedules, each with its numbers.",
    "must list at least one schedule, none twice",
)  # fmt: skip

# --- problems -------------------------------------------------------------------------------------


class Pair(Settings):
    """A problem: a pair of exponents."""

    alpha: Alpha
    beta: Beta


class Problem(Pair):
    """A problem, with replicates of its own if it says so."""

    replicates: Replicates | None = Field(
        None, description="Replicates of this problem, instead of those of its study."
    )

    @model_serializer(mode="wrap")
    def _said(self, handler: Callable) -> dict:
        return {key: value for key, value in handler(self).items() if value is not None}


NAMES = ("alpha", "beta", "sigma")  # what tells problems apart


def _different(problems: list[Pair]) -> list[Pair]:
    pairs = [tuple(getattr(one, key) for key in NAMES if hasattr(one, key)) for one in problems]
    twice = sorted({pair for pair in pairs if pairs.count(pair) > 1})
    return refuse(f"the same problem is listed twice: {twice}") if twice else problems


def problems_of(item: type, description: str) -> Any:
    """Problems of a kind, no two of them the same but for their other keys."""
    length = Field(min_length=1, description=description)
    reason = "must list at least one problem, none twice"
    return Annotated[list[item], length, refusing(reason), after(_different)]


Pairs = problems_of(Pair, "Problems, each a pair of exponents.")
Problems = problems_of(Problem, "Problems, each a pair of exponents, if need be with replicates.")

# --- relations between keys -----------------------------------------------------------------------


def check_window(window: list[float], values: list[float], axis: str, key: str = "window") -> None:
    """Refuse a window that is upside down or that holds fewer than three of the values."""
    low, high = window
    demand(low < high, key, window, "the lower end must lie below the upper end")
    inside = sum(low <= x <= high for x in values)
    demand(inside >= 3, key, window, f"holds {inside} of the {axis}, a slope with an error needs 3")


def check_samples_window(window: list[float], samples: list[int], key: str = "window") -> None:
    """The same against ``T``, where ``T / log2 T`` must rise."""
    reason = "must begin at 3 or later, as T / log2 T falls before"
    demand(window[0] >= 3, key, window, reason)
    check_window(window, samples, "samples", key)


def check_step(key: str, one: dict, step_size: float, model: str = "quadratic") -> None:
    """Refuse a step size beyond the stability edge of ``alpha, beta, sigma, model_size``."""
    problem = problem_of({"sigma": 0.0} | one)
    try:
        require_stable(key, problem, one["model_size"], step_size, model)
    except ValueError as fault:
        refuse(str(fault).split(": ", 1)[1], key, step_size)


def check_draws(settings: Settings) -> None:
    """Refuse fewer than six replicates that are no pilots, and more random matrices than these."""
    rest, draws = settings.replicates - settings.pilots, settings.draws
    few = f"an interval needs six replicates that are no pilots, and {max(rest, 0)} are none"
    demand(rest >= LEAST, "replicates", settings.replicates, few)
    reason = f"a matrix needs a replicate of its own, and {rest} are no pilots"
    demand(draws <= rest, "draws", draws, reason)


# --- what many studies have -----------------------------------------------------------------------


SMALL = {"samples": [64, 256, 1024], "replicates": 6, "window": [64, 1024]}  # of a smoke run


class Fitted(Settings):
    """Curves against ``T`` and the window in which exponents are fitted."""

    samples: SampleSizes
    replicates: Replicates = 16
    window: Window

    @model_validator(mode="after")
    def _fitted(self):
        check_samples_window(self.window, self.samples)
        return self


class Curves(Fitted):
    """Such curves of several problems."""

    problems: Problems
    size_factor: SizeFactor = 4

    @model_validator(mode="after")
    def _large_enough(self):
        for one in self.problems:
            problem = one.alpha, one.beta, self.samples[-1]
            size = self.size_factor * effective_dimension("quadratic", *problem)
            asked = f"D(T) of {one.model_dump()} asks for a model of {size:.0f} coordinates"
            reason = f"{asked}, beyond 10^6"
            demand(size <= 10**6, "size_factor", self.size_factor, reason)
        return self


HalfWidth = number(
    "Half-width of an exponent's 95 % interval that the runs of each point are to allow.",
    "a half-width lies above 0 (and at most at 1)", gt=0, le=1,
)  # fmt: skip


class NarrowedProblem(Problem):
    """A problem, with replicates or a half-width of its own if it says so."""

    half_width: HalfWidth | None = None


class Narrowed(Curves):
    """Curves of as many runs as exponents need; ``replicates`` are the most."""

    problems: problems_of(NarrowedProblem, Problems.__metadata__[0].description)
    half_width: HalfWidth


class Grid(Settings):
    """The theory's risk of both models at its best step sizes."""

    problems: Problems | None = None
    alphas: Alphas | None = None
    betas: Betas | None = None
    decades: Decades
    per_decade: number(
        "Sample sizes for each factor of ten.",
        "a positive number of sample sizes a decade (and at most 20)", gt=0, le=20,
    ) = 2  # fmt: skip
    size_factor: SizeFactor = 16
    init_scales: starts() = [0.5]
    linear_share: number(
        "Largest step size of the linear model, in units of its stability edge; the quadratic "
        "model's is a quarter of its own.",
        "a share of the stability edge lies between 0 and 1", gt=0, lt=1,
    ) = 0.25  # fmt: skip

    @model_validator(mode="after")
    def _related(self):
        pairs = self.alphas is not None and self.betas is not None
        either = self.alphas is not None or self.betas is not None
        if pairs != either or (self.problems is None) != pairs:
            refuse("a grid has problems, or alphas and betas, and decades")
        for number_, one in enumerate(self.problems or []):
            key, value = f"problems[{number_}].replicates", one.replicates
            demand(value is None, key, value, "the theory has none")
        sizes = decades(*self.decades, self.per_decade)
        reason = f"gives {len(sizes)} sample sizes, an exponent with a range needs 3"
        demand(len(sizes) >= 3, "per_decade", self.per_decade, reason)
        return self


class OneStartGrid(Grid):
    """The theory's risk of both models at its best step sizes, from one initial value."""

    @model_validator(mode="after")
    def _one_start(self):
        reason = "takes one initial value: its tables do not tell several apart"
        demand(len(self.init_scales) == 1, "init_scales", self.init_scales, reason)
        return self
