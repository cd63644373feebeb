"""Equal eigenvalues and three targets."""

import numpy as np
import pandas as pd
import pytest

from quadlaw.fit.designs import points
from quadlaw.studies import study
from quadlaw.studies.uniform_spectrum import DENSE, POWER_LAW, SPARSE, problem
from quadlaw.theory import predicted_risk, stability_edge
from quadlaw.theory.tuning import SAFE

STUDY = study("uniform_spectrum")
SETTINGS = {
    "dimension": 32, "sparsity": 4, "init": 0.05, "samples": [1024],
    "replicates": 8, "sigma": 0.5, "window": (256, 4096),
}  # fmt: skip


@pytest.fixture(scope="module")
def design():
    return STUDY.design(SETTINGS)


@pytest.mark.parametrize("setting", [POWER_LAW, SPARSE, DENSE])
def test_targets_have_signal_variance_one(setting):
    one = problem(setting, 32, 4, 0.5)
    signal = np.array(one.eigenvalues) * np.square(one.target)
    assert signal.sum() == pytest.approx(1) and set(one.eigenvalues) == {1 / 32}
    assert np.count_nonzero(signal) == (4 if setting == SPARSE else 32)
    if setting == POWER_LAW:
        assert signal[15] / signal[7] == pytest.approx(1 / 4)


def test_design_has_the_best_step_of_each(design):
    assert len(design) == 6 and (design["alpha"] == 0).all() and (design["beta"] == 2).all()
    for row in design.to_dict("records"):
        one = problem(row["setting"], 32, 4, 0.5)
        run = {key: row[key] for key in ("model_size", "samples", "init")}
        best = predicted_risk(row["model"], one, step_size=row["step_size"], **run)
        largest = SAFE * stability_edge(one, 32, row["model"])
        assert row["step_size"] <= largest * (1 + 1e-9)
        for factor in (0.5, 2):
            if factor * row["step_size"] <= largest:
                other = predicted_risk(
                    row["model"], one, step_size=factor * row["step_size"], **run
                )
                assert other > best


def test_theory_holds_and_the_target_matters_to_the_quadratic_model_alone(design):
    (point,) = points(design.assign(replicates=48))
    runs = STUDY.run_point(point, 5, "float32")
    keys = ["setting", "model"]
    found = runs.groupby(keys)["excess_risk"].agg(["mean", "sem"])
    known = STUDY.predicted(design).set_index(keys)["theory"]
    for key, one in found.iterrows():
        # Four standard errors and the closure's own error, a few per cent at so few coordinates.
        closure = 0.1 if key[1] == "quadratic" else 0.0
        assert abs(one["mean"] - known[key]) < 4 * one["sem"] + closure * known[key], key
    linear = known.xs("linear", level="model")
    assert linear.max() / linear.min() == pytest.approx(1, abs=0.02)
    quadratic = known.xs("quadratic", level="model")
    assert quadratic[SPARSE] < 0.6 * quadratic[DENSE]


def test_planted_exponents_and_ratio_come_out():
    draw, rows = np.random.default_rng(0), []
    labels = {"alpha": 0.0, "beta": 2.0, "sigma": 0.5, "setting": SPARSE, "sparsity": 4,
              "model_size": 32, "diverged": False, "adapted": 1, "learned": 1}  # fmt: skip
    for T in (256, 1024, 4096):
        for replicate in range(12):
            common = np.exp(0.1 * draw.standard_normal())
            for model, risk in {"linear": 8 / T, "quadratic": 3 / T}.items():
                one = {"samples": T, "replicate": replicate, "model": model}
                rows.append(labels | one | {"excess_risk": risk * common})
    runs = pd.DataFrame(rows)
    theory = runs[runs["replicate"] == 0].rename(columns={"excess_risk": "theory"})
    theory = theory.drop(columns=["replicate", "diverged", "adapted", "learned"])
    _, estimates = STUDY.results({"runs": runs, "theory": theory}, SETTINGS)
    exponents = estimates[estimates["against"] == "T"].set_index("model")
    # Medians of 12 with a scatter of .1 have an error of .036; three points over a factor of 16.
    assert np.allclose(exponents["estimate"], 1, atol=4 * 0.036 / np.log(4) / np.sqrt(2))
    ratio = estimates[estimates["quantity"].str.startswith("log10")].iloc[0]
    assert ratio["estimate"] == pytest.approx(np.log10(3 / 8 / (4 / 32)))
    assert ratio["setting"] == SPARSE and ratio["theory"] == pytest.approx(ratio["estimate"])
