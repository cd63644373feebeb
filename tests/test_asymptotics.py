"""Local exponents of the theory's risk, and the step sizes at which they are taken."""

import numpy as np
import pandas as pd
import pytest

from quadlaw import PowerLaw, TwoPhase
from quadlaw.studies import asymptotics
from quadlaw.theory import predicted_risk, rates, stability_edge, tuned_step
from quadlaw.theory.asymptotics import decades, local_exponents, tuned_risks
from quadlaw.theory.rates import escape_clock
from quadlaw.theory.tuning import SAFE


def test_decades_are_whole_and_log_spaced():
    assert decades(3, 5, 1) == [1000, 10_000, 100_000]
    assert decades(3, 4, 2) == [1000, 3162, 10_000]


def test_local_exponents_of_a_planted_law_on_the_natural_clock():
    T = np.array(decades(3, 12, 2), dtype=float)
    every = {"model": "quadratic", "alpha": 3.0, "beta": 1.5, "sigma": 0.5, "init": 0.5}
    risks = pd.DataFrame({"samples": T, "risk": (T / np.log2(T)) ** -0.3}).assign(**every)
    found = local_exponents(risks)
    assert len(found) == len(T) - 1
    assert np.allclose(found["against_clock"], 0.3, atol=1e-12)
    assert (found["against_T"] < 0.3).all()
    assert np.allclose(found["predicted"], 0.5 / 2.25)


def test_local_exponents_of_a_planted_law_on_the_clock_of_escape():
    T = np.array(decades(3, 12, 2), dtype=float)
    frames = [
        pd.DataFrame({"samples": T, "risk": escape_clock(T, 3.0, 1.5) ** -0.3, "init": 0.5})
        .assign(model=model, alpha=alpha, beta=1.5, sigma=0.5)
        for model, alpha in (("quadratic", 3.0), ("quadratic", 1.5), ("linear", 3.0))
    ]  # fmt: skip
    found = local_exponents(pd.concat(frames)).groupby(["model", "alpha"])["against_escape"]
    assert np.allclose(found.get_group(("quadratic", 3.0)), 0.3, atol=1e-9)
    assert found.get_group(("quadratic", 1.5)).isna().all()  # no escape that grows, or none at all
    assert found.get_group(("linear", 3.0)).isna().all()


def test_an_exponent_that_passes_through_its_law_is_seen_to_leave_it():
    T = np.array(decades(3, 12, 2), dtype=float)
    law = rates.sample_exponent("quadratic", 3.0, 1.5)
    problem = {"alpha": 3.0, "beta": 1.5, "sigma": 0.5, "init": 0.5}
    falls = {"comes": law - 30 / T, "passes": law - 0.01 + 0.03 * np.log10(T / 1e3) / 9}
    for name, fall in falls.items():
        log_risk = -np.cumsum(fall * np.gradient(np.log(T)))
        one = pd.DataFrame({"samples": T, "risk": np.exp(log_risk)}).assign(**problem)
        tuned = pd.concat([one.assign(model=model) for model in ("quadratic", "linear")])
        rows = asymptotics.results({"tuned": tuned}, {})[1]
        rows = rows[(rows["quantity"] == "distance left") & (rows["model"] == "quadratic")]
        left = rows.set_index("against")["estimate"]["T"]
        assert left < 0.1 if name == "comes" else left > 1.5


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
    own = {"linear": "against_T", "quadratic": "against_escape"}
    exponents = {model: found.loc[model, column] for model, column in own.items()}
    off = [exponents[model] - found.loc[model, "predicted"] for model in own]
    assert np.allclose(off, 0, atol=0.004)
    assert exponents["quadratic"] - exponents["linear"] > 0.04
