"""Step sizes are chosen on pilots, which are not reported, and on nothing else."""

import numpy as np
import pandas as pd
import pytest

from quadlaw.data import data_runs
from quadlaw.fit.estimates import SERIES
from quadlaw.studies import random_bases

PILOTS = 3
# Risk on pilots and on the others: the first fraction is best on pilots and bad on the rest.
RISKS = {0.1: (1.0, 5.0), 0.2: (2.0, 0.5), 0.4: (3.0, 0.4)}


def planted(labels, **columns):
    rows = [
        {"fraction": fraction, "replicate": r, "excess_risk": risks[r >= PILOTS]}
        for fraction, risks in RISKS.items()
        for r in range(10)
    ]
    return pd.DataFrame(rows).assign(diverged=False, **dict.fromkeys(labels, 0), **columns)


def test_random_bases_choose_on_pilots_and_do_not_report_them():
    runs = planted(SERIES, samples=64)
    theory = runs[[*SERIES, "samples", "fraction"]].drop_duplicates().assign(theory=1.0)
    found = random_bases.chosen(runs, theory, PILOTS)
    assert set(found["fraction"]) == {0.1} and set(found["replicate"]) == set(range(PILOTS, 10))
    for replicate, best in ((9, 0.1), (2, 0.2)):  # a reported run, then a pilot
        runs.loc[(runs["fraction"] == 0.1) & (runs["replicate"] == replicate), "diverged"] = True
        assert set(random_bases.chosen(runs, theory, PILOTS)["fraction"]) == {best}
    with pytest.raises(ValueError, match=r"^fractions = 'all': diverge$"):
        random_bases.chosen(runs.assign(diverged=True), theory, PILOTS)


def test_real_data_choose_on_pilots_and_do_not_report_them():
    runs = planted(["model", "basis"], samples=64, error=0.1)
    found = data_runs.chosen(runs, PILOTS, (32, 128))
    assert set(found["fraction"]) == {0.1} and set(found["replicate"]) == set(range(PILOTS, 10))
    outside = runs.assign(samples=16, excess_risk=1 / runs["excess_risk"])
    both = pd.concat([runs, outside])  # what lies outside of the window has no say
    assert set(data_runs.chosen(both, PILOTS, (32, 128))["fraction"]) == {0.1}
    assert np.isfinite(found["risk"]).all()
    for replicate, best in ((9, 0.1), (2, 0.2)):  # a reported run, then a pilot
        runs["diverged"] |= runs["fraction"].eq(0.1) & runs["replicate"].eq(replicate)
        assert set(data_runs.chosen(runs, PILOTS, (32, 128))["fraction"]) == {best}


def test_a_negative_excess_of_a_pilot_is_no_divergence():
    """It is an unbiased estimate, and counts as half of its error."""
    runs = planted(["model", "basis"], samples=64, error=1.0)
    for risk, best in ((-0.1, 0.1), (np.inf, 0.2)):
        one = runs["fraction"].eq(0.1) & runs["replicate"].eq(1)
        found = runs.assign(excess_risk=runs["excess_risk"].mask(one, risk))
        assert set(data_runs.chosen(found, PILOTS, (32, 128))["fraction"]) == {best}


@pytest.mark.parametrize("ends", [(0, 12), (0, 5), (5, 12), (7, 8)])
def test_each_replicate_meets_one_matrix_however_a_point_is_split(ends):
    lanes = [
        {"model": "signed", "model_size": 8, "step_size": 0.1, "init": 0.3, "draw": draw,
         "basis": f"rotated 0.5 4 {draw}", "part": part}
        for draw in range(3)
        for part in "ab"
    ]  # fmt: skip
    point = {"alpha": 2.0, "beta": 2.0, "sigma": 0.5, "schedule": "two-phase 0.5", "samples": 16,
             "replicates": 12, "range": list(ends), "lanes": lanes}  # fmt: skip
    runs = random_bases.run_point(point, 0, "float32")
    assert (runs["draw"] == runs["replicate"] % 3).all()
    assert sorted(runs["replicate"]) == sorted([*range(*ends)] * 2)
    assert (runs["replicates"] == 12).all()
