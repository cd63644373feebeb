"""Step sizes by the theory: as large as runs stay, and the best of these."""

import numpy as np
import pytest

import quadlaw
from quadlaw import PowerLaw
from quadlaw.sgd.problem import Finite
from quadlaw.theory import stability_edge, tuned_step
from quadlaw.theory.tuning import LARGEST, SAFE, least_risk, loudest_step, tuned_constant

STEEP = PowerLaw(3.0, 1.5, 0.5)
SETTING = {"model_size": 32, "samples": 4096, "init": 0.3}


@pytest.mark.slow
def test_at_the_largest_step_no_run_diverges_and_at_twice_that_some_do():
    """So a larger share of the edge would be seen, and so would one of half as much."""
    edge = stability_edge(STEEP, SETTING["model_size"], "quadratic")
    runs = quadlaw.simulate(
        STEEP, method="leaps", step_size=[SAFE * edge, 2 * SAFE * edge], replicates=256, **SETTING
    )
    safe, twice = runs.groupby("step_size")["diverged"].mean()
    assert safe == 0 and twice > 0.03


def test_where_the_risk_still_falls_the_step_is_a_quarter_of_the_edge():
    edge = stability_edge(STEEP, SETTING["model_size"], "quadratic")
    tuned = tuned_step("quadratic", STEEP, **SETTING)
    assert tuned.at_limit and tuned.step_size == pytest.approx(edge / 4)
    more = tuned_step("quadratic", STEEP, share=0.4, **SETTING)
    assert more.at_limit and more.step_size == pytest.approx(0.4 * edge)
    assert more.risk < tuned.risk


@pytest.mark.parametrize("best", [1e-3, 0.02, 0.5])
def test_the_step_of_the_least_risk_is_found_or_the_limit(best):
    def risk(eta):
        return 2 + np.log(eta / best) ** 2

    found = least_risk(risk, 1.0, 1e-4)
    assert not found.at_limit and abs(np.log(found.step_size / best)) < 0.1
    assert found.risk == pytest.approx(2, abs=0.01)
    limited = least_risk(risk, best / 2, 1e-4)
    assert limited.at_limit and limited.step_size == pytest.approx(best / 2)


def test_steps_at_which_the_risk_diverges_are_none():
    def risk(eta):
        if eta > 0.1:
            raise ValueError("diverges")
        return 1 / eta

    found = least_risk(risk, 1.0, 1e-3)
    assert 0.07 < found.step_size <= 0.1
    assert least_risk(lambda eta: risk(1.0), 1.0, 1e-3).risk == np.inf


def test_a_risk_that_is_finite_at_small_steps_alone_is_found():
    def risk(eta):
        if eta > 0.01:
            raise ValueError("diverges")
        return 1 / eta

    assert 0.007 < least_risk(risk, 1.0, 1e-3).step_size <= 0.01


def test_loud_noise_leaves_the_first_coordinate_to_the_quadratic_model():
    """At larger steps it dies, and the theory's mean is none of the runs'."""
    loud = PowerLaw(4.0, 2.0, 10.0)
    setting = {"model_size": 300, "samples": 10**6, "init": 0.5}
    tuned = tuned_step("quadratic", loud, **setting)
    assert tuned.at_limit and tuned.step_size == pytest.approx(0.01)
    runs = quadlaw.simulate(
        loud, method="leaps", step_size=[tuned.step_size, 0.022], replicates=16, **setting
    )
    medians = runs.groupby("step_size")["excess_risk"].median()
    assert medians[tuned.step_size] == pytest.approx(tuned.risk, rel=0.1)
    assert medians[0.022] > 5 * medians[tuned.step_size]


def test_the_strongest_coordinate_has_most_of_the_signal():
    """Not the largest target, and not the largest power of it."""
    two = Finite((1.0, 0.01), (0.8, 5.0), sigma=2.0)  # signals .64 and .25
    assert loudest_step("quadratic", two, 2) == pytest.approx(0.8 / 4)
    assert loudest_step("quadratic", Finite((1.0,), (-0.8,), sigma=2.0), 1) == pytest.approx(0.2)


def test_usual_noise_does_not_limit_the_step():
    for sigma, model in ((2.0, "quadratic"), (0.0, "quadratic"), (10.0, "linear")):
        problem = PowerLaw(3.0, 1.5, sigma)
        assert loudest_step(model, problem, 32) > SAFE * stability_edge(problem, 32, model)


def test_the_constant_is_that_of_the_step():
    constant = tuned_constant(STEEP, "linear", 4096, 32, 0.3)
    tuned = tuned_step("linear", STEEP, **SETTING)
    rates = quadlaw.theory.rates
    dimension = rates.effective_dimension("linear", 3.0, 1.5, 4096, 32)
    step = rates.step_size("linear", 3.0, 1.5, dimension, constant)
    assert float(step) == pytest.approx(tuned.step_size) and constant <= LARGEST
