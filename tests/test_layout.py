import numpy as np
import pytest

from quadlaw.base.layout import LINE, rows, whole


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [1, 31, 32, 33, 1024, 4097])
def test_rows_begin_on_lines_an_odd_number_apart_and_hold_whole_vectors(size, dtype):
    array = rows(5, size, dtype)
    assert array.dtype == dtype and array.shape[0] == 5 and array.flags["C_CONTIGUOUS"]
    assert array.ctypes.data % LINE == 0
    assert array.strides[0] % LINE == 0 and (array.strides[0] // LINE) % 2 == 1
    assert size <= whole(size) < array.shape[1] and whole(size) % 32 == 0
    assert not np.any(array)
