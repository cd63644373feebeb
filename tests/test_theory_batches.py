"""Batches: the theory and the kernel against plain loops, and against one sample a step."""

import numpy as np
import pandas as pd
import pytest

from quadlaw.sgd.problem import PowerLaw
from quadlaw.sgd.rivals.batches import train_batches
from quadlaw.sgd.schedules.two_phase import TwoPhase
from quadlaw.sgd.streams import chunks
from quadlaw.theory import linear_risk, mean_field_risk, stability_edge
from quadlaw.theory.rivals.batches import batch_edge, batch_risk, tuned_batch

PROBLEM = PowerLaw(2.0, 3.0, 0.5)
SETTING = {"model_size": 16, "samples": 1024, "step_size": 0.1, "init": 0.5}
BATCHES = [("linear", 1), ("linear", 8), ("quadratic", 4)]


def test_one_sample_a_step_is_the_known_theory():
    linear = linear_risk(PROBLEM, method="leaps", **SETTING)
    assert batch_risk("linear", PROBLEM, batch=1, growth=0.02, **SETTING) == pytest.approx(linear)
    quadratic = mean_field_risk(PROBLEM, method="closure", **SETTING)
    assert batch_risk("quadratic", PROBLEM, batch=1, **SETTING) == pytest.approx(quadratic)


@pytest.mark.parametrize("model", ["linear", "quadratic"])
def test_the_edge_grows_with_the_batch_up_to_that_of_the_whole_gradient(model):
    edges = [batch_edge(PROBLEM, 16, model, batch) for batch in (1, 4, 64, 10**6)]
    assert edges[0] == pytest.approx(stability_edge(PROBLEM, 16, model))
    assert edges == sorted(edges)
    assert edges[-1] == pytest.approx({"linear": 2, "quadratic": 1}[model], rel=1e-4)


def lanes(step_size=0.1):
    """One lane a model and batch."""
    frame = pd.DataFrame(BATCHES, columns=["model", "batch"])
    return frame.assign(used=1024, step_size=step_size, init=0.5)


def in_numpy(spectrum, lane, seed):
    """The excess risk at the end of a plain loop over steps."""
    ((_, x, y),) = chunks(spectrum, 1024, 0, seed, [1024], "float64")
    x, B = x[:, : spectrum.size], lane["batch"]
    power = 2 if lane["model"] == "quadratic" else 1
    v = np.full(spectrum.size, 0.5 if power == 2 else 0.25)
    steps = 1024 // B
    for k, eta in enumerate(lane["step_size"] * TwoPhase().factor(np.arange(steps), steps)):
        some, labels = x[k * B : (k + 1) * B], y[k * B : (k + 1) * B]
        gradient = (some @ v**power - labels) @ some / B
        v = v - eta * gradient * v ** (power - 1)
    return (v**power - spectrum.target) ** 2 @ spectrum.eigenvalues + spectrum.tail[-1]


def test_the_kernel_is_a_plain_loop():
    spectrum = PROBLEM.spectrum(16)
    trained = train_batches(
        spectrum, lanes(), 1024, 0, seed=3, schedule=TwoPhase(), dtype="float64"
    )
    expected = [in_numpy(spectrum, lane, 3) for lane in lanes().to_dict("records")]
    assert trained == pytest.approx(expected, rel=1e-9)


def test_mean_risks_are_the_theorys():
    """Within four standard errors; the theory of one sample a step, at as many steps, is not."""
    spectrum = PROBLEM.spectrum(16)
    runs = [
        train_batches(spectrum, lanes(), 1024, r, seed=1, schedule=TwoPhase()) for r in range(600)
    ]
    mean, error = np.mean(runs, axis=0), np.std(runs, axis=0) / np.sqrt(600)
    for k, (model, batch) in enumerate(BATCHES):
        theory = batch_risk(model, PROBLEM, batch=batch, growth=0.02, **SETTING)
        closure = 0.01 * theory if model == "quadratic" else 0.0
        assert abs(mean[k] - theory) < 4 * error[k] + closure
        alone = batch_risk(model, PROBLEM, batch=1, **SETTING | {"samples": 1024 // batch})
        assert batch == 1 or abs(mean[k] - alone) > 8 * error[k] + closure


def test_the_best_step_grows_in_proportion_to_the_batch_where_noise_limits_it():
    """Where the largest stable step does, it grows as the edge alone."""
    where = {"model_size": 64, "samples": 2**14, "init": 0.2}

    def growth(alpha, beta):
        problem = PowerLaw(alpha, beta, 0.5)
        steps = [tuned_batch("linear", problem, batch=B, **where).step_size for B in (1, 32)]
        return steps[1] / steps[0]

    assert growth(1.5, 3.0) == pytest.approx(32, rel=0.1)
    assert growth(4.0, 2.0) < 4


def test_a_batch_that_leaves_one_step_is_refused():
    with pytest.raises(ValueError, match="batch = 600: 1024 samples make fewer than two steps"):
        batch_risk("linear", PROBLEM, batch=600, **SETTING)
