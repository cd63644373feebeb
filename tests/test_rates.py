import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from quadlaw.sgd.problem import PowerLaw
from quadlaw.theory import rates
from quadlaw.theory.asymptotics import tuned_risks

exponents = st.floats(1.05, 6)


@pytest.mark.parametrize(
    ("model", "alpha", "beta", "exponent"),
    [
        ("quadratic", 3, 1.5, 2 / 9),  # 2 (beta - 1) / (alpha + beta) for alpha > beta
        ("linear", 3, 1.5, 1 / 6),  # (beta - 1) / alpha
        ("quadratic", 2, 3, 2 / 3),  # 1 - 1/beta for alpha <= beta, both models
        ("linear", 2, 3, 2 / 3),
        ("quadratic", 2, 2, 1 / 2),
    ],
)
def test_sample_exponents_of_the_paper(model, alpha, beta, exponent):
    assert rates.sample_exponent(model, alpha, beta) == pytest.approx(exponent)


def test_the_depth_of_a_model_is_in_its_name_or_its_own():
    names = ("depth 1", "depth 3", "linear", "quadratic", "signed")
    assert [rates.depth_of(name) for name in names] == [1, 3, 1, 2, 2]
    for name in ("depth 0", "depth x", "3"):
        with pytest.raises(ValueError, match="model = "):
            rates.depth_of(name)


@given(alpha=exponents, beta=exponents)
def test_order_of_the_models(alpha, beta):
    quadratic, linear = (rates.sample_exponent(m, alpha, beta) for m in ("quadratic", "linear"))
    assert linear <= quadratic * (1 + 1e-12)
    assert quadratic <= rates.minimax_exponent(beta) * (1 + 1e-12)
    assert (quadratic > linear * (1 + 1e-12)) == (alpha > beta * (1 + 1e-12))


@given(alpha=exponents, beta=exponents, samples=st.floats(2, 1e12))
def test_tail_beyond_the_effective_dimension_has_the_sample_exponent(alpha, beta, samples):
    for model in ("quadratic", "linear"):
        dimension = rates.effective_dimension(model, alpha, beta, samples)
        risk = dimension ** -rates.model_exponent(beta)
        assert risk == pytest.approx(samples ** -rates.sample_exponent(model, alpha, beta))
        assert rates.effective_dimension(model, alpha, beta, samples, 1) == 1


@given(alpha=exponents, beta=exponents, dimension=st.floats(1, 1e6))
def test_coordinate_d_is_just_learned_at_the_step_size(alpha, beta, dimension):
    """``eta * speed_D * T = 1`` at ``T = D^s`` with constant one, for both models."""
    for model in ("quadratic", "linear"):
        samples = dimension ** rates.rate_exponent(model, alpha, beta)
        speed = dimension ** -{"quadratic": (alpha + beta) / 2, "linear": alpha}[model]
        eta = rates.step_size(model, alpha, beta, dimension)
        assert eta * speed * samples == pytest.approx(1)


@given(alpha=exponents, beta=exponents, dimension=st.integers(1, 1000))
def test_initial_value_is_below_every_learned_target(alpha, beta, dimension):
    target = np.arange(1, dimension + 1.0) ** ((alpha - beta) / 2)
    square = rates.initial_value(alpha, beta, dimension) ** 2
    assert square == pytest.approx(target.min() / 4)


def test_unknown_models_are_refused():
    with pytest.raises(ValueError, match="model = 'cubic': must be one of quadratic, linear"):
        rates.sample_exponent("cubic", 2, 2)


@pytest.mark.parametrize("model", ["quadratic", "linear"])
@pytest.mark.parametrize("alpha, beta", [(3.0, 1.5), (2.0, 2.0), (1.5, 2.5)])
def test_risk_form_has_the_exponents_in_samples_size_and_compute(model, alpha, beta):
    def slope(risk, x):
        return -np.log(risk[1] / risk[0]) / np.log(x[1] / x[0])

    T = np.array([1e18, 1e20])
    risk = rates.risk_form(model, alpha, beta, 0.5, T)
    assert slope(risk, T) == pytest.approx(rates.sample_exponent(model, alpha, beta), abs=0.01)
    M = np.array([10.0, 100.0])
    risk = rates.risk_form(model, alpha, beta, 0.5, 1e40, M)
    assert slope(risk, M) == pytest.approx(rates.model_exponent(beta), abs=0.01)
    compute, best = np.array([1e16, 1e20]), []
    for C in compute:
        sizes = np.geomspace(2, C**0.6, 4000)
        best.append(rates.risk_form(model, alpha, beta, 0.5, C / sizes, sizes).min())
    assert slope(best, compute) == pytest.approx(
        rates.compute_exponent(model, alpha, beta), abs=0.01
    )


def test_a_fixed_step_is_worse_where_the_tuned_one_is_small():
    assert rates.fixed_step_exponent(3.0, 1.5) == rates.sample_exponent("linear", 3.0, 1.5)
    assert rates.fixed_step_exponent(1.5, 2.5) < rates.sample_exponent("linear", 1.5, 2.5)


@pytest.mark.parametrize("model", ["linear", "quadratic"])
def test_risk_far_out_is_a_power_of_the_variable_of_its_limiting_term(model):
    """By theory at (4, 2); against the other variable the exponent is not that of the law."""
    problem, ends = PowerLaw(4.0, 2.0, 0.5), np.array([1e9, 1e12])
    options = {"size_factor": 4.0, "init_scale": 0.5}
    risk = tuned_risks(problem, model, ends.astype(int).tolist(), **options)["risk"]
    off = {
        name: abs(np.log(risk[0] / risk[1]) / np.log(x[1] / x[0])
                  - rates.sample_exponent(model, 4.0, 2.0))
        for name, x in (
            (name, rates.clock(name, ends, 4.0, 2.0)) for name in ("T", "T/log2 T", "T/L")
        )
    }  # fmt: skip
    wrong = {"linear": "T/log2 T", "quadratic": "T"}[model]
    assert off[rates.limiting_clock(model, 4.0, 2.0)] < 0.005 < 0.008 < off[wrong]


def test_the_limiting_variable_by_depth_and_start():
    clock = rates.limiting_clock
    assert [clock(rates.name_of(L), 3.0, 1.5) for L in (1, 2, 3)] == ["T", "T/L", "T"]
    assert [clock(model, 3.0, 1.5) for model in ("signed", "relu")] == ["T/L"] * 2
    assert [clock(rates.name_of(L), 3.0, 1.5, "target") for L in (1, 2, 3)] == ["T"] * 3
    assert {clock(rates.name_of(L), 2.0, 3.0) for L in (1, 2, 3)} == {"T/log2 T"}


@pytest.mark.parametrize(
    "alpha, beta, start",
    [(3, 2.5, 0.25), (4, 2, 0.25), (5, 1.5, 0.01), (3, 2.5, 0.49), (4, 2, 0.49)],
)
def test_the_clock_of_escape_is_that_of_its_last_coordinate(alpha, beta, start):
    """The mean field's growth time of coordinate D is L(D), in units of its speed."""
    T = 2.0 ** np.arange(0, 41, 4)
    clock = rates.escape_clock(T, alpha, beta, start)
    D = clock ** (2 / (alpha + beta))
    target, speed = D ** ((alpha - beta) / 2), D ** -((alpha + beta) / 2)
    assert np.allclose(T, np.log(target / start - 1) / speed)
    growth = solve_ivp(lambda t, w: w * (target[3] - w), (0, 99), [start], rtol=1e-9, atol=1e-12,
                       dense_output=True)  # fmt: skip
    assert growth.sol(T[3] / clock[3] / target[3])[0] == pytest.approx(target[3] / 2, rel=1e-4)


def test_there_is_no_escape_from_half_of_the_first_target_on():
    starts = np.array([0.3, 0.49, 0.5, 2.0])
    found = rates.escape_clock(2.0**20, 3.0, 1.5, starts)
    assert np.isfinite(found).tolist() == [True, True, False, False]
    with pytest.raises(ValueError, match="nonsense"):
        rates.limiting_clock("nonsense", 3.0, 1.5)


def test_the_logarithm_of_escape_grows_less_than_that_of_the_samples():
    T = np.array([2.0**20, 2.0**30])
    for alpha, beta in ((3, 2.5), (4, 2), (5, 1.5)):
        rise = np.diff(np.log(T / rates.escape_clock(T, alpha, beta)))
        assert 0 < rise < np.diff(np.log(np.log2(T)))
    far = np.array([1e100, 1e200])
    assert np.diff(np.log(far / rates.escape_clock(far, 3, 2.5))) == pytest.approx(
        np.log(2), rel=0.1
    )


def test_equal_exponents_follow_the_noise():
    assert not rates.escapes("quadratic", 2.0, 2.0)
    assert rates.limiting_clock("quadratic", 2.0, 2.0) == "T/log2 T"
    assert rates.clock("T/log2 T", np.array([4.0, 1024.0]), 2.0, 2.0).tolist() == [2.0, 102.4]


def test_the_exponent_of_the_linearized_model():
    found = [rates.linearized_exponent(depth, 4.0, 2.0) for depth in (1, 2, 3, 6)]
    assert found == pytest.approx([4, 3, 8 / 3, 7 / 3])
    assert rates.linearized_exponent(3, 1.5, 3.0) == 3  # noise limits


def test_the_terms_of_the_risk_of_the_form():
    """D = 8 at T = 512: what lies beyond M or D, and 9/512 for each that is learned."""
    form = lambda size: rates.risk_form("quadratic", 4.0, 2.0, 3.0, 512, size)  # noqa: E731
    assert form(np.inf) == pytest.approx(9 * 8 / 512 + 1 / 8)
    assert form(4) == pytest.approx(1 / 4 + 9 * 4 / 512)
    assert form(64) == pytest.approx(1 / 64 + 9 * 8 / 512 + 1 / 8)
