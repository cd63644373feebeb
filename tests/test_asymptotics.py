"""Local exponents of the theory's risk, and the step sizes at which they are taken."""

import numpy as np
import pandas as pd
import pytest

from quadlaw import PowerLaw, TwoPhase
from quadlaw.theory import predicted_risk, stability_edge, tuned_step
from quadlaw.theory.asymptotics import decades, local_exponents, tuned_risks
from quadlaw.theory.tuning import SAFE


def test_decades_are_whole_and_log_spaced():
    assert decades(3, 5, 1) == [1000, 10_000, 100_000]
    assert decades(3, 4, 2) == [1000, 3162, 10_000]


def test_local_exponents_of_a_planted_law_on_the_natural_clock():
    T = np.array(decades(3, 12, 2), dtype=float)
    every = {"model": "quadratic", "alpha": 3.0, "beta": 1.5, "sigma": 0.5}
    risks = pd.DataFrame({"samples": T, "risk": (T / np.log2(T)) ** -0.3}).assign(**every)
    found = local_exponents(risks)
    assert len(found) == len(T) - 1
    assert np.allclose(found["against_clock"], 0.3, atol=1e-12)
    assert (found["against_T"] < 0.3).all()
    assert np.allclose(found["predicted"], 0.5 / 2.25)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["linear", "quadratic"])
@pytest.mark.parametrize("alpha, beta", [(3, 1.5), (2, 3)])
def test_no_other_step_size_has_less_risk(model, alpha, beta):
    problem = PowerLaw(alpha, beta, 0.5)
    rest = {"model_size": 1000, "samples": 10**8, "init": 0.05}
    eta, risk, at_limit = tuned_step(model, problem, **rest)
    assert risk == pytest.approx(predicted_risk(model, problem, step_size=eta, **rest))
    assert at_limit == (alpha > beta)
    if at_limit:
        assert eta == pytest.approx(SAFE * stability_edge(problem, 1000, model))
    for factor in (0.25, 0.5, 0.8) if at_limit else (0.25, 0.5, 0.8, 1.25, 2):
        assert predicted_risk(model, problem, step_size=eta * factor, **rest) > risk


@pytest.mark.parametrize("change", [{"init": -1}, {"samples": 1}, {"model_size": 0}, {"init": 1e3}])
def test_a_setting_that_no_step_size_saves_is_refused(change):
    settings = {"model_size": 16, "samples": 1000, "init": 0.1} | change
    with pytest.raises(ValueError, match=next(iter(change))):
        tuned_step("quadratic", PowerLaw(2, 2), **settings)


@pytest.mark.slow
def test_exponents_at_a_trillion_samples_are_the_papers():
    """Within .02 at (3, 1.5), and the two models' exponents are told apart."""
    problem, late = PowerLaw(3, 1.5, 0.5), decades(11, 12, 1)
    options = {"size_factor": 16, "init_scale": 0.5, "schedule": TwoPhase()}
    risks = pd.concat([tuned_risks(problem, m, late, **options) for m in ("linear", "quadratic")])
    found = local_exponents(risks).set_index("model")
    assert np.allclose(found["against_clock"], found["predicted"], atol=0.02)
    assert found.loc["quadratic", "against_clock"] - found.loc["linear", "against_clock"] > 0.04
