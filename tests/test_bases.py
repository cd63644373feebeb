"""Bases by their names."""

import numpy as np
import pytest

from quadlaw.sgd.bases import basis, rotation, sketch


def test_a_basis_is_known_by_its_name():
    assert basis("eigenbasis", 4, 4) is None
    assert np.array_equal(basis("rotated 1e-05 2 3", 4, 4), rotation(4, 1e-05, 2, 3))
    assert np.array_equal(basis("sketch 3", 4, 8), sketch(4, 8, 3))


@pytest.mark.parametrize(
    "name",
    ["", "eigenbasis 1", "sketch x", "sketch", "rotated a 2 0", "rotated 0.5 2", "rotated . 2 0"],
)
def test_another_name_is_refused_in_one_line(name):
    with pytest.raises(ValueError, match=r"^basis = .*: must be eigenbasis, rotated ANGLE"):
        basis(name, 4, 4)
