"""The stationary law and the extinction threshold against simulated single coordinates."""

import numpy as np
import pytest

from quadlaw.theory import extinction_threshold, stationary_law
from quadlaw.theory.stationary import surviving_share


def coordinate(target, eta, variance, steps, runs, noise=True, seed=0):
    """``v^2`` of many runs of one coordinate (eigenvalue 1) at a constant step, from its target.

    The other coordinates and the label noise are one Gaussian of the given ``variance``.
    """
    draw = np.random.default_rng(seed)
    v = np.full(runs, np.sqrt(target))
    for _ in range(steps):
        x, xi = draw.standard_normal((2, runs))
        v = v - eta * ((v**2 - target) * x + noise * np.sqrt(variance) * xi) * x * v
    return v**2


@pytest.mark.slow
def test_coordinates_settle_at_the_gamma_law():
    eta, variance, target = 0.02, 0.5, 0.05
    u = coordinate(target, eta, variance, 20_000, 4000)
    law = stationary_law(target, eta, variance)
    assert law.mean() == pytest.approx(target - eta * variance / 2)
    error = law.std() / np.sqrt(len(u))
    assert abs(u.mean() - law.mean()) < 4 * error + 0.02 * target  # to first order in eta
    assert abs(u.mean() - target) > 8 * error  # control: the noise shifts the mean
    assert u.var() == pytest.approx(law.var(), rel=0.1)


@pytest.mark.parametrize("noise, dies", [(True, True), (False, False)])
def test_targets_below_the_threshold_die_out_by_noise_alone(noise, dies):
    """Control: without the noise nothing dies."""
    eta, variance = 0.1, 1.0
    threshold = float(extinction_threshold(eta, variance))
    below = coordinate(0.5 * threshold, eta, variance, 8000, 400, noise)
    above = coordinate(4 * threshold, eta, variance, 8000, 400, noise)
    assert np.mean(above > 0.05 * threshold) > 0.9
    assert (np.mean(below > 0.05 * threshold) < 0.1) == dies


def test_without_steps_or_noise_nothing_is_stationary_and_all_survive():
    with pytest.raises(ValueError, match=r"step_size = 0\.0: without steps"):
        stationary_law(1.0, 0.0, 1.0)
    assert surviving_share(1.0, 0.0, 1.0) == 1
    assert np.isnan(surviving_share(np.nan, 0.1, 1.0))


def test_no_law_where_the_coordinate_dies_out():
    with pytest.raises(ValueError, match=r"target = 0.01: dies out"):
        stationary_law(0.01, 0.1, 1.0)
