"""Diagonal networks of any depth: the theory against simulation, other theories and limits."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from quadlaw.fit.points import run_point
from quadlaw.sgd.problem import PowerLaw
from quadlaw.sgd.starts import start_weights
from quadlaw.theory import linear_risk, mean_field_risk, rates
from quadlaw.theory.deep import _moved, deep_risk
from quadlaw.theory.stability import stability_edge

# alpha, beta, sigma, L times the step size, v_0: alpha above, at and below beta. Where alpha lies
# far above, single runs lose a leading coordinate, and a mean over runs means little.
SETTINGS = [(3, 2, 0.3, 0.08, 0.5), (2, 2, 0.5, 0.2, 0.3), (1.5, 2.5, 1.0, 0.1, 0.3)]
DEPTHS = (1, 2, 3, 4, 6)
SIZE, SAMPLES, REPLICATES = 64, 4096, 100


@pytest.fixture(
    scope="module", params=[(one, start) for one in SETTINGS for start in ("uniform", "target")]
)
def runs(request):
    (alpha, beta, sigma, eta, init), start = request.param
    lanes = [
        {"model": rates.name_of(depth), "model_size": SIZE, "step_size": eta / depth,
         "init": init, "start": start}
        for depth in DEPTHS
    ]  # fmt: skip
    point = {
        "alpha": alpha, "beta": beta, "sigma": sigma, "schedule": "two-phase 0.5",
        "samples": SAMPLES, "replicates": REPLICATES, "lanes": lanes,
    }  # fmt: skip
    return run_point(point, 3, "float32")


@pytest.mark.slow
@pytest.mark.parametrize("depth", DEPTHS)
def test_theory_is_the_mean_of_simulated_runs(runs, depth):
    mine = runs[runs["model"] == rates.name_of(depth)]
    risk, one = mine["excess_risk"], mine.iloc[0]
    assert not mine["diverged"].any()
    problem = PowerLaw(one["alpha"], one["beta"], one["sigma"])
    setting = {key: one[key] for key in ("step_size", "init", "start")}
    setting |= {"model_size": SIZE, "samples": SAMPLES}
    theory = deep_risk(problem, depth=depth, **setting)
    allowed = 3 * risk.std() / np.sqrt(len(risk)) + 0.02 * theory
    assert abs(risk.mean() - theory) < allowed
    slower = deep_risk(problem, depth=depth, **(setting | {"step_size": setting["step_size"] / 4}))
    assert abs(risk.mean() - slower) > allowed  # control: another step size


def test_depths_one_and_two_are_the_models_that_have_theories_of_their_own():
    problem = PowerLaw(3, 1.5, 0.5)
    setting = {"model_size": 300, "samples": 50_000, "step_size": 0.05, "init": 0.5}
    assert deep_risk(problem, depth=2, **setting) == pytest.approx(
        mean_field_risk(problem, **setting), rel=1e-12
    )
    exact = linear_risk(problem, method="steps", **setting)
    assert deep_risk(problem, depth=1, **setting) == pytest.approx(exact, rel=0.01)


def test_leaps_converge():
    problem = PowerLaw(2, 3, 0.5)
    setting = {"model_size": 100, "samples": 20_000, "step_size": 0.02, "init": 0.3, "depth": 4}
    fine = deep_risk(problem, growth=0.01, **setting)
    errors = [abs(deep_risk(problem, growth=h, **setting) / fine - 1) for h in (0.5, 0.12)]
    assert errors[1] < 0.01 and errors[1] < errors[0]


@pytest.mark.parametrize("depth", (3, 4, 6))
def test_without_noise_one_coordinate_is_gradient_flow(depth):
    """``dv/dt = e (1 - v^L) v^(L - 1)``."""
    problem, eta, init = PowerLaw(2, 60, 0.0), 1e-4, 0.4  # one coordinate; the tail is 2^-60
    found = deep_risk(
        problem, depth=depth, model_size=1, samples=60_000, step_size=eta, init=init, whole=True
    ).set_index("time")["excess_risk"]
    found = found[found.index <= 30_000]  # the constant step size
    exact = solve_ivp(
        lambda _, v: eta * (1 - v**depth) * v ** (depth - 1), (0, 30_000), [init ** (2 / depth)],
        rtol=1e-8, t_eval=found.index,
    ).y[0]  # fmt: skip
    expected = (1 - exact**depth) ** 2
    early = expected > 0.01  # later, the noise that the risk itself makes counts
    assert early.sum() > 50 and expected[early].min() < 0.05
    assert np.allclose(found[early], expected[early], rtol=0.05)


def test_noise_alone_moves_the_logarithm_as_ito_says():
    """Where noise dominates, ``E log v`` falls by half of what ``Var log v`` gains."""
    depth = 3  # of deeper models' particles, single ones escape
    eta, init, steps, number = 0.02, 0.1, 80, 40_000
    deviation = 1 / init ** (depth - 2)  # so that a step changes v by some e
    draw, v = np.random.default_rng(0), np.full(number, init)
    for _ in range(steps):
        x, xi = draw.standard_normal((2, number))
        v = v - eta * (v**depth * x + deviation * xi) * x * v ** (depth - 1)
    law = _moved(np.log(init), 0.0, 1.0, 0.0, eta, steps, deviation**2, depth)
    logs = np.log(v)
    fallen, error = logs.mean() - np.log(init), logs.std() / np.sqrt(number)
    assert law[0] - np.log(init) == pytest.approx(fallen, abs=4 * error + 0.03 * abs(fallen))
    assert law[1] == pytest.approx(logs.var(), rel=0.06)
    assert abs(fallen) > 10 * error  # control: without a drift


@pytest.mark.parametrize("depth", (2, 3, 4))
def test_linearization_has_the_edge_of_its_features(depth):
    problem = PowerLaw(3, 2, 0.5)
    i = np.arange(1, 51.0)
    features = depth * i ** -rates.linearized_exponent(depth, 3, 2)
    edge = stability_edge(problem, 50, rates.name_of(depth))
    gain = np.sum(edge * features / (2 * (1 - edge * features)))
    assert gain == pytest.approx(1, rel=1e-6)


def test_starts_and_refusals():
    target = np.array([1.0, 4.0])
    assert np.allclose(start_weights("uniform", target, 0.5), 0.25)
    assert np.allclose(start_weights("target", target, 0.5), target / 4)
    setting = {"model_size": 8, "samples": 100, "step_size": 0.01, "init": 0.5}
    with pytest.raises(ValueError, match=r"^start = 'top': must be one of uniform, target$"):
        deep_risk(PowerLaw(2, 2), depth=3, start="top", **setting)
    with pytest.raises(ValueError, match=r"^depth = 0: must be at least 1$"):
        deep_risk(PowerLaw(2, 2), depth=0, **setting)
    with pytest.raises(ValueError, match=r"^step_size = 1.0: beyond"):
        deep_risk(PowerLaw(2, 2), depth=3, **(setting | {"step_size": 1}))
