"""Data that show no power law or cannot be read: one line with key and reason."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from quadlaw import estimate_exponents

RNG = np.random.default_rng(0)
ROWS, D = 4000, 100
Z, INDEX, LABELS = RNG.standard_normal((ROWS, D)), np.arange(1, D + 1.0), RNG.standard_normal(ROWS)
X = Z / INDEX  # alpha = 2


def noisy(signals):
    return Z @ np.sqrt(signals) + 0.5 * LABELS


Y = noisy(INDEX**-2)
HOLED = np.where(np.arange(ROWS) == 7, np.nan, Y)
MASK = (np.arange(ROWS) == 7)[:, None] & (np.arange(D) == 3)
FRAME = pd.DataFrame(X, columns=[f"c{place}" for place in range(D)])
LABELLED = pd.Series(Y)
REFUSED = [
    ((Z, Y, {}), "alpha = 0.0.*: may be .*: nothing falls as a power"),
    ((Z, LABELS, {}), "alpha = 0.0.*: nothing falls as a power of the index; (signal|beta).* = "),
    ((X, np.ones(ROWS), {}), "y = 1.0: all labels are equal"),
    ((X, HOLED, {}), r"y\[7\] = nan: must be finite"),
    ((X / HOLED[:, None], Y, {}), r"x\[7, 0\] = nan: must be finite"),
    ((X * 1e200, Y, {}), r"x\[0, 0\] = .*e\+199: must be finite, and below 1e\+100"),
    ((X, Y[1:], {}), r"y.shape = \(3999,\): must be \(4000,\)"),
    ((X, Y[:, None], {}), r"y.shape = \(4000, 1\): must be \(4000,\)"),
    ((Y, Y, {}), r"x.shape = \(4000,\): must be \(rows, columns\)"),
    ((X[:, :5], Y, {}), r"x.shape = \(4000, 5\): a power law needs at least 8 columns"),
    ((X[:150], Y[:150], {}), r"x.shape = \(150, 100\): needs at least two rows a column"),
    ((X[:0], Y[:0], {}), r"x.shape = \(0, 100\): needs at least two rows"),
    ((X.astype(str), Y, {}), "x.dtype = '<U.*': must be real numbers"),
    ((X + 0j, Y, {}), "x.dtype = 'complex128': must be real numbers"),
    ((0 * X, Y, {}), r"indices = \(1, 0\): a power law is read from at least 8 indices"),
    ((X[:, [0, 1] * 10], Y, {}), "indices = .*: a power law is read from at least 8 .*rank 2"),
    ((X, Y, {"indices": (1, 101)}), r"indices\[1\] = 101: the covariance has rank 100"),
    ((X[:400], Y[:400], {"indices": (1, 50)}), r"indices\[1\] = 50: 400 rows suffice for 20"),
    ((X, Y, {"indices": (0, 50)}), r"indices\[0\] = 0: must be at least 1"),
    ((X, Y, {"indices": (5, 9)}), r"indices = \(5, 9\): a power law is read from at least 8"),
    ((X, Y, {"indices": 50}), "indices = 50: must be the first and the last"),
    ((X, Y, {"basis": X[:, 1:]}), r"basis.shape = \(4000, 99\): x has 100 columns"),
    # Masked: not what lies under the mask.
    ((np.ma.masked_array(X, MASK), Y, {}), r"x\[7, 3\] = masked: leave out the rows"),
    ((list(np.ma.masked_array(X, MASK)), Y, {}), r"x\[7, 3\] = masked: leave out the rows"),
    ((X, np.ma.masked_array(Y, MASK[:, 3]), {}), r"y\[7\] = masked: leave out the rows"),
    ((X, Y, {"basis": np.ma.masked_array(X, MASK)}), r"basis\[7, 3\] = masked: leave out"),
    # pandas: rows and columns meet by their labels.
    ((FRAME, LABELLED[::-1], {}), r"y.index = \[3999, 3998, 3997\]: differs from x.index: align"),
    ((FRAME[1:], LABELLED[:-1], {}), r"y.index = \[0, 1, 2\]: differs from x.index: align"),
    (
        (FRAME, LABELLED, {"basis": FRAME.iloc[:, ::-1]}),
        r"basis.columns = \['c99', 'c98',.*\]:",
    ),
    ((FRAME.assign(c3="a"), LABELLED, {}), r"x\['c3'\].dtype = '(object|str)': must be real"),
    ((FRAME.assign(c3=1j), LABELLED, {}), r"x\['c3'\].dtype = 'complex128': must be real"),
    ((FRAME.assign(c3=pd.Timestamp(0)), LABELLED, {}), r"x\['c3'\].dtype = 'datetime64.*real"),
    (
        (FRAME.astype({"c3": "category"}), LABELLED, {}),
        r"x\['c3'\].dtype = 'category': must",
    ),
    ((FRAME, LABELLED.astype("category"), {}), "y.dtype = 'category': must be real"),
    ((FRAME.mask(MASK).astype("Float64"), Y, {}), r"x\[7, 3\] = nan: must be finite"),
    ((FRAME.mask(MASK).astype("double[pyarrow]"), Y, {}), r"x\[7, 3\] = nan: must be finite"),
    ((FRAME, LABELLED.where(LABELLED.index != 7).astype("Float64"), {}), r"y\[7\] = nan: must be"),
    # Sparse, ragged, and nothing at all.
    ((sparse.csr_array(X), Y, {}), r"x = 'csr_array': is sparse: give x.toarray\(\)"),
    ((sparse.coo_matrix(X), Y, {}), r"x = 'coo_matrix': is sparse: give x.toarray\(\)"),
    ((X, Y, {"basis": sparse.csc_array(X)}), r"basis = 'csc_array': is sparse"),
    (([[1.0, 2.0], [3.0]], Y, {}), "x = 'list': must be an array of numbers"),
    ((None, Y, {}), "x.dtype = 'object': must be real numbers"),
    ((X.astype(object), Y, {}), "x.dtype = 'object': must be real numbers"),
    ((X.astype("datetime64[s]"), Y, {}), "x.dtype = 'datetime64.*': must be real numbers"),
    # Units: squares of larger or smaller numbers are none.
    ((X, np.abs(Y) * 1e101, {}), r"y\[.*\] = .*e\+10.: must be finite, and below 1e\+100"),
    ((X * 1e-110, Y, {}), "x = .*e-110: deviations from the mean must exceed 1e-100"),
    ((X, Y * 1e-110, {}), "y = .*e-110: deviations from the mean must exceed 1e-100"),
]


@pytest.mark.parametrize(("given", "message"), REFUSED, ids=[message for _, message in REFUSED])
@pytest.mark.filterwarnings("error")
def test_what_shows_no_power_law_is_refused_in_one_line(given, message):
    x, y, options = given
    with pytest.raises(ValueError, match=f"^{message}") as caught:
        estimate_exponents(x, y, **options)
    assert "\n" not in str(caught.value)


PARTIAL = [
    (Z * np.exp(-INDEX / 10), Y, "alpha", "alpha = .*: no power law, it goes from"),
    (Z * np.exp(-INDEX / 40), Y, "alpha", "alpha = .*: no power law, it goes from"),
    (X, noisy(np.exp(-INDEX / 5)), "beta", "beta = .*: no power law, it goes from"),
    (X, noisy(np.full(D, 0.01)), "beta", "beta = .*: may be .*: nothing falls as a power"),
    (X, LABELS, "beta", "(signal_indices|beta) = "),
    (X, noisy(1.0 * (INDEX == 3)), "beta", "(signal_indices|beta) = "),
]


@pytest.mark.parametrize(("x", "y", "missing", "reason"), PARTIAL)
def test_one_exponent_is_had_without_the_other_and_the_reason_said(x, y, missing, reason):
    found = estimate_exponents(x, y)
    assert list(found.reasons) == [missing] and getattr(found, missing) is None
    other = found.beta if missing == "alpha" else found.alpha
    assert abs(other.estimate - 2) < other.ci_high - other.ci_low  # twice the half-width
    for asked in (found.whole, lambda: found.problem):
        with pytest.raises(ValueError, match=f"^{reason}") as caught:
            asked()
        assert "\n" not in str(caught.value)
    assert (found.signal_indices is None) == (missing == "beta")


def test_eight_directions_suffice_where_the_larger_half_would_not():
    """Ten columns: alpha of the first eight; the control has seven."""
    found = estimate_exponents(X[:, :10], LABELS)
    assert found.indices == (1, 8) and found.alpha.ci_low < 2 < found.alpha.ci_high
    with pytest.raises(ValueError, match=r"indices = \(1, 7\): a power law"):
        estimate_exponents(np.hstack([X[:, :7], X[:, :1]]), LABELS)


def test_the_same_data_without_the_fault_are_accepted():
    found = estimate_exponents(X, Y)
    assert found.alpha.estimate == pytest.approx(2, abs=0.03)
    assert found.beta.estimate == pytest.approx(2, abs=0.3)
    with pytest.raises(ValueError, match=r"alpha = .*: must exceed 1"):
        _ = estimate_exponents(Z * INDEX**-0.4, Y).problem  # estimated, but beyond the theory


# --- what is taken --------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["Float64", "double[pyarrow]", "float32", "Sparse[float]"])
def test_extension_dtypes_are_read_as_their_numbers(dtype):
    found = estimate_exponents(FRAME.astype(dtype), LABELLED.astype(dtype))
    same = {"rel": 1e-4 if dtype == "float32" else 1e-12}
    plain = estimate_exponents(X, Y)
    assert found.alpha.estimate == pytest.approx(plain.alpha.estimate, **same)
    assert found.beta.scale == pytest.approx(plain.beta.scale, **same)


@pytest.mark.parametrize("dtype", ["bool", "boolean", "bool[pyarrow]"])
def test_a_column_of_bools_is_one_of_zeros_and_ones(dtype):
    ones = FRAME["c3"] > 0
    found = estimate_exponents(FRAME.assign(c3=ones.astype(dtype)), LABELLED)
    assert found == estimate_exponents(FRAME.assign(c3=1.0 * ones), LABELLED)


def test_masks_without_a_masked_cell_and_equal_labels_are_no_fault():
    plain = estimate_exponents(X, Y)
    assert estimate_exponents(np.ma.masked_array(X), np.ma.masked_array(Y, False)) == plain
    shuffled = FRAME.sample(frac=1, random_state=0)
    for y in (LABELLED, Y):  # only one of the two has labels, or both have the same
        assert estimate_exponents(FRAME, y, basis=FRAME) == estimate_exponents(X, Y, basis=X)
    mixed = estimate_exponents(shuffled, LABELLED.loc[shuffled.index])
    assert mixed.alpha.estimate == pytest.approx(plain.alpha.estimate, abs=3e-3)


def test_what_is_masked_would_change_the_answer():
    """The control: it is read if the mask is dropped."""
    hidden = np.where(MASK, 100.0, X)
    found = estimate_exponents(hidden, Y)
    assert abs(found.alpha.estimate - estimate_exponents(X, Y).alpha.estimate) > 0.1


@pytest.mark.parametrize("unit", [1e-99, 1e-66, 1e66, 1e98])
@pytest.mark.filterwarnings("error")
def test_units_from_1e_minus_100_to_1e100_change_scales_alone(unit):
    plain, found = estimate_exponents(X, Y), estimate_exponents(unit * X, unit * Y)
    for name in ("alpha", "beta"):
        one, other = getattr(plain, name), getattr(found, name)
        assert other.estimate == pytest.approx(one.estimate, rel=1e-9)
        assert (other.ci_low, other.last) == pytest.approx((one.ci_low, one.last), rel=1e-6)
        assert other.scale == pytest.approx(unit**2 * one.scale, rel=1e-9)
    assert found.noise_variance == pytest.approx(unit**2 * plain.noise_variance, rel=1e-9)
    assert found.problem.sigma == pytest.approx(plain.problem.sigma, rel=1e-9)
    assert type(found.noise_variance) is type(found.beta.scale) is float
