"""Sign descent and Adam: the transform, moments beside plain loops, settings, planted slopes."""

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import hadamard

from quadlaw.fit.designs import points
from quadlaw.sgd.problem import PowerLaw
from quadlaw.sgd.rivals.sign import BETAS, EIGENBASIS, MIXED, last_risk, mix
from quadlaw.sgd.schedules import named
from quadlaw.studies import sign_descent, study
from quadlaw.theory.rivals.sign import sign_risk, sign_variances

STUDY, M, T = study("sign_descent"), 16, 512
PROBLEM, SCHEDULE = PowerLaw(3.0, 2.0, 0.0), named("two-phase 0.5")
ETAS = 0.03 * SCHEDULE.factor(np.arange(T), T)


def test_mixed_features_are_a_rotation():
    rows = np.random.default_rng(0).standard_normal((5, M))
    mixed = rows.copy()
    mix(mixed)
    assert mixed == pytest.approx(rows @ hadamard(M) / np.sqrt(M))
    mix(mixed)
    assert mixed == pytest.approx(rows)


def test_sign_variances_are_the_eigenvalues_of_the_signs_covariance():
    rotation = hadamard(M) / np.sqrt(M)
    covariance = rotation @ np.diag(PROBLEM.eigenvalues(M)) @ rotation
    deviations = np.sqrt(np.diag(covariance))
    signs = 2 / np.pi * np.arcsin(np.clip(covariance / np.outer(deviations, deviations), -1, 1))
    assert np.diag(rotation @ signs @ rotation) == pytest.approx(sign_variances(3.0, M), abs=1e-6)
    assert sign_variances(3.0, M).sum() == pytest.approx(M)


def plain_loop(step, rotation, replicates=300):
    """Risks from zero; ``step(g, time)`` is the direction along gradients ``g`` of features."""
    spectrum, draw = PROBLEM.spectrum(M), np.random.default_rng(1)
    w = np.zeros((replicates, M))
    for time, eta in enumerate(ETAS):
        x = draw.standard_normal(w.shape) * np.sqrt(spectrum.eigenvalues)
        beyond = np.sqrt(spectrum.tail[-1]) * draw.standard_normal(replicates)
        z = x @ rotation
        r = np.sum(z * w, axis=1) - x @ spectrum.target - beyond
        w = w - eta * step(r[:, None] * z, time)
    return (w @ rotation - spectrum.target) ** 2 @ spectrum.eigenvalues + spectrum.tail[-1]


class Adam:
    """As its authors write it."""

    m = v = 0.0

    def __call__(self, g, time):
        self.m = BETAS[0] * self.m + (1 - BETAS[0]) * g
        self.v = BETAS[1] * self.v + (1 - BETAS[1]) * g**2
        m, v = self.m / (1 - BETAS[0] ** (time + 1)), self.v / (1 - BETAS[1] ** (time + 1))
        return m / np.sqrt(v)


ROTATIONS = {EIGENBASIS: np.eye(M), MIXED: hadamard(M) / np.sqrt(M)}


@pytest.mark.parametrize("basis", ROTATIONS)
@pytest.mark.parametrize("adam", [False, True])
def test_runs_are_a_plain_loops(basis, adam):
    """And, without Adam, the closure's, to a tenth in the eigenbasis and a quarter in the other."""
    step = Adam() if adam else lambda g, _: np.sign(g)
    loop = plain_loop(step, ROTATIONS[basis])
    spectrum = PROBLEM.spectrum(M)
    runs = np.array([last_risk(spectrum, ETAS, r, 1, adam=adam, basis=basis) for r in range(100)])
    error = np.hypot(loop.std() / np.sqrt(len(loop)), runs.std() / np.sqrt(len(runs)))
    assert runs.mean() == pytest.approx(loop.mean(), abs=4 * error)
    # Control: the other basis has another risk.
    other = MIXED if basis == EIGENBASIS else EIGENBASIS
    wrong = np.array([last_risk(spectrum, ETAS, r, 1, adam=adam, basis=other) for r in range(100)])
    assert abs(wrong.mean() - loop.mean()) > 4 * error
    if not adam:
        setting = {"model_size": M, "samples": T, "step_size": 0.03, "schedule": SCHEDULE}
        known = sign_risk(PROBLEM, basis=basis, **setting)
        assert loop.mean() == pytest.approx(known, rel=0.1 if basis == EIGENBASIS else 0.25)


def test_laws_of_steps():
    power = sign_descent.steps_power
    assert power(sign_descent.SGD, 3.0, 2.0) == power(sign_descent.MIXED_SIGN, 3.0, 2.0) == 3.0
    assert power(sign_descent.SIGN, 3.0, 2.0) == 1.5 and power(sign_descent.SIGN, 3.0, 6.0) == 2.5
    assert power(sign_descent.SIGN, 1.5, 2.0) == 1.0
    assert power(sign_descent.MIXED_SIGN, 1.5, 6.0) == 2.5


def test_planted_slopes_come_out():
    settings = {
        "problems": [{"alpha": 3.0, "beta": 2.0}], "compute": [256, 512, 1024], "replicates": 6,
    }  # fmt: skip
    design = STUDY.design(settings)
    theory = STUDY.predicted(design)
    runs = theory.drop(columns=["theory", "chosen"]).merge(
        pd.DataFrame({"replicate": range(6)}), how="cross"
    )
    runs = runs.assign(diverged=False, adapted=0, learned=0)
    (one, *_) = points(design)
    assert set(STUDY.run_point(one, 1, "float32")) == {*runs, "excess_risk"}
    assert theory.groupby(["model", "setting", "compute"])["chosen"].sum().eq(1).all()
    powers = {"constant": 0.3, "two-phase 0.5": 0.4}
    runs["excess_risk"] = runs["compute"] ** -runs["setting"].map(powers)
    curves, estimates = STUDY.results({"runs": runs, "theory": theory}, settings)
    assert len(curves) == 4 * 2 * 3
    slopes = estimates[estimates["quantity"] == "compute exponent"]
    assert slopes["estimate"].to_numpy() == pytest.approx(slopes["setting"].map(powers).to_numpy())
    gains = estimates[estimates["quantity"] == sign_descent.GAIN]
    assert gains["estimate"].to_numpy() == pytest.approx([-0.1] * 4)


def test_a_best_size_at_an_end_of_those_tried_is_refused(monkeypatch):
    """By theory the best one at (2.5, 1.5) is half of the law's or less."""
    settings = {"problems": [{"alpha": 2.5, "beta": 1.5}], "compute": [4096], "replicates": 1}
    design = sign_descent.with_steps(sign_descent.rows(settings), settings)
    found = sign_descent.predicted(design)
    best = found[found["chosen"] & (found["model"] == sign_descent.SIGN)]
    assert len(best) == 2 and found["chosen"].sum() == 8
    monkeypatch.setattr(sign_descent, "AROUND", range(-1, 2))
    design = sign_descent.with_steps(sign_descent.rows(settings), settings)
    with pytest.raises(ValueError, match=r"^model_size = \d+: is the last of \["):
        sign_descent.predicted(design)
