"""The generator of normals: known answers, the law of its numbers, and their independence."""

import math

import numpy as np
import pytest
from scipy.stats import kstest, norm

from quadlaw.base.normals import BLOCK, fill, philox

KEY = np.array([1, 20, 300, 4000], np.uint32)


def draw(rows, columns, key=KEY, row=0, column=0, dtype=np.float32):
    out = np.empty((rows, columns), dtype)
    fill(out, np.ones(columns, dtype), key, row, column)
    return out


@pytest.fixture(scope="module")
def many():
    """10^7 numbers, in float64."""
    return draw(10_000, 1000).astype(float).ravel()


@pytest.mark.parametrize(
    "counter_and_key, words",
    [
        ([0] * 6, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ([2**32 - 1] * 6, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0],
            "d16cfe09 94fdcceb 5001e420 24126ea1",
        ),
    ],
)
def test_philox_gives_the_published_words(counter_and_key, words):
    """Known answers of Random123, the authors' implementation."""
    found = philox(*(np.uint32(word) for word in counter_and_key))
    assert " ".join(f"{word:08x}" for word in found) == words


@pytest.mark.slow
@pytest.mark.parametrize("order", range(1, 9))
def test_moments_to_order_eight(many, order):
    exact = 0.0 if order % 2 else float(math.prod(range(1, order, 2)))
    powers = many**order
    error = powers.std() / math.sqrt(len(many))
    assert abs(powers.mean() - exact) < 4 * error
    if order % 2 == 0:  # control: numbers half a per cent too wide
        assert abs(np.mean((1.005 * many) ** order) - exact) > 4 * error


@pytest.mark.slow
def test_kolmogorov_and_smirnov_see_nothing_in_ten_million(many):
    assert kstest(many, "norm").pvalue > 1e-3
    assert kstest(1.003 * many, "norm").pvalue < 1e-3  # control


def test_tails_are_as_heavy_as_they_should_be(many):
    for threshold in (2.0, 3.0, 4.0, 4.5, 5.0):
        expected = len(many) * norm.sf(threshold)
        for count in (np.sum(many > threshold), np.sum(many < -threshold)):
            assert abs(count - expected) < 4 * math.sqrt(expected)
    assert 5 < np.abs(many).max() < 6.8  # no word gives more


@pytest.mark.slow
def test_no_two_numbers_of_a_block_or_of_neighbours_are_correlated():
    z = draw(200_000, 2 * BLOCK).astype(float)
    bound = 5 / math.sqrt(len(z))
    for values in (z, z**2):
        correlation = np.corrcoef(values.T) - np.eye(z.shape[1])
        assert np.abs(correlation).max() < bound
        following = np.corrcoef(values[:-1].T, values[1:].T)[: 2 * BLOCK, 2 * BLOCK :]
        assert np.abs(following).max() < bound
    pairs = np.abs(np.corrcoef(z[:, 0] * z[:, 1], z[:, 2] * z[:, 3])[0, 1])
    assert pairs < bound


@pytest.mark.parametrize("word", range(4))
def test_keys_that_differ_in_one_bit_give_independent_streams(word):
    other = KEY.copy()
    other[word] ^= 1
    one, two = draw(1000, 1000).ravel(), draw(1000, 1000, other).ravel()
    assert abs(np.corrcoef(one, two)[0, 1]) < 4 / 1000
    assert abs(np.corrcoef(np.abs(one), np.abs(two))[0, 1]) < 4 / 1000
    np.testing.assert_array_equal(one, draw(1000, 1000).ravel())


def test_a_number_depends_on_its_place_alone():
    whole = draw(20, 5 * BLOCK)
    np.testing.assert_array_equal(draw(20, 70), whole[:, :70])
    np.testing.assert_array_equal(draw(3, 7, row=11), whole[11:14, :7])
    part = draw(20, 2 * BLOCK, column=3 * BLOCK)
    np.testing.assert_array_equal(part, whole[:, 3 * BLOCK :])
    np.testing.assert_array_equal(draw(20, 70, dtype=np.float64), whole[:, :70].astype(float))


def test_scales_apply_to_their_columns():
    scale = np.linspace(0.1, 2, 70, dtype=np.float32)
    out = np.empty((5, 70), np.float32)
    fill(out, scale, KEY, 0, 0)
    np.testing.assert_array_equal(out, draw(5, 70) * scale)
