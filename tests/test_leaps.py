"""SGD in leaps: in law what steps give, and one line for what cannot leap."""

import math

import numpy as np
import pandas as pd
import pytest
from numba.extending import register_jitable

import quadlaw
from quadlaw.models import MODELS, named
from quadlaw.models.leaps_loop import COLUMNS, compile_leaps
from quadlaw.models.model import Model
from quadlaw.models.quadratic import leap, predict, pull, update
from quadlaw.sgd import leaps
from quadlaw.sgd.inputs import INPUTS, polynomial
from quadlaw.sgd.leaps import FAST, Rates, leveled, stages
from quadlaw.sgd.run import run_lanes
from quadlaw.sgd.schedules import named as schedule_named
from quadlaw.theory import linear_risk, mean_field_risk, stability_edge

# alpha, beta, sigma; step sizes from small ones to half of the edge.
PROBLEMS = [(2.5, 1.5, 0.5), (3.0, 1.5, 0.0), (2.0, 2.0, 1.0), (2.0, 3.0, 0.5), (1.5, 2.5, 2.0)]
STEPS = [0.02, 0.08]
SETTING = {"model_size": 48, "samples": 2048, "step_size": STEPS, "init": 0.4}
KEYS = ["model", "step_size"]


def runs(problem, method, replicates, **options):
    settings = SETTING | {"model": ["quadratic", "linear"]} | options
    return quadlaw.simulate(
        quadlaw.PowerLaw(*problem), method=method, replicates=replicates, **settings
    )


def unlike(steps, leaps):
    """How far two samples of risks are apart, in units of what the tests allow.

    Means may differ by .5 %, spreads by 3 %, beyond two standard errors.
    """
    mean = abs(leaps.mean() / steps.mean() - 1)
    error = np.hypot(*(one.std() / one.mean() / len(one) ** 0.5 for one in (steps, leaps)))
    spread = abs(leaps.std() / steps.std() - 1)
    kurtosis = max(((one - one.mean()) ** 4).mean() / one.var() ** 2 for one in (steps, leaps))
    doubt = np.sqrt((kurtosis - 1) / 4 * (1 / len(steps) + 1 / len(leaps)))
    return max(mean / (0.005 + 2 * error), spread / (0.03 + 2 * doubt))


def compared(one, other):
    """The worst of :func:`unlike` over the settings of two tables."""
    pairs = one.groupby(KEYS)["excess_risk"], other.groupby(KEYS)["excess_risk"]
    return {
        key: unlike(some.to_numpy(), pairs[1].get_group(key).to_numpy()) for key, some in pairs[0]
    }


@pytest.mark.slow
@pytest.mark.parametrize("problem", PROBLEMS, ids=str)
def test_mean_and_spread_are_those_of_steps(problem):
    far = compared(runs(problem, "steps", 400), runs(problem, "leaps", 1600))
    assert max(far.values()) < 1, far


@pytest.mark.slow
@pytest.mark.parametrize("model", ["depth 3", "depth 4", "depth 6", "signed", "two-layer"])
def test_so_they_are_for_every_model_that_leaps(model):
    options = {"model": model, "step_size": [0.02, 0.05]}
    steps, leaps = (runs(PROBLEMS[0], *how, **options) for how in (("steps", 400), ("leaps", 1600)))
    far = compared(steps, leaps)
    assert max(far.values()) < 1, far


@pytest.mark.slow
@pytest.mark.parametrize(
    "schedule", ["cosine", "polynomial 1", "constant averaged 0.25", "two-phase 0.1"]
)
def test_so_they_are_for_every_schedule(schedule):
    options = {"schedule": schedule_named(schedule), "model": "quadratic"}
    far = compared(
        *(runs(PROBLEMS[0], *how, **options) for how in (("steps", 400), ("leaps", 1600)))
    )
    assert max(far.values()) < 1, far


@pytest.mark.slow
def test_leaps_without_the_drift_of_their_noise_are_seen(monkeypatch):
    """The control: a quadratic model that forgets ``-q / 2`` is told from steps."""

    @register_jitable
    def forget(v, g, q):
        return leap(v, g, np.float32(0) * q)

    options = {"model": "quadratic", "step_size": [0.04]}
    steps = runs((2.5, 1.5, 2.0), "steps", 400, **options)
    far = compared(steps, runs((2.5, 1.5, 2.0), "leaps", 1600, **options))
    assert max(far.values()) < 1, far
    forgetful = compile_leaps("forgetful", (1.0,), predict, update, forget, pull)
    monkeypatch.setitem(named("quadratic").__dict__, "leaps", forgetful)
    far = compared(steps, runs((2.5, 1.5, 2.0), "leaps", 1600, **options))
    assert max(far.values()) > 1, far


@pytest.mark.slow
@pytest.mark.parametrize(("alpha", "beta"), [(3.0, 1.5), (2.5, 2.5), (2.0, 3.0)])
def test_the_linear_model_is_at_its_exact_theory_after_a_million_steps(alpha, beta):
    problem = quadlaw.PowerLaw(alpha, beta, 0.5)
    setting = {"model_size": 400, "samples": 2**20, "step_size": 0.1, "init": 0.3}
    risk = quadlaw.simulate(problem, model="linear", method="leaps", replicates=64, **setting)
    risk = risk["excess_risk"]
    expected = linear_risk(problem, method="leaps", **setting)  # to 1e-3, in no time
    assert abs(risk.mean() / expected - 1) < 0.003 + 3 * risk.sem() / risk.mean()


@pytest.mark.slow
@pytest.mark.parametrize(("alpha", "beta"), [(3.0, 1.5), (2.0, 3.0)])
def test_the_quadratic_model_is_at_its_mean_field_after_a_million_steps(alpha, beta):
    problem = quadlaw.PowerLaw(alpha, beta, 0.5)
    setting = {"model_size": 400, "samples": 2**20, "step_size": 0.06, "init": 0.3}
    risk = quadlaw.simulate(problem, method="leaps", replicates=64, **setting)["excess_risk"]
    expected = mean_field_risk(problem, **setting)
    assert abs(risk.mean() / expected - 1) < 0.01 + 3 * risk.sem() / risk.mean()


@pytest.mark.slow
def test_weights_over_time_are_those_of_steps():
    problem, times = quadlaw.PowerLaw(3.0, 1.5, 0.5), [0, 64, 512, 2048]
    setting = {"model_size": 48, "samples": 2048, "step_size": 0.06, "init": 0.3}
    tables = [
        quadlaw.trajectory(
            problem, coordinates=[1, 4, 8], times=times, method=method, replicates=256, **setting
        )
        for method in ("steps", "leaps")
    ]
    values = ("excess_risk", ["time"], 0), ("weight", ["time", "coordinate"], 1)
    for value, keys, which in values:
        steps, leaps = (both[which].groupby(keys)[value] for both in tables)
        error = np.hypot(steps.sem(), leaps.sem())
        assert ((steps.mean() - leaps.mean()).abs() <= 0.005 * steps.mean() + 4 * error).all()
    assert tables[1][0]["method"].eq("leaps 0.5").all()


@pytest.mark.slow
def test_counts_of_coordinates_are_those_of_steps():
    both = [runs((3.0, 1.5, 0.5), method, 256, model="quadratic") for method in ("steps", "leaps")]
    for name in ("adapted", "learned"):
        steps, leaps = (one.groupby("step_size")[name] for one in both)
        error = np.hypot(steps.sem(), leaps.sem())
        assert ((steps.mean() - leaps.mean()).abs() <= 0.02 * steps.mean() + 3 * error).all()


def leap_linear(p, values, target, eta, steps, starts, levels, *, block, base):
    """The linear model's loop, of Gaussian inputs."""
    levels = np.array(starts, np.uint64), np.array(levels)
    law = np.float32(base), np.empty(0, np.float32), np.float32(3)
    numbers = np.arange(4, dtype=np.uint32), 4 * COLUMNS * block, COLUMNS
    named("linear").leaps(p, values, target, np.float32(eta), steps, *levels, *law, *numbers)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("starts", "levels"), [([0, 2], [6]), ([0, 1, 2], [5, 6]), ([0, 1, 2], [2, 6])], ids=str
)
def test_residuals_tell_the_levels_their_part_along_the_errors(starts, levels):
    """Without noise, ``sum_i e_i G_i`` of one leap is ``A S``: a chi square, and nothing else."""
    eta, steps, S = 1e-4, 64, 1.5
    values, target = np.array([1.0, 0.5], np.float32), np.ones(2, np.float32)
    found = []
    for block in range(200):
        p = np.zeros(2 * COLUMNS, np.float32)
        leap_linear(p, values, target, eta, steps, starts, levels, block=block, base=1e-6)
        found.append(p.reshape(2, COLUMNS).sum(axis=0))
    found = np.concatenate(found)
    assert found.mean() == pytest.approx(eta * steps * S, rel=0.02)
    # Else half as much more.
    assert found.var() == pytest.approx(2 * steps * (eta * S) ** 2, rel=0.08)


@pytest.mark.slow
def test_a_fast_coordinate_has_the_variance_of_steps():
    """In leaps of 4 steps, each of which takes a sixth of its error: cubes of steps count."""
    x, base, steps = 0.16, 0.25, 256
    found = []
    for block in range(400):
        p = np.zeros(COLUMNS, np.float32)
        one = np.ones(1, np.float32)
        leap_linear(p, one, one, x, steps, [0, 1], [2], block=block, base=base)
        found.append(p - 1)
    error, steadily = np.concatenate(found), x * base / (2 - 3 * x)
    assert error.var() == pytest.approx(steadily, rel=0.04)
    assert base * x / 2 < 0.8 * steadily  # without the cubes
    assert abs(error.mean()) < 4 * (steadily / error.size) ** 0.5


@pytest.mark.slow
@pytest.mark.parametrize("model", ["depth 3", "linear", "two-layer"])
def test_runs_from_a_start_in_proportion_to_the_target_leap_too(model):
    spectrum = quadlaw.PowerLaw(2.5, 1.5, 0.5).spectrum(48)
    lane = {"model": model, "model_size": 48, "step_size": 0.03, "init": 0.5, "start": "target"}
    risks = {
        method: run_lanes(
            spectrum, pd.DataFrame([lane | {"method": method}]), 2048, replicates=range(count)
        )["excess_risk"].to_numpy()
        for method, count in (("steps", 400), ("leaps 0.5", 1600))
    }
    assert unlike(risks["steps"], risks["leaps 0.5"]) < 1


@pytest.mark.slow
@pytest.mark.parametrize("inputs", ["hypercube", "laplace", "sinh"])
def test_inputs_of_other_laws_leap_too(inputs):
    """Means, as a few runs near the edge make spreads of heavy-tailed inputs no number."""
    spectrum = quadlaw.PowerLaw(2.5, 1.5, 0.5).spectrum(48)
    setting = {"model_size": 48, "init": 0.4, "inputs": inputs}
    lanes = [
        setting | {"model": model, "step_size": eta, "method": method}
        for model, eta in (("quadratic", 0.02), ("quadratic", 0.06), ("linear", 0.06))
        for method in ("steps", "leaps 0.5")
    ]
    means, errors = (
        run_lanes(spectrum, pd.DataFrame(lanes), 2048, replicates=range(600))
        .pivot_table(index=KEYS, columns="method", values="excess_risk", aggfunc=how)
        for how in ("mean", "sem")
    )  # fmt: skip
    far = (means["leaps 0.5"] / means["steps"] - 1).abs()
    error = np.hypot(errors["leaps 0.5"], errors["steps"]) / means["steps"]
    assert (far < 0.003 + 3 * error).all(), (far, error)


@pytest.mark.slow
def test_fast_coordinates_see_the_law_itself():
    """Stepped inputs of one size, plus or minus: a coordinate's own part of the risk is certain."""
    spectrum = quadlaw.PowerLaw(3.0, 4.0, 0.0).spectrum(1)
    lane = {"model": "linear", "model_size": 1, "step_size": 0.3, "init": 0.0}
    risks = {
        inputs: run_lanes(
            spectrum, pd.DataFrame([lane | {"method": "leaps 0.5", "inputs": inputs}]), 8,
            replicates=range(256),
        )["excess_risk"]
        for inputs in ("hypercube", "gaussian")
    }  # fmt: skip
    assert risks["hypercube"].std() < 0.3 * risks["gaussian"].std()


FEW_AND_MANY = ("quadratic", 0.1, 3), (["linear", "quadratic"], [0.1, 0.9], 40)


@pytest.mark.slow
def test_a_replicate_is_the_same_whatever_runs_beside_it():
    few, many = (
        quadlaw.simulate(
            quadlaw.PowerLaw(2.5, 1.5, 0.5), model=models, method="leaps", replicates=replicates,
            model_size=32, samples=512, step_size=steps, init=0.4,
        )
        for models, steps, replicates in FEW_AND_MANY
    )  # fmt: skip
    near = many[(many["model"] == "quadratic") & (many["step_size"] == 0.1)]
    pd.testing.assert_frame_equal(few, near.iloc[:3].reset_index(drop=True))
    # A step of .9 is far beyond the quadratic model's edge: runs are marked, and stay in the table.
    far = many[(many["model"] == "quadratic") & (many["step_size"] == 0.9)]
    assert far["diverged"].all() and len(many) == 160
    assert not many[many["step_size"] == 0.1]["diverged"].any()
    assert near["excess_risk"].nunique() == 40  # of two blocks


@pytest.mark.slow
def test_as_many_runs_diverge_as_in_steps():
    steps = [0.3, 0.4, 0.9]
    both = [
        runs((2.5, 1.5, 0.5), method, 256, step_size=steps, samples=512)
        for method in ("steps", "leaps")
    ]
    one, other = (table.groupby(KEYS)["diverged"].mean() for table in both)
    assert (abs(one - other) <= 0.02 + 3 * np.sqrt(one * (1 - one) / 128)).all()
    assert 0.4 < one["quadratic", 0.3] < 0.7 and one["linear", 0.4] == 0


@pytest.mark.slow
def test_steps_of_seven_tenths_of_the_edge_have_no_heavier_tails():
    problem = quadlaw.PowerLaw(2.5, 1.5, 0.5)
    eta = 0.7 * stability_edge(problem, 128)
    setting = {"model_size": 128, "samples": 8192, "step_size": eta, "init": 0.3, "model": "linear"}
    steps, leaps = (
        quadlaw.simulate(problem, method=method, replicates=256, **setting)
        for method in ("steps", "leaps")
    )
    assert not leaps["diverged"].any()
    assert leaps["excess_risk"].max() < 1.1 * steps["excess_risk"].max()
    assert leaps["excess_risk"].mean() == pytest.approx(steps["excess_risk"].mean(), rel=0.005)


@pytest.mark.parametrize("inputs", list(INPUTS))
def test_laws_of_inputs_are_polynomials_of_a_normal_s_size(inputs):
    size, shape = np.linspace(0.001, 6, 500), polynomial(inputs)
    expected = INPUTS[inputs](size)
    found = np.polyval(shape, size) if len(shape) else size
    assert found == pytest.approx(expected, abs=1e-4)
    assert shape.dtype == np.float32


REFUSED = [
    ({"accuracy": 0.0}, "accuracy = 0.0: lies above 0"),
    ({"accuracy": 1.5}, "accuracy = 1.5: lies above 0 and at most at 1"),
    ({"accuracy": "fine"}, "accuracy = 'fine': "),
    ({"method": "hops"}, "method = 'hops': must be one of steps, leaps"),
    ({"method": "leaps 0.1"}, "method = 'leaps 0.1': must be one of steps, leaps"),
    ({"model": "relu"}, "model = 'relu': cannot be simulated in leaps"),
    ({"samples": 2**40 + 1}, f"samples = {2**40 + 1}: leaps take up to 2\\^40 steps"),
    ({"dtype": "float64"}, "dtype = 'float64': leaps compute in float32"),
]


@pytest.mark.parametrize(("change", "message"), REFUSED, ids=[str(one[0]) for one in REFUSED])
def test_what_cannot_leap_is_refused_in_one_line(change, message):
    setting = {"model_size": 8, "samples": 64, "step_size": 0.1, "init": 0.5, "method": "leaps"}
    with pytest.raises(ValueError, match=rf"^{message}"):
        quadlaw.simulate(quadlaw.PowerLaw(2.5, 1.5), **(setting | change))


def test_more_normals_than_have_numbers_are_refused(monkeypatch):
    """At a step size near the edge some coordinates take single steps, at a small one none."""
    setting = {"model_size": 8, "samples": 4096, "init": 0.5, "method": "leaps"}
    monkeypatch.setattr(leaps, "ROWS", 1024)
    quadlaw.simulate(quadlaw.PowerLaw(2.5, 1.5), step_size=0.01, **setting)
    with pytest.raises(ValueError, match=r"^samples = 4096: takes too many normals, as \d "):
        quadlaw.simulate(quadlaw.PowerLaw(2.5, 1.5), step_size=0.4, **setting)


def test_a_model_whose_leap_is_none_of_its_steps_is_refused():
    both = {"weight": np.square, "pull": pull}
    with pytest.raises(ValueError, match=r"leap.* must be update.* but for cubes of g"):
        Model("forgetful", predict, update, leap=lambda v, g, q: v * math.exp(-g), **both)
    with pytest.raises(ValueError, match="pull must be weight'"):
        Model("weak", predict, update, weight=np.square, leap=leap, pull=lambda v: v * v)
    with pytest.raises(ValueError, match="needs leap and pull, or neither"):
        Model("half", predict, update, weight=np.square, leap=leap)


@pytest.mark.parametrize("schedule", ["two-phase 0.5", "cosine", "polynomial 1", "constant"])
@pytest.mark.parametrize("samples", [1, 100, 2**20])
def test_stages_are_the_whole_run_and_keep_its_training_time(schedule, samples):
    schedule, stops = schedule_named(schedule), sorted({0, samples // 3, samples})
    parts = list(stages(schedule, samples, stops))
    ends = np.cumsum([steps for _, steps, _ in parts])
    assert [first for first, _, _ in parts] == [0, *ends[:-1]] and ends[-1] == samples
    assert set(stops[1:]) - {0} <= set(ends)
    time = sum(steps * factor for _, steps, factor in parts)
    assert time == pytest.approx(schedule.factor(np.arange(samples), samples).sum(), rel=2e-3)


@pytest.mark.parametrize("schedule", ["two-phase 0.5", "cosine", "polynomial 2", "constant"])
@pytest.mark.parametrize("samples", [100, 2**20, 2**30])
def test_a_stage_mixes_no_step_sizes(schedule, samples):
    """Not at the end of a long run either, where all are tiny: they decide what is left there."""
    schedule = schedule_named(schedule)
    for first, steps, factor in stages(schedule, samples, [samples]):
        high, low = schedule.factor(np.array([first, first + steps - 1]), samples)
        assert high - low <= 0.11 * low + 0.02 / samples
        assert low <= factor <= high


def test_levels_are_the_longest_that_the_accuracy_allows():
    spectrum = quadlaw.PowerLaw(2.0, 2.5, 0.5).spectrum(256)
    rates = Rates(named("quadratic"), spectrum, np.full(256, 0.3)).at(0.1, 0.0)
    starts, levels = leveled(rates, np.full(256, 0.5), 2**20)
    assert starts[-1] == 256 and (np.diff(levels) > 0).all() and levels[0] > 0
    assert (rates[: starts[0]] * 4 > 0.5).all()
    assert leveled(np.array([1.1 * FAST]), np.array([4.0]), 64)[0].tolist() == [1]
    for k, level in enumerate(levels):
        some = rates[starts[k] : starts[k + 1]]
        assert (some * 2**level <= 0.5).all() and (some * 2 ** (level + 1) + 2 * some > 0.5).any()


def test_every_model_of_the_paper_and_beyond_leaps_but_for_relu():
    assert [name for name, model in MODELS.items() if model.leap is None] == ["relu"]
    assert COLUMNS % 16 == 0  # as the normals are made


def test_more_coordinates_than_a_buffer_holds_can_take_single_steps():
    """The last steps of a linear decay are stages of one step each, for all 300 coordinates."""
    setting = {"model_size": 300, "samples": 4096, "step_size": 0.05, "init": 0.3}
    problem, schedule = quadlaw.PowerLaw(2.0, 3.0, 0.5), schedule_named("polynomial 1")
    options = {"model": "linear", "replicates": 256, "method": "leaps", "schedule": schedule}
    risk, again = (quadlaw.simulate(problem, **options, **setting)["excess_risk"] for _ in range(2))
    assert (risk == again).all()
    known = linear_risk(problem, schedule=schedule, **setting)
    assert abs(risk.mean() - known) <= 4 * risk.sem() + 0.01 * known
