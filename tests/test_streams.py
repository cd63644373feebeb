import numpy as np
import pytest

from quadlaw import PowerLaw
from quadlaw.sgd import streams
from reference import samples_of

SPECTRUM = PowerLaw(2.0, 2.5, 0.7).spectrum(5)


def test_samples_have_the_problems_moments():
    x, y = samples_of(SPECTRUM, 40_000, replicate=0, seed=1)
    n = len(y)
    np.testing.assert_allclose(x.var(axis=0), SPECTRUM.eigenvalues, rtol=4 * np.sqrt(2 / n))
    variance = SPECTRUM.tail[0] + SPECTRUM.sigma**2  # signal on all coordinates, and noise
    np.testing.assert_allclose(y.var(), variance, rtol=4 * np.sqrt(2 / n))
    rest = y - x @ SPECTRUM.target
    beyond = SPECTRUM.tail[-1] + SPECTRUM.sigma**2
    np.testing.assert_allclose(rest.var(), beyond, rtol=4 * np.sqrt(2 / n))
    correlation = np.corrcoef(np.column_stack([x, rest]).T) - np.eye(6)
    assert np.abs(correlation).max() < 5 / np.sqrt(n)


@pytest.mark.parametrize("chunk_bytes", [1, 100, 1 << 16])
def test_chunks_do_not_change_the_samples(monkeypatch, chunk_bytes):
    x, y = samples_of(SPECTRUM, 100, 0, 0)
    monkeypatch.setattr(streams, "CHUNK_BYTES", chunk_bytes)
    again_x, again_y = samples_of(SPECTRUM, 100, 0, 0)
    np.testing.assert_array_equal(x, again_x)
    np.testing.assert_allclose(y, again_y, rtol=1e-12, atol=1e-12)


def test_chunks_stop_where_asked():
    starts = [(a, len(y)) for a, _, y in streams.chunks(SPECTRUM, 50, 0, 0, [7, 8, 50], "float32")]
    assert starts == [(0, 7), (7, 1), (8, 42)]


def test_precisions_see_the_same_normals():
    single = next(streams.chunks(SPECTRUM, 20, 0, 0, [20], "float32"))[1][:, :5]
    double = next(streams.chunks(SPECTRUM, 20, 0, 0, [20], "float64"))[1][:, :5]
    assert (single.dtype, double.dtype) == (np.float32, np.float64)
    np.testing.assert_allclose(single, double, rtol=3e-7)


def test_the_inputs_of_a_coordinate_do_not_depend_on_the_model_size():
    problem = PowerLaw(2.0, 2.5, 0.7)
    small, large = (
        next(streams.chunks(problem.spectrum(size), 9, 0, 0, [9], "float64"))[1] for size in (3, 90)
    )
    np.testing.assert_array_equal(small[:, :3], large[:, :3])
    assert (small[:, 3:] == 0).all() and (large[:, 90:] == 0).all()


def test_label_noise_and_the_part_beyond_the_model_are_no_inputs():
    """What a model of one coordinate cannot see is one Gaussian, independent of all inputs."""
    x, y = samples_of(PowerLaw(2.0, 2.5, 0.7).spectrum(1), 40_000, 0, 0)
    wide, _ = samples_of(PowerLaw(2.0, 2.5, 0.7).spectrum(200), 40_000, 0, 0)
    rest = y - x[:, 0]
    normals = wide / wide.std(axis=0)
    assert np.abs(normals.T @ rest).max() / len(y) < 5 * rest.std() / np.sqrt(len(y))


def _first(alpha=2.0, beta=2.5, sigma=0.7, samples=100, replicate=0, seed=0):
    spectrum = PowerLaw(alpha, beta, sigma).spectrum(20)
    x = next(streams.chunks(spectrum, samples, replicate, seed, [50], "float32"))[1][:, :20]
    return (x / np.sqrt(spectrum.eigenvalues)).ravel()


@pytest.mark.parametrize(
    "change",
    [{"alpha": 2.1}, {"beta": 2.1}, {"sigma": 0.5}, {"samples": 99}, {"replicate": 1}, {"seed": 1}],
)
def test_every_part_of_the_key_gives_an_independent_stream(change):
    np.testing.assert_array_equal(_first(), _first())
    assert abs(np.corrcoef(_first(), _first(**change))[0, 1]) < 4 / np.sqrt(1000)


def test_runs_longer_than_the_counter_and_targets_beyond_the_precision_are_refused():
    with pytest.raises(ValueError, match="samples = 4294967296"):
        next(streams.chunks(SPECTRUM, 2**32, 0, 0, [1], "float32"))
    steep = PowerLaw(25, 2).spectrum(8000)
    with pytest.raises(ValueError, match="dtype = 'float32': the target of coordinate 8000"):
        next(streams.chunks(steep, 4, 0, 0, [4], "float32"))
