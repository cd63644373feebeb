"""The linear model's exact risk against a slow loop, against simulation and against its limits."""

import numpy as np
import pytest

import reference
from quadlaw import PowerLaw, TwoPhase, simulate
from quadlaw.sgd.problem import Finite
from quadlaw.sgd.schedules import Constant, Cosine, Polynomial
from quadlaw.theory import linear_risk, stability_edge
from quadlaw.theory.grids import Nodes, log_steps, whole_steps
from quadlaw.theory.tuning import predicted_risk

SETTINGS = [(2, 3, 0.5), (3, 1.5, 1.0), (1.5, 2.5, 0.1), (2, 2, 0.0)]


@pytest.mark.parametrize("alpha, beta, sigma", SETTINGS)
@pytest.mark.parametrize("size", [1, 7, 256])
def test_steps_agree_with_the_slow_loop(alpha, beta, sigma, size):
    problem = PowerLaw(alpha, beta, sigma)
    slow = reference.linear_risk(problem, size, 777, 0.1, 0.3)
    fast = linear_risk(
        problem, model_size=size, samples=777, step_size=0.1, init=0.3, method="steps"
    )
    assert fast == pytest.approx(slow, rel=1e-10)


@pytest.mark.parametrize("alpha, beta, sigma", SETTINGS)
def test_leaps_agree_with_steps_and_converge(alpha, beta, sigma):
    settings = {"model_size": 2000, "samples": 50_000, "step_size": 0.2, "init": 0.3}
    problem = PowerLaw(alpha, beta, sigma)
    exact = linear_risk(problem, method="steps", **settings)
    assert linear_risk(problem, method="leaps", **settings) == pytest.approx(exact, rel=1e-3)
    coarse = linear_risk(problem, method="leaps", growth=0.5, **settings)
    assert coarse == pytest.approx(exact, rel=2e-2)


def test_simulation_agrees_and_a_theory_without_noise_does_not():
    problem = PowerLaw(2, 3, 0.5)
    settings = {"model_size": 64, "samples": 1024, "step_size": 0.1, "init": 0.3}
    runs = simulate(problem, model="linear", replicates=200, seed=3, **settings)["excess_risk"]
    error = runs.std() / np.sqrt(len(runs))
    assert abs(runs.mean() - linear_risk(problem, **settings)) < 4 * error
    silent = linear_risk(PowerLaw(2, 3, 0.0), **settings)
    assert abs(runs.mean() - silent) > 20 * error


def test_without_noise_one_coordinate_decays_geometrically():
    """M = 1 without noise or tail: the moment shrinks by 1 - 2e + 3e^2 a step, tail aside."""
    problem = PowerLaw(2, 60, 0.0)  # the tail is 2^-60
    settings = {"model_size": 1, "samples": 20, "step_size": 0.1, "init": 0.5}
    risk = linear_risk(problem, schedule=TwoPhase(adaptation=1.0), **settings)
    assert risk == pytest.approx(0.75**2 * (1 - 0.2 + 0.03) ** 20, rel=1e-9)


def test_a_target_of_zeros_has_no_edge_for_the_quadratic_model():
    nothing = Finite((1.0, 0.5), (0.0, 0.0))
    with pytest.raises(ValueError, match=r"^target = 0.0: must not be zero everywhere"):
        stability_edge(nothing, 2, "quadratic")
    assert 0 < stability_edge(nothing, 2, "linear") < 1  # the control


def test_a_model_of_more_coordinates_than_the_problem_is_refused():
    problem, run = Finite((1.0, 0.5), (1.0, 1.0)), {"samples": 9, "step_size": 0.1, "init": 0.3}
    refused = pytest.raises(ValueError, match=r"^model_size = 3: the problem has 2 coordinates")
    with refused:
        stability_edge(problem, 3)
    with refused:
        linear_risk(problem, model_size=3, **run)
    assert linear_risk(problem, model_size=2, **run) > 0  # the control


def test_risk_stays_bounded_below_the_edge_and_grows_beyond():
    problem = PowerLaw(2, 2, 0.5)
    edge = stability_edge(problem, 128)
    constant = TwoPhase(adaptation=1.0)
    settings = {"model_size": 128, "samples": 20_000, "init": 0.5, "schedule": constant}
    below = linear_risk(problem, step_size=0.95 * edge, **settings)
    assert below < 100
    with pytest.raises(ValueError, match=r"step_size = .*the expected risk grows forever"):
        linear_risk(problem, step_size=1.001 * edge, **settings)
    eigenvalues, moments = problem.eigenvalues(128), np.ones(128)
    eta = 1.02 * edge
    for _ in range(20_000):  # the recursion itself, beyond the edge
        source = eta**2 * eigenvalues * (eigenvalues @ moments)
        moments = (1 - 2 * eta * eigenvalues + 2 * (eta * eigenvalues) ** 2) * moments + source
    assert eigenvalues @ moments > 1e6


def test_the_trajectory_ends_at_the_final_risk():
    settings = {"model_size": 64, "samples": 1000, "step_size": 0.1, "init": 0.5}
    table = linear_risk(PowerLaw(2, 2), whole=True, **settings)
    assert list(table["time"]) == list(range(1001))
    assert table["excess_risk"].iloc[-1] == linear_risk(PowerLaw(2, 2), **settings)


@pytest.mark.parametrize(
    "change, reason",
    [
        ({"init": -0.1}, "init = -0.1: must not be negative"),
        ({"init": float("nan")}, "init = nan"),
        ({"samples": 1}, "samples = 1"),
        ({"step_size": -0.1}, "step_size = -0.1"),
        ({"step_size": 3.0}, "step_size = 3.0"),
        ({"method": "exact"}, "method = 'exact'"),
        ({"model_size": 0}, "model_size = 0"),
        ({"init": 1e80}, "init = 1e"),
        ({"samples": 10**12, "method": "steps"}, "samples = 1000000000000: step by step"),
        ({"samples": 10**20}, "samples = 100000000000000000000: must be at most"),
    ],
)
def test_bad_input_is_refused_with_its_reason(change, reason):
    settings = {"model_size": 64, "samples": 1000, "step_size": 0.1, "init": 0.5} | change
    with pytest.raises(ValueError, match=reason):
        linear_risk(PowerLaw(2, 2), **settings)


def test_zero_is_a_start_like_any_other_of_the_linear_model_and_of_no_other():
    settings = {"model_size": 64, "samples": 1000, "step_size": 0.1}
    exact = reference.linear_risk(PowerLaw(2, 2), 64, 1000, 0.1, 0.0)
    assert linear_risk(PowerLaw(2, 2), init=0, **settings) == pytest.approx(exact, rel=1e-9)
    for model, init in (("linear", 0.0), ("linear from zero", 0.7)):
        found = predicted_risk(model, PowerLaw(2, 2), init=init, **settings)
        assert found == pytest.approx(exact, rel=1e-3)
    for model in ("quadratic", "signed", "depth 3"):
        with pytest.raises(ValueError, match=r"init = 0.*: zero is a fixed point"):
            predicted_risk(model, PowerLaw(2, 2), init=0.0, **settings)


def test_nodes_sum_power_laws_as_all_coordinates_do():
    for size in (1, 64, 65, 1000, 100_000):
        nodes, index = Nodes.of(PowerLaw(2, 2), size), np.arange(1, size + 1.0)
        assert nodes.count.sum() == size
        for power in (0, 0.5, 1.1, 3):
            total = np.sum(nodes.count * nodes.index**-power)
            assert total == pytest.approx(np.sum(index**-power), rel=1e-3)


def test_blocks_of_coordinates_sum_power_laws():
    nodes, index = Nodes.of(PowerLaw(2, 2), 10**6), np.arange(65, 10**6 + 1.0)
    block = nodes.index > 64
    for power in (0, 0.5, 1.1, 2, 3, 4):
        total = np.sum(nodes.count[block] * nodes.index[block] ** -power)
        assert total == pytest.approx(np.sum(index**-power), rel=3e-3)


@pytest.mark.parametrize("samples", [2, 3, 100, 12_345])
@pytest.mark.parametrize("adaptation", [0.0, 0.5, 1.0])
def test_leaps_see_the_step_sizes_of_every_step(samples, adaptation):
    schedule = TwoPhase(adaptation)
    lengths, factors = log_steps(samples, schedule, 0.1)
    assert np.array_equal(np.repeat(factors, lengths), whole_steps(samples, schedule)[1])


@pytest.mark.parametrize("schedule", [Polynomial(1), Cosine(), TwoPhase(0.2), Constant()])
@pytest.mark.parametrize("samples", [50, 20_000])
def test_leaps_through_any_schedule_end_where_single_steps_do(schedule, samples):
    """The error is that of the leaps; a step size of 5 % less is told apart."""
    settings = {"model_size": 64, "samples": samples, "init": 0.3, "schedule": schedule}
    exact = linear_risk(PowerLaw(2, 3), step_size=0.1, method="steps", **settings)
    leaps = linear_risk(PowerLaw(2, 3), step_size=0.1, method="leaps", **settings)
    other = linear_risk(PowerLaw(2, 3), step_size=0.095, method="steps", **settings)
    assert leaps == pytest.approx(exact, rel=3e-3)
    assert abs(other / exact - 1) > 6e-3


def test_leaps_fill_the_run_and_see_the_mean_step_size():
    for schedule in (Polynomial(1), Cosine()):
        lengths, factors = log_steps(12_345, schedule, 0.1)
        assert lengths.sum() == 12_345 and (lengths > 0).all()
        total = whole_steps(12_345, schedule)[1].sum()
        assert lengths @ factors == pytest.approx(total, rel=1e-4)
        assert len(lengths) < 2000


def test_an_average_of_iterates_is_not_predicted():
    settings = {"model_size": 8, "samples": 100, "step_size": 0.1, "init": 0.3}
    with pytest.raises(ValueError, match="the theory predicts the last iterate"):
        linear_risk(PowerLaw(2, 2), schedule=Constant(0.5), **settings)


def test_a_finite_problem_is_predicted_as_the_power_law_that_it_lists():
    """The power law's first coordinates alone have no tail: take it off."""
    law = PowerLaw(2, 2)
    finite = Finite(tuple(law.eigenvalues(30)), tuple(law.target(30)))
    assert finite.tail(10) == pytest.approx(law.tail(10) - law.tail(30))
    settings = {"model_size": 30, "samples": 2000, "step_size": 0.1, "init": 0.5}
    moments = (0.25 - law.target(30)) ** 2
    lams = law.eigenvalues(30)
    for eta in 0.1 * TwoPhase().factor(np.arange(2000), 2000):
        risk = lams @ moments
        moments = (1 - 2 * eta * lams + 2 * (eta * lams) ** 2) * moments
        moments += eta**2 * lams * (risk + 0.25)
    assert linear_risk(finite, method="steps", **settings) == pytest.approx(lams @ moments)
    assert linear_risk(law, method="steps", **settings) > 1.02 * (lams @ moments)


def test_equal_coordinates_share_a_node():
    problem = Finite((0.1,) * 10, (1.0,) * 3 + (0.0,) * 7)
    nodes = Nodes.of(problem, 10)
    assert sorted(nodes.count) == [3, 7]
    assert np.sum(nodes.count * nodes.eigenvalues * nodes.target**2) == pytest.approx(0.3)
