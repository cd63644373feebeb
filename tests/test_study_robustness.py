"""Power laws up to constants: variants, edges, the theory, noises, planted and broken laws."""

from dataclasses import replace

import numpy as np
import pytest

from quadlaw.base.tables import select, stacked
from quadlaw.fit.designs import IN_LEAPS, points
from quadlaw.models import PAPER
from quadlaw.sgd.problem import PowerLaw
from quadlaw.sgd.streams import chunks
from quadlaw.sgd.workload import stream_of
from quadlaw.studies import study
from quadlaw.studies.robustness import (
    CONTROL,
    GAUSSIAN,
    KNEE,
    LOUDER,
    NOISES,
    PLAIN,
    RATIO,
    VARIANTS,
    problem_of,
    varied,
)
from quadlaw.theory import stability_edge
from quadlaw.theory.rates import sample_exponent
from quadlaw.theory.tuning import SAFE

STUDY = study("robustness")
SETTINGS = {
    "problems": [{"alpha": 3.0, "beta": 1.5}, {"alpha": 2.0, "beta": 3.0}],
    "samples": [2**14, 2**16, 2**18],
    "replicates": 24,
    "size_factor": 4,
    "window": [2**14, 2**18],
    "sigma": 0.5,
    "label_noise": {
        "problems": [{"alpha": 1.5, "beta": 3.0}],
        "samples": [256, 512, 1024],
        "replicates": 24,
        "size_factor": 4,
        "window": [256, 1024],
    },
}
BROKEN = "broken power"


@pytest.fixture(scope="module")
def whole():
    return STUDY.design(SETTINGS)


@pytest.fixture(scope="module")
def design(whole):
    """What is in leaps: the variants."""
    return whole[whole["setting"].isin(VARIANTS)]


@pytest.fixture(scope="module")
def noisy(whole):
    return whole[whole["setting"].isin(NOISES)]


def of(variant, alpha=3.0, beta=1.5, size=512):
    return varied(variant, alpha, beta, 0.5, size)


def test_without_a_variant_it_is_the_power_law():
    plain = PowerLaw(3.0, 1.5).spectrum(512)
    for name in ("eigenvalues", "target", "tail"):
        assert getattr(of(PLAIN), name) == pytest.approx(getattr(plain, name), rel=1e-9)


@pytest.mark.parametrize("alpha, beta", [(3.0, 1.5), (2.0, 3.0)])
@pytest.mark.parametrize("variant", sorted(set(VARIANTS) - {PLAIN, CONTROL}))
def test_variants_are_power_laws_up_to_constants(variant, alpha, beta):
    """And no power laws; the control is none up to any of these constants."""
    i = np.arange(1, 2**14 + 1)
    one = of(variant, alpha, beta, len(i))
    factors = one.eigenvalues * i**alpha, one.eigenvalues * one.target**2 * i**beta
    moved = 4.0 ** abs(alpha - beta)  # a target goes to at most four times its place
    largest = {BROKEN: KNEE, "shuffled target": moved}.get(variant, 2.0)
    for factor in factors:
        assert (factor > 0.999 / largest).all() and (factor < 1.001 * largest).all()
    assert max(np.ptp(np.log(factor)) for factor in factors) > 1
    control = of(CONTROL, alpha, beta, len(i)).eigenvalues * i**alpha
    assert np.ptp(np.log(control)) > 2 * np.log(largest) or control.min() < 1 / largest


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_first_coordinates_are_the_same_at_any_size_and_the_tail_is_theirs(variant):
    short, long = of(variant, size=100), of(variant, size=40_000)
    for name in ("eigenvalues", "target"):
        assert np.array_equal(getattr(short, name), getattr(long, name)[:100])
    # Of what is listed here alone, the signal is estimated there, from 2^14 coordinates.
    assert long.tail[:101] == pytest.approx(short.tail, rel=3e-3)
    signal = long.eigenvalues * long.target**2
    assert np.allclose(-np.diff(long.tail), signal, rtol=1e-6)


def test_draws_differ_by_problem():
    one, other = (of("random eigenvalues", alpha, 1.5).eigenvalues for alpha in (3.0, 4.0))
    assert np.corrcoef(np.diff(np.log(one)), np.diff(np.log(other)))[0, 1] < 0.2


def test_no_step_exceeds_a_quarter_of_the_variants_edge(design):
    """As steps of the power law would."""
    edges = np.array(
        [
            stability_edge(problem_of(row), row["model_size"], row["model"])
            for row in design.to_dict("records")
        ]
    )
    assert (design["step_size"] <= SAFE * edges * (1 + 1e-9)).all()
    keys = ["model", "alpha", "samples"]
    plain = select(design, setting=PLAIN).set_index(keys)["step_size"].rename("usual")
    both = design.join(plain, on=keys)
    factors = (both["step_size"] / both["usual"]).groupby([both[k] for k in ("model", "alpha")])
    for _, some in factors:
        by_curve = some.groupby(both["setting"]).agg(["min", "max"])
        assert by_curve["min"].to_numpy() == pytest.approx(by_curve["max"].to_numpy())
    broken = (both["setting"] == BROKEN) & (both["alpha"] == 3)
    assert (both["usual"] > SAFE * edges)[broken].all()


def test_variants_of_a_problem_are_lanes_of_one_point(design):
    found = points(design)
    assert len(found) == 2 * 3
    assert all(len(point["lanes"]) == len(VARIANTS) * len(PAPER) for point in found)


def test_for_the_theory_one_coordinate_stands_for_all_beyond_the_model():
    row = {"setting": BROKEN, "alpha": 3.0, "beta": 1.5, "sigma": 0.5, "model_size": 200}
    one, spectrum = problem_of(row), of(BROKEN)
    assert one.tail(np.arange(201)) == pytest.approx(spectrum.tail[:201], rel=1e-9)
    assert one.at(np.arange(1, 201))[1] == pytest.approx(spectrum.target[:200], rel=1e-12)


@pytest.mark.slow
def test_runs_of_a_variant_have_the_risk_of_its_own_theory(design):
    """And not of another one's."""
    rows = select(design, alpha=3.0, samples=2**14).assign(replicates=32)
    theory = STUDY.predicted(rows).set_index(["setting", "model"])["theory"]
    (point,) = points(rows)
    runs = STUDY.run_point(point, 7, "float32")
    assert len(runs) == 32 * len(rows) and not runs["diverged"].any()
    risks = runs.groupby(["setting", "model"])["excess_risk"]
    error = 4 * risks.sem() + 0.004 * theory  # the leaps' and the closure's own
    assert ((risks.mean() - theory).abs() < error).all()
    for setting in set(VARIANTS) - {PLAIN}:
        for model in PAPER:
            here, plain = (risks.mean()[one, model] for one in (setting, PLAIN))
            assert abs(here - plain) > error[setting, model]


@pytest.mark.slow
def test_by_theory_variants_have_the_law_and_the_control_has_not():
    """Exponents within a third of the distance to the rival, but for the control's."""
    alpha, beta, samples = 4.0, 1.5, [2**18, 2**22, 2**26]
    one = SETTINGS | {"problems": [{"alpha": alpha, "beta": beta}], "samples": samples}
    rows = STUDY.predicted(select(STUDY.design(one), model="quadratic", alpha=alpha))
    clock = np.array(samples) / np.log2(samples)
    ours, rival = (sample_exponent(model, alpha, beta) for model in ("quadratic", "linear"))
    for setting, some in rows.groupby("setting"):
        risk = some.sort_values("samples")["theory"]
        found = -np.polyfit(np.log(clock), np.log(risk), 1)[0]
        assert (abs(found - ours) < (ours - rival) / 3) == (setting != CONTROL), setting


def test_noises_have_the_variance_of_gaussian_noise_and_other_laws():
    z = np.linspace(-9, 9, 200_001)
    weight = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) * (z[1] - z[0])
    fourth = {}
    for name, law in NOISES.items():
        numbers = law(z)
        variance = 2.0 if name == LOUDER else 1.0
        assert abs(weight @ numbers) < 1e-6
        assert weight @ numbers**2 == pytest.approx(variance, rel=1e-4)
        fourth[name] = weight @ numbers**4 / variance**2
    assert fourth.pop(GAUSSIAN) == pytest.approx(3, rel=1e-4) == fourth.pop(LOUDER)
    assert all(abs(kurtosis - 3) > 1.5 for kurtosis in fourth.values())
    skewed = NOISES["skewed noise"](z)
    assert weight @ skewed**3 == pytest.approx(2, rel=1e-3)


def test_noises_differ_in_nothing_but_the_label_noise():
    """And Gaussian noise is the usual one."""
    usual = PowerLaw(1.5, 3.0, 0.5).spectrum(16)
    z = np.concatenate([y for _, _, y in chunks(usual, 500, 0, 0, [500], "float64")])
    quiet = replace(usual, noise=np.zeros_like)
    rest = np.concatenate([y for _, _, y in chunks(quiet, 500, 0, 0, [500], "float64")])
    for name, law in NOISES.items():
        spectrum = of(name, 1.5, 3.0, 16)
        stream = list(chunks(spectrum, 500, 0, 0, [500], "float64"))
        y = np.concatenate([labels for _, _, labels in stream])
        assert y == pytest.approx(rest + 0.5 * law((z - rest) / 0.5), rel=1e-5, abs=1e-5)
        assert np.allclose(y, z, rtol=1e-5, atol=1e-5) == (name == GAUSSIAN)


def test_leaps_refuse_noise_that_they_do_not_know(noisy):
    row = noisy[noisy["setting"] == "skewed noise"].iloc[:1]
    (point,) = points(row.assign(**IN_LEAPS))
    with pytest.raises(ValueError, match=r"noise = .*: leaps know its variance alone"):
        STUDY.run_point(point, 0, "float32")


@pytest.mark.slow
def test_mean_risk_is_that_of_gaussian_noise_and_not_of_a_louder_one(noisy):
    rows = select(noisy, samples=1024).assign(replicates=64)
    (point,) = points(rows)
    runs = STUDY.run_point(point, 11, "float32")
    wide = runs.pivot(index=["model", "replicate"], columns="setting", values="excess_risk")
    ratios = wide.div(wide[GAUSSIAN].groupby("model").mean(), level="model", axis=0)
    more = ratios.sub(ratios[GAUSSIAN], axis=0).drop(columns=GAUSSIAN).groupby("model")
    far = more.mean().abs() > 4 * more.sem()
    assert not far.drop(columns=LOUDER).any(axis=None)
    assert far[LOUDER].all()


def test_planted_costs_of_noises(whole, noisy):
    """Each noise's factor over the Gaussian risk of the same replicate."""
    factors = dict(zip(NOISES, (1.0, 1.1, 1.2, 1.3, 1.6), strict=True))
    draw = np.random.default_rng(0)
    common = draw.lognormal(0, 0.5, 24)
    cost = whole["setting"].map(factors).fillna(1.0)
    risk = cost * whole["samples"] ** -0.4
    runs = stacked(
        whole.assign(
            replicate=r, excess_risk=risk * common[r], diverged=False, adapted=0, learned=0
        )
        for r in range(24)
    )
    tables = {"runs": runs, "theory": whole.assign(theory=risk)}
    curves, estimates = STUDY.results(tables, SETTINGS)
    assert len(select(curves, part="noise")) == len(noisy) - 2 * 3
    found = select(estimates, quantity="log of risk over Gaussian noise's")
    assert len(found) == 2 * 4 and set(found["method"]) == {"steps"}
    for column in ("estimate", "theory", "ci_low", "ci_high"):
        assert found[column].to_numpy() == pytest.approx(np.log(found["setting"].map(factors)))


def test_work_counts_the_inputs_of_each_noise(whole, noisy):
    ours, shared = STUDY.streams(noisy, None), points(noisy)
    assert len(ours) == len(NOISES) * len(shared)
    assert sum(one.seconds() for one in ours) > 1.5 * sum(
        stream_of(point).seconds() for point in shared
    )
    assert len(STUDY.streams(whole, None)) == len(points(whole)) + len(ours) - len(shared)


def test_planted_exponents_and_ratios(whole):
    slopes, design = {"quadratic": 0.3, "linear": 0.2}, whole
    risk = design["samples"] ** -design["model"].map(slopes)
    risk *= np.where(design["setting"] == CONTROL, design["samples"] ** 0.1, 1.0)
    draw = np.random.default_rng(0)
    runs = stacked(
        design.assign(
            replicate=r, excess_risk=risk * draw.lognormal(0, 0.02, len(risk)), diverged=False,
            adapted=0, learned=0,
        )
        for r in range(24)
    )  # fmt: skip
    tables = {"runs": runs, "theory": design.assign(theory=risk)}
    curves, estimates = STUDY.results(tables, SETTINGS)
    assert len(select(curves, part="risk")) == len(design)
    assert len(select(curves, part="ratio")) == len(design) / 2
    found = select(estimates, against="T").set_index(["model", "alpha", "setting"])
    assert len(found) == 3 * (2 * len(VARIANTS) + len(NOISES))
    assert np.allclose(found["estimate"], found["theory"], atol=0.02)
    for model, expected in (slopes | {RATIO: 0.1}).items():
        control = found.loc[(model, slice(None), CONTROL), "theory"]
        assert control.to_numpy() == pytest.approx(expected if model == RATIO else expected - 0.1)
        assert found.loc[(model, 3.0, PLAIN), "theory"] == pytest.approx(expected)
    leapt = found.index.get_level_values("setting").isin(VARIANTS)
    assert (found["method"] == np.where(leapt, "leaps 0.5", "steps")).all()
