"""Risk against the sample size: what runs how far, ratios of runs, planted crossings."""

import numpy as np
import pytest

from quadlaw.base.tables import stacked
from quadlaw.fit.designs import points, predicted, with_steps
from quadlaw.sgd.problem import PowerLaw
from quadlaw.studies import sample_scaling, study
from quadlaw.studies.sample_scaling import CROSSING, RATIO_EXPONENT, STRONG_UP_TO, STRONGEST, USUAL
from quadlaw.theory import stability_edge

STUDY = study("sample_scaling")
REST = {"size_factor": 4, "sigma": 0.5, "schedule": "two-phase 0.5", "replicates": 24}
PAIRS = [{"alpha": 5.0, "beta": 2.5}, {"alpha": 2.0, "beta": 3.0}]
SAMPLES = [2**k for k in range(18, 31, 2)]
WINDOW = [SAMPLES[0], SAMPLES[-1]]
SETTINGS = REST | {"problems": PAIRS, "samples": SAMPLES, "window": WINDOW, "half_width": 0.01}


@pytest.fixture(scope="module")
def design():
    return STUDY.design(SETTINGS)


def test_the_strongest_linear_model_runs_where_alpha_is_larger_and_not_as_far(design):
    strong = design[design["setting"] == STRONGEST]
    assert set(strong["alpha"]) == {5.0} and strong["samples"].max() == STRONG_UP_TO
    edge = stability_edge(PowerLaw(5.0, 2.5), int(strong["model_size"].max()))
    assert strong["step_size"].to_numpy() == pytest.approx(0.9 * edge, rel=1e-3)
    assert (strong["method"] == "steps").all()
    assert (design[design["setting"] == USUAL]["method"] == "leaps 0.5").all()
    assert design["samples"].max() == SAMPLES[-1]


def test_where_all_runs_are_long_the_strongest_linear_model_has_the_first():
    rows = STUDY.rows(SETTINGS | {"samples": [2**20, 2**22, 2**24]})
    assert set(rows[rows["setting"] == STRONGEST]["samples"]) == {2**20}


def test_one_problem_and_sample_size_are_one_point(design):
    found = points(design)
    assert {(point["alpha"], point["samples"]) for point in found} == {
        (one["alpha"], T) for one in PAIRS for T in SAMPLES
    }
    assert len(found) == len(PAIRS) * len(SAMPLES)


def planted(design, exponents, seed=0):
    """Runs whose risks are powers of ``T``, equal at ``2^24``, with 5 % noise."""
    draw = np.random.default_rng(seed)
    runs = design.loc[design.index.repeat(24)].reset_index(drop=True)
    power = runs["model"].map(exponents) * np.log(runs["samples"] / 2**24)
    risk = np.exp(-power + 0.05 * draw.standard_normal(len(runs)))
    counts = {"adapted": 0, "learned": 0, "diverged": False}
    return runs.assign(replicate=np.arange(len(runs)) % 24, excess_risk=risk, **counts)


@pytest.mark.slow
def test_planted_exponents_and_crossings_are_found(design):
    runs = planted(design, {"quadratic": 0.4, "linear": 0.3})
    theory = STUDY.predicted(design)
    curves, estimates = STUDY.results({"runs": runs, "theory": theory}, SETTINGS)
    plain = estimates[estimates["against"] == "T"]
    plain = plain.set_index(["quantity", "model", "alpha"]).sort_index()
    for model, exponent in (("quadratic", 0.4), ("linear", 0.3)):
        rows = plain.loc[("sample exponent", model)]
        assert rows["estimate"].to_numpy() == pytest.approx(exponent, abs=0.01)
    ratio = plain.loc[(RATIO_EXPONENT, "linear/quadratic")]
    assert ratio["estimate"].to_numpy() == pytest.approx(0.1, abs=0.015)
    places = estimates[estimates["quantity"] == CROSSING].set_index("setting")
    assert (places["alpha"] == 5).all()  # where alpha < beta nothing is said to cross
    wide = theory[theory["setting"] == USUAL].query("alpha == 5")
    wide = wide.pivot(index="samples", columns="model", values="theory")
    ratio = np.log(wide["linear"] / wide["quadratic"])
    if ratio.iloc[0] < 0:  # the theory crosses within the samples
        expected = np.log10(2**24) - np.interp(0, ratio, np.log10(wide.index))
        assert places.loc[USUAL, "estimate"] == pytest.approx(expected, abs=0.15)
    else:
        assert USUAL not in places.index or np.isnan(places.loc[USUAL, "estimate"])
    assert (estimates["method"] == "leaps 0.5").all()
    assert set(curves["part"]) == {"risk", "ratio", "theory"}


def test_theory_goes_on_with_the_step_constants_of_the_runs(design):
    far = stacked(sample_scaling._curves(SETTINGS, [2**14, *SAMPLES, 2**40]))
    keys = ["alpha", "model", "setting", "samples"]
    both = far.merge(design[[*keys, "step_size"]], on=keys)
    steps = [
        row["tuning"].step_size(row["samples"], row["model_size"])
        for row in both.to_dict("records")
    ]
    assert len(both) == len(design) < len(far) and steps == pytest.approx(
        both["step_size"].tolist()
    )


@pytest.mark.slow
def test_by_theory_the_curves_cross_where_they_are_said_to():
    """Ahead by half and more at 2^30 samples, behind at 2^14 against the strongest rival."""
    one = SETTINGS | {"problems": PAIRS[:1]}
    rows = predicted(with_steps(stacked(sample_scaling._curves(one, [2**14, 2**26, 2**30]))))
    wide = rows.pivot_table(index="samples", columns=["model", "setting"], values="theory")
    usual, strongest = (
        wide["linear", setting] / wide["quadratic", USUAL] for setting in (USUAL, STRONGEST)
    )
    assert usual[2**30] > 1.5 and strongest[2**14] < 1 < strongest[2**26]
