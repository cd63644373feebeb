"""A law of the loss fitted to a user's own runs: many starts, bootstrap, forms compared.

The robust loss, and when a fit has converged: :mod:`quadlaw.fit.robust`. The forms:
:mod:`quadlaw.fit.laws`. Starts are a grid of exponents, with the other parameters by least squares
that are not negative, and the best of them counts only if another one arrives there as well.

Intervals: percentiles over draws that weigh the runs at random, widened for few runs by
:func:`quadlaw.fit.fitting.expanded_level`. Weights are independent numbers of mean one (the
bootstrap of Rubin 1981, Annals of Statistics 9, 130) of a gamma law with variance
``1 / (1 - h)^2``: a run of leverage ``h`` pulls the fit towards itself, and its residual is too
small by ``1 - h`` (HC3 of MacKinnon & White 1985). Unlike a draw of whole runs, one of weights
never loses all runs of a size. Every draw is fitted until it has converged, from the best fit on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
import scipy

from quadlaw.base.checks import count, real, require
from quadlaw.fit.fitting import expanded_level
from quadlaw.fit.law_table import Runs, checked_runs, form_of, require_design
from quadlaw.fit.laws import (
    EXPONENTS,
    FORMS,
    Form,
    compute_exponents,
    in_users_units,
    noise_term,
)
from quadlaw.fit.robust import EXACT, Fits, Points, fit_all, leverages, residuals

GRID = np.geomspace(0.05, 2, 6)  # of exponents, to start from
SMALL = 1e-3  # of the typical loss, that a term starts with
FIRST_DELTA = 1e-3  # of the fit that the scatter is taken from
EFFICIENT = 1.345  # scatters, at which Huber's loss loses 5 % to least squares on normal residuals
NORMAL = 1.4826  # a normal law's standard deviation over its median absolute value
SAME = 1e-6  # share of the objective within which starts have arrived at one place
SINGULAR = 1e-10  # smallest eigenvalue of a curvature with a diagonal of ones
CHUNK = 2**17  # numbers of a gradient that are held at once, which stays in the cache
HELD_OUT = 0.2
CLEAR = 2  # standard errors
NEGLIGIBLE = 1e-6  # error of a logarithm
PULL = 0.5  # leverage that is made up for, at most
CONVERGED = 0.98  # of draws


@dataclass(frozen=True)
class LawFit:
    """What :func:`fit_law` found.

    Attributes
    ----------
    form : str
    names : dict
        The user's names of ``model_size``, ``samples`` and ``loss``.
    parameters, exponents : DataFrames
        ``estimate, ci_low, ci_high`` by parameter, and by what follows for the best use of
        compute: see :func:`quadlaw.fit.laws.compute_exponents`. The second is empty for one term.
        For three terms it has ``beta = 1 + a`` and ``s = a / b`` of the paper as well.
    covariance : DataFrame
        Of the parameters over the draws, with ``log A`` and ``log B`` for ``A`` and ``B``.
    residuals : DataFrame
        ``model_size, samples, loss``, as far as given, ``law``, and ``residual``, the logarithm of
        the loss over the law.
    held_out : DataFrame
        By form: mean ``error`` of logarithms on the largest fifth of the runs, fitted to the
        others; ``excess`` over the best form and its standard error. Empty where the others do not
        suffice.
    better : str or None
        The form whose held-out errors are smaller by more than two standard errors.
    delta : float
        Of Huber's loss, on logarithms.
    starts : (int, int)
        That arrived at the best fit, of all.
    draws : int
        That converged.
    """

    form: str
    names: dict[str, str]
    parameters: pd.DataFrame
    exponents: pd.DataFrame
    covariance: pd.DataFrame
    residuals: pd.DataFrame
    held_out: pd.DataFrame
    better: str | None
    delta: float
    starts: tuple[int, int]
    draws: int

    @property
    def scatter(self) -> float:
        """Of the logarithms of losses about the law, from the median residual."""
        return NORMAL * float(self.residuals["residual"].abs().median())

    def predict(self, **sizes: np.ndarray) -> np.ndarray:
        """The loss by the law at ``model_size`` and ``samples``, as far as it has them; arrays."""
        roles = [role for role in self.names if role != "loss"]
        given = np.broadcast_arrays(*(np.asarray(sizes[role], float) for role in roles))
        theta = self.parameters["estimate"].to_numpy(copy=True)
        scales = self.parameters.index.isin(["A", "B"])
        theta[scales] = np.log(theta[scales])
        logs = np.log([one.ravel() for one in given])
        return FORMS[self.form].value(theta[None], logs)[0][0].reshape(given[0].shape)

    def as_dict(self) -> dict:
        """All of it as plain numbers, for JSON."""
        tables = ("parameters", "exponents", "covariance", "held_out")
        plain = {name: getattr(self, name).to_dict("index") for name in tables}
        plain["residuals"] = self.residuals.to_dict("list")
        other = ("form", "names", "better", "delta", "starts", "draws")
        return {name: getattr(self, name) for name in other} | plain


def fit_law(
    table: pd.DataFrame | Mapping,
    *,
    model_size: str | None = None,
    samples: str | None = None,
    loss: str | None = None,
    form: str | None = None,
    delta: float | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> LawFit:
    """Fit a law of the loss to runs, with 95 % intervals of its parameters.

    Parameters
    ----------
    table : DataFrame or mapping of columns
        One row a run; units are free. Text is the number that it spells.
    model_size, samples, loss : str, optional
        Names of the columns, by default these words. Without a column of sizes, or of samples, the
        law has one term.
    form : str, optional
        Of :data:`quadlaw.fit.laws.FORMS`; by default "two terms", or "one term".
    delta : float, optional
        Where Huber's loss turns straight, on logarithms. By default 1.345 times the scatter of
        the runs about a fit with ``delta = .001``.
    draws : int, default 1000
        Of the bootstrap, whose runs are taken as independent.
    seed : int

    Returns
    -------
    LawFit

    Raises
    ------
    ValueError
        ``key = value: reason``: for columns that are missing or named twice; the first row whose
        value is text, missing, not finite or not positive; no more runs than parameters; columns
        of fewer than three values; sizes and samples along one line, as one isoFLOP line; and
        where no single best fit is found or the runs leave a parameter open.
    """
    runs = checked_runs(table, model_size, samples, loss)
    name = form_of(runs, form)
    require_design(runs, FORMS[name])
    draws, seed = count("draws", draws, least=100), count("seed", seed, least=0)
    if delta is not None:
        delta = real("delta", delta, above=0, reason="must be positive")
    points, centres = runs.points()
    fits, delta = _best(FORMS[name], points, delta)
    agreed = _require_found(FORMS[name], fits)
    best = fits.theta[[0]]
    drawn = _drawn(FORMS[name], points, best, delta, draws, seed)
    estimate, spread = (in_users_units(FORMS[name], one, centres) for one in (best, drawn))
    level = expanded_level(len(points.loss) - len(FORMS[name].names) + 1)
    held_out, better = _held_out(runs, delta)
    return LawFit(
        name, runs.names,
        _intervals(estimate, spread, level).pipe(_plain_scales),
        _intervals(_following(name, estimate), _following(name, spread), level),
        spread.cov(), _residuals(runs, FORMS[name], best, points),
        held_out, better, delta, (agreed, len(fits.theta)), len(drawn),
    )  # fmt: skip


# --- the best fit ---------------------------------------------------------------------------------


def _best(form: Form, points: Points, delta: float | None) -> tuple[Fits, float]:
    """Fits from all starts, the best first, and ``delta``."""
    one = np.ones((1, len(points.loss)))
    fits = _sorted(fit_all(form, points, one, _starts(form, points), delta or FIRST_DELTA))
    if delta is None:
        freedom = np.sqrt(len(points.loss) / (len(points.loss) - len(form.names)))
        size = np.abs(residuals(form, points, fits.theta[:1]))
        delta = max(EXACT, EFFICIENT * NORMAL * float(np.median(size)) * freedom)
        fits = _sorted(fit_all(form, points, one, fits.theta, delta))
    return fits, delta


def _sorted(fits: Fits) -> Fits:
    order = np.argsort(fits.objective, kind="stable")
    return Fits(*(part[order] for part in fits))


def _starts(form: Form, points: Points) -> np.ndarray:
    """By a grid of exponents, shape (K, P)."""
    return np.array([_start(form, points, powers) for powers in product(GRID, repeat=form.powers)])


def _start(form: Form, points: Points, powers: tuple[float, ...]) -> np.ndarray:
    """The other parameters by least squares on relative errors."""
    theta = np.zeros(max(6, len(form.names)))
    theta[2 : 2 + 2 * len(powers) : 2] = powers
    columns = [np.ones_like(points.loss)]
    columns += [np.exp(-power * x) for power, x in zip(powers, points.logs, strict=True)]
    if "V" in form.names:
        columns.append(noise_term(theta[None], points.logs)[0][0])
    shares, _ = scipy.optimize.nnls(
        np.transpose(columns) / np.exp(points.loss)[:, None], np.ones_like(points.loss)
    )
    shares = np.maximum(shares, SMALL)
    theta[0], theta[1 : 1 + 2 * len(powers) : 2] = shares[0], np.log(shares[1 : 1 + len(powers)])
    theta[5] = shares[-1]
    return theta[: len(form.names)]


def _require_found(form: Form, fits: Fits) -> int:
    """How many starts arrived at the best fit; refused if it is no minimum or not the only one."""
    least = fits.objective[0]
    near = fits.objective <= least * (1 + SAME) + EXACT**2
    agreed = int((near & fits.converged).sum())
    alone = f"only so many of {len(fits.theta)} reach the best fit, which may not be the only one"
    require(agreed >= 2 and fits.converged[0], "starts", agreed, alone)
    low, high = (bound[form.names.index("a")] for bound in form.bounds())
    for name in form.names:
        value = fits.theta[0, form.names.index(name)]
        at_bound = name in "ab" and (value <= low or value >= high)
        falls = f"is at the bound of {EXPONENTS}: the loss does not fall as a power here"
        require(not at_bound, name, float(value), falls)
    curvature = fits.curvature[0]
    free = np.diag(curvature) > 0
    scale = np.sqrt(np.diag(curvature)[free])
    smallest = np.linalg.eigvalsh(curvature[np.ix_(free, free)] / np.outer(scale, scale))[0]
    open_ = f"the runs do not tell {', '.join(form.names)} apart"
    require(smallest > SINGULAR, "curvature", float(f"{smallest:.2g}"), open_)
    return agreed


# --- intervals ------------------------------------------------------------------------------------


def _drawn(form, points, best, delta, draws, seed) -> np.ndarray:
    """Parameters of the draws that converged."""
    rng, number = np.random.default_rng(seed), len(points.loss)
    chunk = max(1, CHUNK // (number * len(form.names)))
    fits = []
    shape = (1 - np.minimum(leverages(form, points, best, delta), PULL)) ** 2
    for first in range(0, draws, chunk):
        weights = rng.gamma(shape, 1 / shape, (min(chunk, draws - first), number))
        fits.append(fit_all(form, points, weights, np.repeat(best, len(weights), 0), delta))
    converged = np.concatenate([one.converged for one in fits])
    many = f"of {draws} converged: the runs hardly determine the law"
    require(converged.mean() >= CONVERGED, "draws", int(converged.sum()), many)
    return np.concatenate([one.theta for one in fits])[converged]


def _intervals(estimate: pd.DataFrame, spread: pd.DataFrame, level: float) -> pd.DataFrame:
    tail = (1 - level) / 2
    ends = {"ci_low": spread.quantile(tail), "ci_high": spread.quantile(1 - tail)}
    return pd.DataFrame({"estimate": estimate.iloc[0]} | ends)


def _plain_scales(table: pd.DataFrame) -> pd.DataFrame:
    """``A`` for ``log A``."""
    rows = {
        name.removeprefix("log "): np.exp(row) if name.startswith("log ") else row
        for name, row in table.iterrows()
    }
    return pd.DataFrame(rows).T


def _following(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """What follows from the parameters."""
    if FORMS[name].powers < 2:
        return pd.DataFrame(index=table.index)
    found = compute_exponents(table)
    if name == "three terms":
        found = found.assign(beta=1 + table["a"], s=table["a"] / table["b"])
    return found


def _residuals(runs, form, best, points) -> pd.DataFrame:
    residual = -residuals(form, points, best)[0]
    return runs.values.assign(law=runs.values["loss"] * np.exp(-residual), residual=residual)


# --- held-out runs --------------------------------------------------------------------------------


def _held_out(runs: Runs, delta: float) -> tuple[pd.DataFrame, str | None]:
    """Errors of all forms of these columns on the largest runs, fitted to the others."""
    rest, large = runs.split(HELD_OUT)
    forms = {name: one for name, one in FORMS.items() if one.powers == len(runs.roles)}
    try:
        for form in forms.values():
            require_design(rest, form)
    except ValueError:
        return pd.DataFrame(), None
    errors = pd.DataFrame({name: _errors(form, rest, large, delta) for name, form in forms.items()})
    mean = errors.mean()
    excess = errors.sub(errors[mean.idxmin()], axis=0)
    table = pd.DataFrame({"error": mean, "excess": excess.mean(), "excess_error": excess.sem()})
    others = table.drop(index=mean.idxmin())
    least = (CLEAR * others["excess_error"]).clip(lower=NEGLIGIBLE)
    clear = len(others) and (others["excess"] > least).all()
    return table.assign(runs=len(errors)), mean.idxmin() if clear else None


def _errors(form: Form, rest: Runs, large: Runs, delta: float) -> np.ndarray:
    """Absolute errors of logarithms."""
    points, centres = rest.points()
    fits, _ = _best(form, points, delta)
    logs = np.log(large.values[[*large.roles, "loss"]].to_numpy().T) - centres[:, None]
    return np.abs(residuals(form, Points(logs[:-1], logs[-1]), fits.theta[:1])[0])
