"""Exponents of one's own data: ``alpha`` and ``beta`` from samples, with intervals.

Rotated to the eigenvectors of their covariance, data of :class:`quadlaw.sgd.problem.PowerLaw` have
variances ``lambda_i ~ i^-alpha`` and signals ``s_i = lambda_i (w*_i)^2 ~ i^-beta`` (Ding et al.
2025, arXiv 2502.09106, Assumption 3.3). Given the inputs, the squared projection of ``n`` labels on
sample eigenvector ``i`` has the expectation

    E t_i^2 = s_i + noise_variance / n.

The second term is the *noise floor*. It is part of the model, ``scale i^-p + floor``, which is
fitted to averages over log-spaced blocks of indices: neighbouring eigenvectors of a sample mix,
which a block's sum hardly notices. The fit is the quasi-likelihood of a gamma law, whose error is
a share of its mean: what lies below the floor has no say, and nothing need be cut there.

The ``k``-th sample eigenvalue errs by a share of order ``k / n``, and ``alpha`` by as much as its
standard error. Twice the estimate of all rows less the mean of their halves' is free of it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from quadlaw.base.checks import count, require
from quadlaw.data.own_rows import LEAST, checked_labels, checked_rows, in_units, require_same
from quadlaw.sgd.problem import PowerLaw

ROWS_PER_INDEX = 20  # so that what the halves do not correct, of order (k / n)^2, is negligible
BLOCKS_PER_DECADE = 6
FLAT = 0.1  # an exponent that may be smaller is none
SIGNIFICANT = 2  # standard errors, from which a bend is none of chance
TYPICAL = 1.5  # exponent to begin with
LARGEST = 300.0  # logarithm on the way to a fit, so that nothing overflows
ITERATIONS, TOLERANCE = 200, 1e-9


@dataclass(frozen=True)
class Exponent:
    """``p`` of a power law ``scale * i^-p``.

    Attributes
    ----------
    estimate, ci_low, ci_high : float
        The exponent and its 95 % interval.
    first, last : float
        Local exponents at the first and the last index, by a parabola in logarithms. A power law's
        agree.
    scale : float
        In the units of the data.
    """

    estimate: float
    ci_low: float
    ci_high: float
    first: float
    last: float
    scale: float


@dataclass(frozen=True)
class DataExponents:
    """What :func:`estimate_exponents` found.

    Attributes
    ----------
    alpha, beta : Exponent or None
        Of the variances ``lambda_i`` and of the signals ``lambda_i (w*_i)^2``; one of the two may
        be missing.
    noise_variance : float
        The variance of the labels that linear regression on all columns does not explain, in their
        units squared: noise, and what no linear function of these columns can do.
    indices, signal_indices : (int, int)
        First and last index, counted from 1: that were fitted, and whose fitted signal exceeds
        the noise floor. The latter is None without ``beta``.
    reasons : dict
        ``"key = value: reason"`` by the name of the exponent that is missing.
    """

    alpha: Exponent | None
    beta: Exponent | None
    noise_variance: float
    indices: tuple[int, int]
    signal_indices: tuple[int, int] | None
    reasons: dict[str, str] = field(default_factory=dict)

    def whole(self) -> "DataExponents":
        """Itself, if it has both exponents.

        Raises
        ------
        ValueError
            With the reason why one is missing.
        """
        if self.reasons:
            raise ValueError("; ".join(self.reasons.values()))
        return self

    @property
    def problem(self) -> PowerLaw:
        """The problem in the units of the theory, whose scales are one.

        Its risks are in units of ``beta.scale``. A step size of the linear model is to be divided
        by ``alpha.scale``, one of the quadratic model by ``sqrt(alpha.scale * beta.scale)``, and
        its initial value to be multiplied by ``(beta.scale / alpha.scale)^(1/4)``.

        Raises
        ------
        ValueError
            Unless both exponents are there and exceed 1.
        """
        self.whole()
        sigma = float(np.sqrt(self.noise_variance / self.beta.scale))
        return PowerLaw(self.alpha.estimate, self.beta.estimate, sigma)


class _Spectrum(NamedTuple):
    """Along each direction: variance, squared projection of the labels, its noise floor."""

    variances: np.ndarray
    squares: np.ndarray
    floors: np.ndarray
    noise_variance: float


class _Law(NamedTuple):
    """``log mean = coefficients @ (1, z, ...)``, ``z = log i``, with covariance and freedom."""

    coefficients: np.ndarray
    covariance: np.ndarray
    freedom: float


def estimate_exponents(
    x: np.ndarray,
    y: np.ndarray,
    *,
    indices: tuple[int, int] | None = None,
    basis: np.ndarray | None = None,
) -> DataExponents:
    """``alpha``, ``beta`` and the noise of samples in any basis, with 95 % intervals.

    Parameters
    ----------
    x : array or DataFrame, shape (n, d)
        Independent rows, at least two a column. Both ``x`` and ``y`` are centred.
    y : array or Series, shape (n,)
        Labels. The target's signs may be any.
    indices : (int, int), optional
        First and last eigenvalue to use, counted from 1 at the largest. By default from 1 to the
        last that is among the larger half, or the first eight, and has twenty rows.
    basis : array or DataFrame, shape (m, d), optional
        Other rows, without labels, whose eigenvectors are used instead of those of ``x``.

    Returns
    -------
    DataExponents
        An interval is the estimate plus and minus Student's t times a standard error from the
        scatter of blocks about the power law (HC3 of MacKinnon & White 1985). It covers sampling
        and the target's own scatter, but not a curvature. An exponent is missing, with the reason,
        where it may be zero, or changes from the first index to the last by more than itself and
        two standard errors; ``beta`` also where fewer than eight signals exceed the noise floor.

    Raises
    ------
    ValueError
        ``key = value: reason``: for wrong shapes, what is missing, masked or not finite, sparse
        arrays, pandas objects of different indices or columns, constant labels, too few rows or
        indices, and where neither of the exponents can be had.
    """
    require_same("y", y, x, "index")
    require_same("basis", basis, x, "columns")
    x, unit = in_units("x", checked_rows("x", x))
    y, label_unit = in_units("y", checked_labels(y, len(x)))
    source = x
    if basis is not None:
        source, _ = in_units("basis", checked_rows("basis", basis, x.shape[1]))
    directions = _directions(source)
    spectrum = _spectrum(x, y, directions)
    low, high = _range(indices, len(x), directions.shape[1])
    used = slice(low - 1, high)
    variances, squares, floors = (column[used] for column in spectrum[:3])
    reasons, apart = {}, None if basis is None else source
    alpha = _had(reasons, "alpha", _alpha, x, apart, directions, variances, (low, high))
    beta, signal = _had(reasons, "beta", _beta, squares, floors, (low, high)) or (None, None)
    alpha, beta = _scaled(alpha, unit**2), _scaled(beta, label_unit**2)
    noise = spectrum.noise_variance * label_unit**2
    found = DataExponents(alpha, beta, noise, (low, high), signal, reasons)
    return found.whole() if len(reasons) == 2 else found


def synthetic(
    problem: PowerLaw, *, rows: int, columns: int, seed: int = 0, freedom: float = np.inf
) -> tuple[np.ndarray, np.ndarray]:
    """Data of known exponents in a random basis, to try :func:`estimate_exponents` on.

    Parameters
    ----------
    problem : PowerLaw
        Its first ``columns`` coordinates become columns; what lies beyond is noise in the labels.
    rows, columns : int
    seed : int or numpy Generator
    freedom : float, default infinity
        Of Student's t for the inputs, scaled to variance one, above 2; at infinity Gaussian.

    Returns
    -------
    x, y : arrays of shapes (rows, columns) and (rows,)
        Rotated at random, the target's signs random, neither of mean zero.

    Raises
    ------
    ValueError
        ``key = value: reason``.
    """
    n, d = count("rows", rows), count("columns", columns)
    require(freedom > 2, "freedom", freedom, "must exceed 2, or the inputs have no variance")
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(rng.standard_normal((d, d)))[0]
    z = rng.standard_normal((n, d))
    if np.isfinite(freedom):
        z *= np.sqrt((freedom - 2) / rng.chisquare(freedom, (n, d)))
    x = z * np.sqrt(problem.eigenvalues(d))
    y = x @ (problem.target(d) * rng.choice([-1, 1], d))
    y += np.sqrt(problem.sigma**2 + problem.tail(d)) * rng.standard_normal(n)
    return x @ basis.T + 1, y + 1


# --- from rows to a spectrum ----------------------------------------------------------------------


def _directions(rows: np.ndarray) -> np.ndarray:
    """Eigenvectors of the covariance of centred rows, the largest first, as far as it has rank."""
    variances, vectors = np.linalg.eigh(rows.T @ rows / len(rows))
    least = variances[-1] * len(variances) * np.finfo(float).eps
    return vectors[:, variances > least][:, ::-1]


def _variances(rows: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Mean square along each direction."""
    return np.einsum("ij,ij->j", directions, rows.T @ (rows @ directions)) / len(rows)


def _spectrum(x: np.ndarray, y: np.ndarray, directions: np.ndarray) -> _Spectrum:
    """By linear regression on all directions at once, which none of them leaks into another."""
    n, scores = len(x), x @ directions
    covariance, cross = scores.T @ scores / n, scores.T @ y / n
    weights = np.linalg.solve(covariance, cross)
    noise = float((y @ y / n - weights @ cross) * n / (n - 1 - len(weights)))
    noise = max(noise, 0.0)  # rounding may leave less
    variances = np.diag(covariance)
    floors = noise / n * variances * np.diag(np.linalg.inv(covariance))
    return _Spectrum(variances, variances * weights**2, floors, noise)


def _range(indices: tuple[int, int] | None, rows: int, rank: int) -> tuple[int, int]:
    """First and last index, in bounds."""
    limit = rows // ROWS_PER_INDEX
    if indices is None:
        indices = 1, min(max(rank // 2, min(rank, LEAST)), limit)
    require(np.shape(indices) == (2,), "indices", indices, "must be the first and the last")
    low, high = indices
    low, high = count("indices[0]", low), count("indices[1]", high, least=0)
    require(high <= rank, "indices[1]", high, f"the covariance has rank {rank}")
    needs = f"{rows} rows suffice for {limit} ({ROWS_PER_INDEX} an index)"
    require(high <= limit, "indices[1]", high, needs)
    few = f"a power law is read from at least {LEAST} indices ({rows} rows, rank {rank})"
    require(high - low + 1 >= LEAST, "indices", (low, high), few)
    return low, high


# --- from a spectrum to exponents -----------------------------------------------------------------


def _had(reasons: dict[str, str], name: str, estimate: Callable, *given):
    """What an estimate gives; None, with the reason kept, where it refuses."""
    try:
        return estimate(*given)
    except ValueError as fault:
        reasons[name] = str(fault)


def _alpha(x, basis, directions, variances, ends) -> Exponent:
    """Of the variances of ``x``, by the halves of its rows or those of another basis."""
    used, none = slice(ends[0] - 1, ends[1]), np.zeros_like(variances)
    law = _fit("alpha", variances, none, ends[0])
    if basis is None:
        halves = [_variances(half, _directions(half))[used] for half in (x[::2], x[1::2])]
        halves = [_fit("alpha", half, none, ends[0]) for half in halves]
        shift = np.mean([half.coefficients[1] for half in halves]) - law.coefficients[1]
    else:  # along its own directions, the basis errs as much to the other side
        own = _fit("alpha", _variances(basis, directions)[used], none, ends[0])
        shift = (law.coefficients[1] - own.coefficients[1]) / 2
    return _exponent("alpha", law, variances, none, ends, shift)


def _beta(squares, floors, ends) -> tuple[Exponent, tuple[int, int]]:
    """And the indices up to which the signal exceeds its floor."""
    law = _fit("beta", squares, floors, ends[0])
    signal = ends[0], _last_above(law, floors, ends[0])
    return _exponent("beta", law, squares, floors, signal), signal


def _exponent(key, law, values, floors, ends, shift=0.0) -> Exponent:
    """The exponent of a law less ``shift``, with its interval, unless the values show no law."""
    estimate = float(-law.coefficients[1] + shift)
    margin = float(stdtrit(law.freedom, 0.975) * np.sqrt(law.covariance[1, 1]))
    falls = f"may be {estimate - margin:.3g}: nothing falls as a power of the index"
    require(estimate - margin > FLAT, key, round(estimate, 3), falls)

    clear = slice(ends[1] - ends[0] + 1)  # of the floor
    bent = _fit(key, values[clear], floors[clear], ends[0], degree=2)
    z = np.log(ends)
    first, last = (float(value) for value in -bent.coefficients[1] - 2 * bent.coefficients[2] * z)
    error = 2 * np.sqrt(bent.covariance[2, 2]) * (z[1] - z[0])
    straight = abs(last - first) < max(abs(estimate), SIGNIFICANT * error)
    bends = f"no power law, it goes from {first:.3g} to {last:.3g} between the indices {ends}"
    require(straight, key, round(estimate, 3), bends)
    scale = float(np.exp(law.coefficients[0]))
    return Exponent(estimate, estimate - margin, estimate + margin, first, last, scale)


def _scaled(exponent: Exponent | None, factor: float) -> Exponent | None:
    return exponent and replace(exponent, scale=exponent.scale * factor)


def _last_above(law: _Law, floors: np.ndarray, low: int) -> int:
    """The last index up to which the fitted signal exceeds its noise floor."""
    index = np.arange(low, low + len(floors))
    signal = np.exp(law.coefficients[0]) * index ** law.coefficients[1]
    above = int(np.cumprod(signal > floors).sum())
    few = f"a power law needs a signal above the noise floor along at least {LEAST} directions"
    require(above >= LEAST, "signal_indices", above, few)
    return low + above - 1


def _fit(key: str, values: np.ndarray, floors: np.ndarray, low: int, degree: int = 1) -> _Law:
    """The law of values from index ``low`` on, above their floors.

    Fisher scoring of the gamma quasi-likelihood of block means, weighted by the blocks' sizes. The
    covariance is HC3, the freedom the number of blocks, as far as they rise from the floor, less
    that of the coefficients.
    """
    powers, mean, sizes = _blocks(low, len(values), degree)
    observed, floor = mean(values), mean(floors)
    coefficients = _start(key, values - floors, floors, low, degree)
    for _ in range(ITERATIONS):
        signal = np.exp(np.clip(powers @ coefficients, -LARGEST, LARGEST))
        expected = mean(signal)
        design = mean(signal[:, None] * powers) / expected[:, None]
        share = expected / (expected + floor)
        weights = sizes * share**2
        inverse = np.linalg.pinv((design.T * weights) @ design)
        score = design * (weights * ((observed - floor) / expected - 1))[:, None]
        step = inverse @ score.sum(axis=0)
        coefficients = coefficients + step / max(1.0, np.abs(step).max())
        if np.abs(step).max() < TOLERANCE:
            break
    require(np.abs(step).max() < TOLERANCE, key, np.nan, "no power law can be fitted")
    leverage = weights * np.einsum("ij,jk,ik->i", design, inverse, design)
    score /= np.maximum(1 - leverage, TOLERANCE)[:, None]
    freedom = max(1.0, share.sum() - len(coefficients))
    return _Law(coefficients, inverse @ (score.T @ score) @ inverse, freedom)


def _start(key, signal, floors, low, degree) -> np.ndarray:
    """Where scoring begins: a typical law of the same sum, or the law without the last power."""
    if degree > 1:
        values = signal + floors
        return np.append(_fit(key, values, floors, low, degree - 1).coefficients, 0.0)
    index = np.arange(low, low + len(signal))
    return np.array([np.log(np.abs(signal.sum()) / np.sum(index**-TYPICAL)), -TYPICAL])


def _blocks(low: int, length: int, degree: int) -> tuple[np.ndarray, Callable, np.ndarray]:
    """Powers of ``log i`` from index ``low`` on, the mean over log-spaced blocks, their sizes."""
    end = low + length
    number = max(LEAST, int(np.ceil(BLOCKS_PER_DECADE * np.log10(end / low))))
    starts = np.unique(np.geomspace(low, end, number + 1).round().astype(int))[:-1] - low
    sizes = np.diff(starts, append=length)

    def mean(values):
        return (np.add.reduceat(values, starts).T / sizes).T

    return np.vander(np.log(np.arange(low, end)), degree + 1, increasing=True), mean, sizes
