"""Exponents of one's own data: coverage over data sets of known exponents, and refusals."""

import numpy as np
import pytest

import quadlaw
from quadlaw import PowerLaw, estimate_exponents
from quadlaw.data import own_data
from reference import samples_of, sgd

DATA_SETS, CONTROLS = 200, 50
NOMINAL = 0.95
ERROR = 3 * np.sqrt(NOMINAL * (1 - NOMINAL) / DATA_SETS)  # of a measured coverage
SETTINGS = [(2.0, 2.0, 100), (2.5, 1.5, 100), (1.5, 2.5, 100)]  # alpha, beta, columns


def data(alpha, beta, columns, seed, rows=2000):
    return own_data.synthetic(PowerLaw(alpha, beta, 0.5), rows=rows, columns=columns, seed=seed)


def holds(exponent, truth):
    return exponent is not None and exponent.ci_low <= truth <= exponent.ci_high


@pytest.mark.slow
@pytest.mark.parametrize(("alpha", "beta", "columns"), SETTINGS)
def test_the_intervals_cover_what_they_say(alpha, beta, columns):
    found = [estimate_exponents(*data(alpha, beta, columns, seed)) for seed in range(DATA_SETS)]
    covered = [(holds(one.alpha, alpha), holds(one.beta, beta)) for one in found]
    assert np.abs(np.mean(covered, axis=0) - NOMINAL).max() < ERROR
    noise = np.array([one.noise_variance for one in found])
    expected = 0.5**2 + PowerLaw(alpha, beta).tail(columns)
    assert abs(noise.mean() - expected) < 4 * noise.std() / np.sqrt(DATA_SETS)


@pytest.mark.slow
def test_without_the_halves_alpha_is_missed():
    """The control: directions of the very rows, given as another's, correct nothing."""
    sets = (data(3.0, 1.5, 200, seed) for seed in range(CONTROLS))
    assert_missed([holds(estimate_exponents(x, y, basis=x).alpha, 3.0) for x, y in sets])


@pytest.mark.slow
def test_without_the_floor_beta_is_missed(monkeypatch):
    """The control; a missing exponent has no interval either."""
    spectrum = own_data._spectrum
    monkeypatch.setattr(own_data, "_spectrum", lambda *given: without_floor(spectrum(*given)))
    sets = (data(1.5, 2.5, 200, seed) for seed in range(CONTROLS))
    assert_missed([holds(estimate_exponents(x, y).beta, 2.5) for x, y in sets])


def assert_missed(covered):
    few = NOMINAL - 3 * np.sqrt(NOMINAL * (1 - NOMINAL) / CONTROLS)
    assert np.mean(covered) < few


def without_floor(spectrum):
    return spectrum._replace(floors=np.zeros_like(spectrum.floors))


# --- units, bases, options ------------------------------------------------------------------------


def test_units_and_rotations_change_scales_alone():
    x, y = data(2.5, 1.5, 60, seed=0)
    rotation = np.linalg.qr(np.random.default_rng(0).standard_normal((60, 60)))[0]
    found, other = estimate_exponents(x, y), estimate_exponents(2 * x @ rotation - 1, 3 - 5 * y)
    for name in ("alpha", "beta"):
        one, same = getattr(found, name), getattr(other, name)
        assert one.estimate == pytest.approx(same.estimate, abs=1e-6)
        assert one.ci_low == pytest.approx(same.ci_low, abs=1e-6)
    assert other.alpha.scale == pytest.approx(4 * found.alpha.scale, rel=1e-6)
    assert other.beta.scale == pytest.approx(25 * found.beta.scale, rel=1e-6)
    assert other.noise_variance == pytest.approx(25 * found.noise_variance, rel=1e-6)
    assert other.problem.sigma == pytest.approx(found.problem.sigma, rel=1e-6)


def test_the_problem_is_that_of_the_data():
    found = estimate_exponents(*data(2.0, 2.0, 100, seed=0, rows=20000))
    assert found.problem.alpha == found.alpha.estimate and found.indices == (1, 50)
    assert found.problem.sigma == pytest.approx(0.5, rel=0.1)  # beside a tail of .01
    assert found.alpha.scale == pytest.approx(1, rel=0.1)
    last = (found.beta.scale / (found.noise_variance / 20000)) ** (1 / found.beta.estimate)
    assert found.signal_indices == (1, min(50, int(last)))


def test_step_sizes_and_start_in_the_units_of_the_data():
    """The simulated run of the problem is that on the very samples in the units of the data."""
    eta, start, a, b, truth = 0.05, 0.5, 9.0, 0.25, PowerLaw(2.0, 2.5, 0.5)
    alpha, beta = (own_data.Exponent(p, p, p, p, p, scale) for p, scale in ((2.0, a), (2.5, b)))
    problem = own_data.DataExponents(alpha, beta, b * truth.sigma**2, (1, 8), (1, 8)).problem
    settings = {"model_size": 12, "samples": 300, "step_size": eta, "init": start}
    runs = quadlaw.simulate(problem, **settings, replicates=1, dtype="float64")
    x, y = samples_of(truth.spectrum(12), 300, 0, 0)
    steps = {"eta": eta / np.sqrt(a * b), "init": start * (b / a) ** 0.25}
    weights = sgd("quadratic", np.sqrt(a) * x, np.sqrt(b) * y, size=12, **steps)
    error = weights - np.sqrt(b / a) * truth.target(12)
    risk = a * truth.eigenvalues(12) @ error**2 + b * truth.tail(12)
    assert runs["excess_risk"].item() == pytest.approx(risk / b, rel=1e-9)


def test_directions_may_come_from_other_rows():
    x, y = data(2.5, 1.5, 100, seed=0, rows=6000)
    found = estimate_exponents(x[4000:], y[4000:], basis=x[:4000])
    assert holds(found.alpha, 2.5) and holds(found.beta, 1.5)


def test_indices_may_be_chosen_around_a_bend():
    """Left of index 10 the variances are flat."""
    x, y = own_data.synthetic(PowerLaw(2.0, 2.0, 0.05), rows=4000, columns=100)
    flat = bent(x)
    every = estimate_exponents(flat, y)
    assert holds(every.beta, 2)
    with pytest.raises(ValueError, match=r"^alpha = .*: no power law"):
        every.whole()
    found = estimate_exponents(flat, y, indices=(20, 80))
    assert found.indices == (20, 80) and found.alpha.estimate == pytest.approx(2, abs=0.1)


def bent(x):
    """The same directions, the first ten of the variance of the tenth.

    All but equal ones: any machine still tells their directions apart.
    """
    left, values, right = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)
    flat = values[9] * (1 + 1e-3 * values / values[0])
    return (left * np.minimum(values, flat)) @ right


def test_labels_without_noise_have_a_noise_of_zero():
    x, _ = data(2.0, 2.0, 20, seed=0)
    for seed in range(8):
        y = x @ np.random.default_rng(seed).standard_normal(20)
        noise = own_data._spectrum(x, y, np.eye(20)).noise_variance
        assert 0 <= noise < 1e-9 * y.var()


def test_synthetic_data_need_a_variance():
    with pytest.raises(ValueError, match="freedom = 2: must exceed 2"):
        own_data.synthetic(PowerLaw(2, 2), rows=100, columns=10, freedom=2)
