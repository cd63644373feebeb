"""Models: what a file must hold, how it is found, what is refused, all of them simulated."""

import time
import timeit
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import pytest

import quadlaw
from quadlaw import PowerLaw
from quadlaw.fit.designs import predicted
from quadlaw.models import MODELS, PAPER, named
from quadlaw.models.contract import broken
from quadlaw.models.model import Model
from quadlaw.sgd.schedules.two_phase import TwoPhase
from quadlaw.studies import plotting
from quadlaw.theory.tuning import SOLVERS, predicted_risk
from reference import samples_of, step_sizes

SQUARE = {"predict": lambda x, v: x * v * v, "update": lambda x, v, g: v - g * x * v,
          "weight": np.square}  # fmt: skip
RUN = {"model_size": 12, "samples": 300, "step_size": 0.1, "init": 0.4, "replicates": 2}


def test_names_are_those_of_tables_the_papers_two_first():
    assert tuple(MODELS)[:2] == PAPER == ("quadratic", "linear")
    assert set(MODELS) == {
        "quadratic", "linear", "depth 3", "depth 4", "depth 6", "signed", "two-layer", "relu",
        "linear from zero",
    }  # fmt: skip
    with pytest.raises(ValueError, match="model = 'cubic': must be one of quadratic, linear"):
        named("cubic")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"update": lambda x, v, g: v - g * x * v - 0.01 * v}, "update must leave p at x = 0"),
        ({"update": lambda x, v, g: v - 0.01 * x * v}, "update must leave p at g = 0"),
        ({"predict": lambda x, v: x * v * v + 0.1}, "predict must be 0 at x = 0"),
        ({"predict": lambda x, v: x * v}, "predict must be x weight(p)"),
        ({"start": lambda v: [v, v]}, "start must return a list of 1"),
        ({"start": lambda v: v}, "start must return a list of 1"),
        ({"start": lambda v: [1.0]}, "start must return arrays of the shape"),
        ({"features": lambda z: [z, 1 - z]}, "features must have the shape of z, and be 0"),
        ({"features": lambda z: z}, "features must return a list"),
        ({"weight": lambda v: v.sum()}, "weight must have the shape"),
        ({"combine": lambda parts: 0.0}, "combine and kink must have the shape"),
        ({"update": lambda x, v: v}, "TypeError: "),
    ],
)
def test_a_model_that_breaks_the_contract_is_refused_in_one_line(change, reason):
    with pytest.raises(ValueError) as caught:
        Model("mine", **(SQUARE | change))
    assert str(caught.value).startswith(f"model = 'mine': {reason}")
    assert "\n" not in str(caught.value)
    Model("mine", **SQUARE)  # the control


def test_the_check_is_cheap():
    """In CPU time, at best: other work on the machine slows some of the times."""
    for model in MODELS.values():
        assert broken(model) is None
        check = partial(broken, model)
        took = min(timeit.repeat(check, timer=time.process_time, number=10, repeat=5)) / 10
        assert took < 5e-3  # some 0.1 ms on a machine that is free


@pytest.mark.parametrize("name", MODELS)
def test_each_model_is_a_slow_loop_on_its_functions(name):
    model, problem = named(name), PowerLaw(2.0, 2.5, 0.5)
    runs = quadlaw.simulate(problem, model=name, **(RUN | {"replicates": 1}), dtype="float64")
    x, y = samples_of(problem.spectrum(12), 300, 0, 0)
    p = [np.asarray(part, float) for part in model.start(np.full(12, 0.4))]
    for row, label, eta in zip(x, y, step_sizes(0.1, 300), strict=True):
        z = model.features(row)
        g = eta * (sum(np.sum(a * model.weight(b)) for a, b in zip(z, p, strict=True)) - label)
        p = [model.update(a, b, g) for a, b in zip(z, p, strict=True)]
    parts = [model.weight(one) for one in p]
    error = model.combine(parts) - problem.target(12)
    risk = problem.eigenvalues(12) @ error**2 + problem.tail(12)
    if model.kink is None:
        assert runs["excess_risk"].item() == pytest.approx(risk, rel=1e-9)
    else:
        assert runs["excess_risk"].item() > risk


def test_all_models_run_together_and_have_a_theory():
    runs = quadlaw.simulate(PowerLaw(2.0, 2.5), model=list(MODELS), **RUN)
    assert len(runs) == 9 * 2 and not runs["diverged"].any()
    together = runs.set_index(["model", "replicate"])["excess_risk"]
    for name, model in MODELS.items():
        alone = quadlaw.simulate(PowerLaw(2.0, 2.5), model=name, **RUN)
        assert np.array_equal(alone["excess_risk"], together[name])
        assert model.theory in SOLVERS


def test_a_model_without_a_theory_has_no_prediction_and_is_no_error(monkeypatch, capsys):
    monkeypatch.setitem(MODELS, "mine", Model("mine", **SQUARE))
    with pytest.raises(ValueError, match="model = 'mine': has no theory"):
        predicted_risk("mine", PowerLaw(2, 2), **{k: RUN[k] for k in RUN if k != "replicates"})
    row = {"model": "mine", "alpha": 2.0, "beta": 2.0, "sigma": 0.5, "schedule": "cosine"} | RUN
    assert np.isnan(predicted(pd.DataFrame([row]))["theory"].item())
    assert "model = 'mine': has no theory" in capsys.readouterr().out
    with pytest.raises(ValueError, match="model = 'mine': has no theory: its depth"):
        quadlaw.theory.rates.sample_exponent("mine", 2, 2)


def test_zero_is_a_start_of_linear_models_alone():
    runs = quadlaw.simulate(
        PowerLaw(2.0, 2.5), model=["linear", "linear from zero"], **(RUN | {"init": 0})
    )
    linear, zero = (some["excess_risk"].to_numpy() for _, some in runs.groupby("model"))
    assert np.array_equal(linear, zero)
    for model in ("quadratic", "signed", ["linear", "relu"]):
        with pytest.raises(ValueError, match="init = 0: must be positive: zero is a fixed point"):
            quadlaw.simulate(PowerLaw(2.0, 2.5), model=model, **(RUN | {"init": 0}))


@dataclass
class Halved:
    """A schedule of no base class and no folder."""

    name = "halved"
    averaging = 0.0

    def adaptation_steps(self, samples):
        return samples // 2

    def factor(self, step, samples):
        return TwoPhase().factor(step, samples)


def test_any_object_with_the_parts_of_a_schedule_is_one():
    settings = {key: RUN[key] for key in RUN if key != "replicates"}
    for run in (lambda **one: quadlaw.simulate(PowerLaw(2, 2), **one)["excess_risk"].tolist(),
                lambda **one: predicted_risk("quadratic", PowerLaw(2, 2), **one)):  # fmt: skip
        assert run(schedule=Halved(), **settings) == run(schedule=TwoPhase(), **settings)
    Lame = type("Lame", (), {"name": "lame", "factor": Halved.factor})
    with pytest.raises(ValueError, match="must be a schedule: it has no adaptation_steps and no"):
        quadlaw.simulate(PowerLaw(2, 2), schedule=Lame(), **settings)


def test_figures_know_every_model():
    assert set(plotting.MODEL_COLOURS) == set(plotting.MODEL_MARKERS) == set(MODELS)
    assert plotting.PAPER_COLOURS == {"quadratic": "#0072B2", "linear": "#D55E00"}
    assert [plotting.MODEL_MARKERS[name] for name in PAPER] == ["o", "s"]
