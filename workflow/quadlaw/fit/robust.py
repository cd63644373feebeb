r"""Many robust fits of a law at once: Huber's loss on logarithms, by damped Gauss-Newton steps.

Each fit minimizes the sum over points, not the mean,

.. math:: Q = \sum_i w_i\, h(\log f_i - \log L_i), \qquad
   h(r) = r^2 / 2 \;\text{ up to }\; \delta, \quad \delta (|r| - \delta / 2) \;\text{ beyond.}

Steps are those of Levenberg and Marquardt with Huber's weights :math:`\min(1, \delta / |r|)`, whose
quadratic lies above ``h``; parameters that are held at a bound are left out. A fit has converged
once the next step would lower ``Q`` by less than ``TOLERANCE`` times ``Q`` over the number of
points. That is the square of a step in units of about a standard error: it does not depend on the
units of any column, on the number of points, or on how far the last step happened to go.
"""

from typing import NamedTuple

import numpy as np

from quadlaw.fit.laws import Form

TOLERANCE = 1e-10
STEPS = 500
EXACT = 1e-10  # a residual of logarithms that is rounding
DAMPING = 1e-12, 1e12


class Points(NamedTuple):
    """Mean-free logarithms of the columns, shape (columns, n), and of the loss, shape (n,)."""

    logs: np.ndarray
    loss: np.ndarray


class Fits(NamedTuple):
    """``K`` fits: parameters (K, P), ``Q`` (K,), whether converged (K,), and curvature (K, P, P).

    The curvature is that of Huber's quadratic, in the units of the parameters.
    """

    theta: np.ndarray
    objective: np.ndarray
    converged: np.ndarray
    curvature: np.ndarray


class _Local(NamedTuple):
    """``Q``, its gradient and curvature, without the parameters that a bound holds."""

    objective: np.ndarray
    gradient: np.ndarray
    curvature: np.ndarray


def residuals(form: Form, points: Points, theta: np.ndarray) -> np.ndarray:
    """Logarithm of the law over the loss, shape (K, n)."""
    return np.log(form.value(theta, points.logs)[0]) - points.loss


def huber(residual: np.ndarray, delta: float) -> np.ndarray:
    """Huber's loss."""
    size = np.abs(residual)
    return np.where(size <= delta, residual**2 / 2, delta * (size - delta / 2))


def leverages(form: Form, points: Points, theta: np.ndarray, delta: float) -> np.ndarray:
    """How far each point pulls its own value of one fit, ``theta`` of shape (1, P): from 0 to 1."""
    value, gradient = form.value(theta, points.logs)
    size = np.abs(np.log(value) - points.loss)
    root = (gradient / value[:, None] * np.sqrt(np.minimum(1, delta / np.maximum(size, delta))))[0]
    low, high = form.bounds()
    inside = (theta[0] > low) & (theta[0] < high)
    basis, _ = np.linalg.qr(root[inside].T)
    return np.einsum("np,np->n", basis, basis)


def fit_all(
    form: Form, points: Points, weights: np.ndarray, theta: np.ndarray, delta: float
) -> Fits:
    """From each of the starts ``theta``, shape (K, P), with weights (K, n) or (1, n)."""
    theta = np.clip(theta, *form.bounds())
    weights = np.broadcast_to(weights, (len(theta), len(points.loss)))
    here = _local(form, points, weights, theta, delta)
    damping, converged = np.full(len(theta), 1e-3), np.zeros(len(theta), bool)
    left = np.arange(len(theta))
    for _ in range(STEPS):
        now = _Local(*(part[left] for part in here))
        done = _converged(now, weights[left].sum(axis=1))
        converged[left[done]] = True
        left = left[~done]
        if not len(left):
            break
        now = _Local(*(part[~done] for part in now))
        trial = np.clip(theta[left] + _step(now, damping[left]), *form.bounds())
        then = _local(form, points, weights[left], trial, delta)
        better = then.objective <= now.objective
        moved = left[better]
        theta[moved] = trial[better]
        for part, new in zip(here, then, strict=True):
            part[moved] = new[better]
        damping[left] = np.clip(damping[left] * np.where(better, 0.2, 5.0), *DAMPING)
    return Fits(theta, here.objective, converged, here.curvature)


def _local(form, points, weights, theta, delta) -> _Local:
    value, gradient = form.value(theta, points.logs)
    residual = np.log(value) - points.loss
    design = gradient / value[:, None]
    pull = weights * np.minimum(1, delta / np.maximum(np.abs(residual), delta))
    slope = np.einsum("kpn,kn->kp", design, pull * residual)
    curvature = (design * pull[:, None]) @ design.transpose(0, 2, 1)
    low, high = form.bounds()
    held = ((theta <= low) & (slope > 0)) | ((theta >= high) & (slope < 0))
    slope = np.where(held, 0.0, slope)
    curvature = np.where(held[:, :, None] | held[:, None, :], 0.0, curvature)
    return _Local((weights * huber(residual, delta)).sum(axis=1), slope, curvature)


def _step(local: _Local, damping: np.ndarray) -> np.ndarray:
    """Damped in units of each parameter's own curvature; zero for those that are held."""
    scale = np.sqrt(np.diagonal(local.curvature, axis1=1, axis2=2))
    scale = np.where(scale > 0, scale, 1.0)
    unit = local.curvature / (scale[:, :, None] * scale[:, None, :])
    diagonal = damping[:, None] + (np.diagonal(unit, axis1=1, axis2=2) == 0)
    unit = unit + diagonal[:, :, None] * np.eye(unit.shape[1])
    return -np.linalg.solve(unit, (local.gradient / scale)[:, :, None])[:, :, 0] / scale


def _converged(local: _Local, number: np.ndarray) -> np.ndarray:
    step = _step(local, np.full(len(number), DAMPING[0]))
    fall = -np.einsum("kp,kp->k", step, local.gradient)
    exact = local.objective < number * EXACT**2
    return (np.abs(fall) <= TOLERANCE * local.objective / number) | exact
