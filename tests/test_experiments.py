from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from quadlaw import PowerLaw
from quadlaw.fit import experiments
from quadlaw.ledger.config import checked
from quadlaw.theory import rates
from reference import linear_risk

ROOT = Path(__file__).parents[1]
SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
CONFIG = checked(yaml.safe_load((ROOT / "config/config.yaml").read_text()), SCHEMA)
SWEEPS = CONFIG["sweeps"]


def test_points_are_the_grid():
    costly = {"alpha": 2.0, "beta": 2.0, "replicates": 400}
    sweep = SWEEPS["sample_scaling"] | {"problems": [{"alpha": 3.0, "beta": 1.5}, costly]}
    points = experiments.sweep_points(sweep, CONFIG)
    runs = [
        (point["alpha"], point["beta"], point["samples"], replicate)
        for point in points
        for replicate in range(*point["replicates"])
    ]
    assert len(runs) == len(set(runs))  # every replicate once, also of points that were split
    replicates = [one.get("replicates", sweep["replicates"]) for one in sweep["problems"]]
    assert len(runs) == sum(replicates) * len(sweep["samples"])
    assert len(points) > len(sweep["problems"]) * len(sweep["samples"])
    assert max(map(experiments.cost, points)) <= experiments.POINT_SECONDS


def test_an_extended_grid_keeps_its_old_points():
    sweep = SWEEPS["sample_scaling"]
    before = experiments.sweep_points(sweep, CONFIG)
    other = {"fit": {"window": [1, 2]}, "pilots": 7}  # neither concerns a run
    longer = sweep | {"samples": [*sweep["samples"], 3000]} | other
    after = experiments.sweep_points(longer, CONFIG)
    assert [point for point in after if point in before] == before
    assert len(after) - len(before) == len(sweep["problems"])


@given(seconds=st.floats(0.1, 1e4))
def test_batches_hold_every_point_once_in_order(seconds):
    points = experiments.sweep_points(SWEEPS["sample_scaling"], CONFIG)
    batches = experiments.batches(points, seconds)
    assert [point for batch in batches for point in batch] == points
    for batch in batches:
        assert len(batch) == 1 or sum(map(experiments.cost, batch)) <= seconds


@pytest.mark.parametrize("name", ["sample_scaling", "spectral_mismatch"])
def test_models_hold_four_times_the_effective_dimension(name):
    for point in experiments.sweep_points(SWEEPS[name], CONFIG):
        for model in ("quadratic", "linear"):
            dimension = rates.effective_dimension(
                model, point["alpha"], point["beta"], point["samples"]
            )
            assert min(experiments.model_sizes(point)) >= 4 * dimension


def test_a_larger_model_has_a_lower_risk_by_the_same_factor_at_every_sample_size():
    """Four times ``D(T)`` in place of many times: a matter of the level, not of the exponent."""
    problem, factors = PowerLaw(2.0, 2.0), []
    for samples in (1024, 4096):
        dimension = rates.effective_dimension("linear", 2.0, 2.0, samples)
        near, far = (
            linear_risk(problem, int(factor * dimension), samples, 0.2, 0.5) for factor in (4, 64)
        )
        factors.append(far / near)
    assert 0.9 < factors[0] < 0.97
    assert factors[1] == pytest.approx(factors[0], rel=0.01)


@pytest.mark.parametrize(("alpha", "beta"), [(2.5, 1.5), (1.5, 2.0)])
def test_lanes_follow_the_rules_of_the_theory(alpha, beta):
    points = experiments.sweep_points(SWEEPS["model_scaling"], CONFIG)
    point = next(one for one in points if (one["alpha"], one["beta"]) == (alpha, beta))
    lanes = experiments.point_lanes(point)
    assert len(lanes) == len(point["model_sizes"]) * sum(map(len, point["step_constants"].values()))
    for lane in lanes.to_dict("records"):
        samples, size = point["samples"], lane["model_size"]
        learned = min(samples ** (1 / max(beta, (alpha + beta) / 2)), size)
        assert lane["init"] == pytest.approx(0.5 * min(1, learned ** ((alpha - beta) / 4)))
        power = min(0, (alpha - beta) / (2 if lane["model"] == "quadratic" else 1))
        assert lane["step_size"] == pytest.approx(lane["step_constant"] * learned**power)


def test_trajectory_follows_log_spaced_coordinates():
    settings = CONFIG["trajectories"]["phase_transition"]
    problem = settings["problems"][0]
    common = {key: CONFIG[key] for key in ("sigma", "seed", "precision", "schedule")}
    point = settings | problem | common
    point |= {"samples": 500, "model_size": 30, "coordinates": 8, "times": 10, "replicates": 2}
    table = experiments.run_trajectory(point, PowerLaw(**problem).spectrum(30))
    coordinates = np.sort(table["coordinate"].unique())
    assert coordinates[0] == 1 and coordinates[-1] == 30 and len(coordinates) <= 8
    assert (table["adaptation_steps"] == 250).all()
    assert table["time"].min() == 0 and table["time"].max() == 500
