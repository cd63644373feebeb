"""Verdicts follow from numbers: planted claims come out as they must."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from quadlaw.base.documents import from_yaml
from quadlaw.fit.estimates import exponents, table
from quadlaw.ledger import claims
from quadlaw.ledger.claims import FAILED, OPEN, REPRODUCED, changed, evaluate, ledger, verdict
from quadlaw.ledger.entries import checked_claims
from quadlaw.studies import names
from quadlaw.theory import rates

ROOT = Path(__file__).parents[1]
CLAIMS = from_yaml((ROOT / "config/claims.yaml").read_text())


@pytest.mark.parametrize(
    ("low", "high", "rival", "expected"),
    [
        (0.46, 0.54, None, REPRODUCED),
        (0.45, 0.55, None, REPRODUCED),  # the band is closed
        (0.46, 0.56, None, OPEN),  # sticks out
        (0.40, 0.44, None, FAILED),
        (0.56, 0.90, None, FAILED),
        (0.30, 0.70, None, OPEN),  # underpowered
        (0.46, 0.54, 0.6, REPRODUCED),
        (0.46, 0.54, 0.53, OPEN),  # the rival is in the interval
        (0.46, 0.54, 0.54, OPEN),  # at its end
        (0.46, 0.54, 0.46, OPEN),
        (0.40, 0.45, None, OPEN),  # touches the band
        (0.55, 0.60, None, OPEN),
        (0.49, 0.51, 0.53, REPRODUCED),  # in the band, but excluded
        (0.56, 0.90, 0.7, FAILED),
        (np.nan, np.nan, None, OPEN),
        (-np.inf, np.inf, None, OPEN),
    ],
)
def test_verdicts(low, high, rival, expected):
    assert verdict(0.5, low, high, 0.05, rival) == expected


def planted(exponent, spread, replicates=16, seed=0):
    """Estimates of runs whose median falls as ``T^-exponent``."""
    draw = np.random.default_rng(seed)
    samples = np.repeat(2 ** np.arange(8, 17), replicates)
    noise = np.exp(spread * draw.standard_normal(len(samples)))
    runs = pd.DataFrame({"samples": samples, "excess_risk": samples**-exponent * noise})
    runs["replicate"] = np.tile(np.arange(replicates), 9)
    every = {"model": "quadratic", "alpha": 3.0, "beta": 2.0, "sigma": 0.5, "setting": ""}
    runs = runs.assign(**every, diverged=False)
    return table(exponents(runs, "sample exponent", window=(2**8, 2**16)))


CLAIM = {
    "id": "planted", "statement": "The exponent is .4.", "paper": "none", "figure": "planted",
    "quantity": "sample exponent", "rows": {"against": "T"}, "prediction": "(beta - 1) / 2.5",
    "rival": "(beta - 1) / alpha", "tolerance": 0.05,
}  # fmt: skip


def only_verdict(claim, estimates):
    (found,) = ledger([claim], {"planted": estimates})["verdict"]
    return found


def test_a_true_claim_a_false_one_and_an_underpowered_one():
    assert only_verdict(CLAIM, planted(0.4, 0.1)) == REPRODUCED
    assert only_verdict(CLAIM, planted(1 / 3, 0.1)) == FAILED  # its rival is true
    assert only_verdict(CLAIM, planted(0.4, 3.0, replicates=4)) == OPEN


def test_a_bound_is_kept_by_any_smaller_number_and_broken_by_a_larger_one():
    bound = CLAIM | {"prediction": "0.3", "rival": "0.5", "at_most": True}
    assert only_verdict(bound, planted(0.2, 0.1)) == REPRODUCED
    assert only_verdict(bound | {"at_most": False}, planted(0.2, 0.1)) == FAILED
    assert only_verdict(bound, planted(0.4, 0.1)) == FAILED
    assert only_verdict(bound, planted(0.35, 0.5)) == OPEN


def test_the_expected_verdict_is_that_of_the_theory_with_the_same_interval():
    """An exponent that is off as the theory says is told apart from one that the theory has not."""
    estimates = planted(0.3, 0.1)
    for theory, expected in ((0.3, FAILED), (0.4, REPRODUCED), (np.nan, "")):
        (row,) = ledger([CLAIM], {"planted": estimates.assign(theory=theory)}).to_dict("records")
        assert row["verdict"] == FAILED and row["expected"] == expected


def test_wider_intervals_can_only_lose_certainty():
    data = {"planted": planted(0.4, 0.25)}
    wide = ledger([CLAIM], data, 40)
    assert claims.simultaneous(1) == claims.simultaneous(1, 12) == pytest.approx(1)
    assert claims.simultaneous(40) == pytest.approx(3.2272 / 1.95996, rel=1e-3)
    assert ledger([CLAIM], data)["verdict"].item() == REPRODUCED
    assert wide["verdict"].item() == OPEN
    assert wide["ci_low"].item() == ledger([CLAIM], data)["ci_low"].item()  # shown as measured


def test_intervals_of_few_runs_widen_by_their_own_quantiles_and_then_hold_at_once():
    """Of means of six normal numbers: the normal ratio would leave out too many of forty."""
    draw, tests, runs, tries = np.random.default_rng(0), 40, 6, 2000
    values = draw.standard_normal((tries, tests, runs))
    t = np.abs(values.mean(axis=-1)) / (values.std(axis=-1, ddof=1) / np.sqrt(runs))
    half = 2.5706  # of a 95 % interval, Student's quantile at 5 degrees of freedom
    held, by_normal = (
        (t < half * factor).all(axis=-1).mean()
        for factor in (claims.simultaneous(tests, runs), claims.simultaneous(tests))
    )
    assert abs(held - 0.95) < 4 * np.sqrt(0.05 * 0.95 / tries)
    assert by_normal < 0.85


ESTIMATE = {
    "quantity": "sample exponent", "model": "linear", "alpha": 3.0, "beta": 2.0, "sigma": 0.5,
    "setting": "", "against": "T", "estimate": 0.42, "ci_low": 0.41, "ci_high": 0.44, "theory": 0.5,
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "once", "widened"),
    [
        ({"ci_high": 0.445}, REPRODUCED, OPEN),  # up to .452, beyond the band's .45
        ({"ci_high": 0.43}, REPRODUCED, REPRODUCED),
        ({"estimate": 0.38, "ci_low": 0.355, "ci_high": 0.39}, REPRODUCED, OPEN),  # down to .348
        ({"estimate": 0.49, "ci_low": 0.455, "ci_high": 0.5}, FAILED, OPEN),  # down to .445
    ],
)
def test_each_end_is_widened_on_its_own_side(change, once, widened):
    """For four tests at once by a factor of 1.27."""
    estimates = {"planted": pd.DataFrame([ESTIMATE | change])}
    bare = CLAIM | {"rival": "1.0"}
    assert claims.simultaneous(4) == pytest.approx(1.2744, rel=1e-3)
    assert ledger([bare], estimates)["verdict"].item() == once
    assert ledger([bare], estimates, tests=4)["verdict"].item() == widened


def test_a_row_says_its_rival_or_that_it_has_none():
    (row,) = ledger([CLAIM], {"planted": pd.DataFrame([ESTIMATE])}).to_dict("records")
    assert row["rival"] == pytest.approx(1 / 3) and row["predicted"] == pytest.approx(0.4)
    alone = {key: value for key, value in CLAIM.items() if key != "rival"}
    (row,) = ledger([alone], {"planted": pd.DataFrame([ESTIMATE])}).to_dict("records")
    assert np.isnan(row["rival"]) and row["verdict"] == REPRODUCED


def test_rows_with_the_most_alpha_less_beta_are_first():
    pairs = [(2.0, 3.0), (3.0, 1.5), (2.0, 2.0), (4.0, 4.0)]
    rows = pd.DataFrame([ESTIMATE | {"alpha": a, "beta": b} for a, b in pairs])
    found = claims.chosen(CLAIM, rows)
    assert list(zip(found["alpha"], found["beta"], strict=True)) == [
        pairs[1], pairs[2], pairs[3], pairs[0]
    ]  # fmt: skip


def test_the_summary_counts_verdicts_in_the_claims_order():
    rows = pd.DataFrame(
        {"claim": ["b", "a", "b", "b"], "verdict": [OPEN, FAILED, REPRODUCED, OPEN]}
    ).assign(statement="In words.", figure="planted")
    table = claims.summary(rows)
    assert table[["claim", REPRODUCED, OPEN, FAILED]].to_numpy().tolist() == [
        ["b", 1, 2, 0], ["a", 0, 0, 1]
    ]  # fmt: skip
    none = claims.summary(rows[rows["verdict"] == OPEN])  # no row has the other verdicts
    assert none[[REPRODUCED, OPEN, FAILED]].to_numpy().tolist() == [[0, 2, 0]]


def test_what_is_the_projects_own_begins_with_that_word():
    assert claims.is_own({"paper": "own; method"}) and claims.is_own({"paper": "own"})
    assert not claims.is_own({"paper": "section 4; own"})


def test_known_verdicts_have_a_column_for_all_that_tells_rows_apart():
    known = ledger([CLAIM], {"planted": pd.DataFrame([ESTIMATE])})
    claims.checked_verdicts(known)
    for column in (*claims.IDENTITY, "verdict"):
        with pytest.raises(ValueError, match=rf"^columns = .*: {column} is missing$"):
            claims.checked_verdicts(known.drop(columns=column))


def test_numbers_of_the_theory_alone_are_told_apart():
    data = planted(0.4, 0.1)
    assert ledger([CLAIM], {"planted": data})["kind"].item() == claims.SIMULATION
    alone = data.assign(theory=data["estimate"])
    assert ledger([CLAIM], {"planted": alone})["kind"].item() == claims.THEORY
    said = alone.assign(method="leaps 0.5")  # simulated, and equal to the theory, as shares may be
    assert ledger([CLAIM], {"planted": said})["kind"].item() == claims.SIMULATION


def test_a_condition_selects_and_a_claim_may_have_no_rows():
    kept, none = (CLAIM | {"id": one, "only": f"alpha {one} beta"} for one in (">", "<="))
    other = CLAIM | {"id": "other", "quantity": "nothing"}
    table = ledger([none, kept, other], {"planted": planted(0.4, 0.1)})
    assert list(table["claim"]) == [">"]
    assert claims.with_rows([none, kept, other], table) == [kept]
    assert ledger([none, other], {"planted": planted(0.4, 0.1)}).empty


def test_every_claim_is_tested_by_the_last_full_run():
    """A quantity that is misspelled would leave its claim without a row."""
    known = pd.read_csv(ROOT / "config/verdicts.csv")
    assert set(known["claim"]) == {one["id"] for one in CLAIMS}


def test_rows_may_be_against_the_variable_of_their_own_limiting_term():
    """Of the linear model that is T for alpha > beta, and else what pays for the noise."""
    above, below = planted(0.4, 0.1), planted(0.4, 0.1).assign(alpha=1.5, beta=2.5)
    rows = [some.assign(against=one) for some in (above, below) for one in ("T", "T/log2 T")]
    linear = pd.concat(rows).assign(model="linear")
    found = ledger([CLAIM | {"rows": {"against": "limiting"}}], {"planted": linear})
    above = found["alpha"] > found["beta"]
    assert set(found["against"][above]) == {"T"} and set(found["against"][~above]) == {"T/log2 T"}


def test_the_ledgers_columns_begin_with_those_that_users_rely_on():
    found = ledger([CLAIM], {"planted": planted(0.4, 0.1)})
    assert list(found)[:13] == [
        "claim", "statement", "model", "alpha", "beta", "quantity", "predicted", "estimate",
        "ci_low", "ci_high", "tolerance", "verdict", "figure",
    ]  # fmt: skip


def test_a_row_that_no_size_could_decide_says_why():
    data = planted(0.4, 0.1)
    one = {"alpha": float(data["alpha"].iloc[0]), "reason": "Larger by theory."}
    (why,) = ledger([CLAIM | {"undecidable": [one]}], {"planted": data})["undecidable"]
    (other,) = ledger([CLAIM | {"undecidable": [one | {"alpha": 9.0}]}], {"planted": data})[
        "undecidable"
    ]
    assert (why, other) == ("Larger by theory.", "")


@pytest.mark.parametrize(
    "formula",
    [
        "model",
        "(beta - 4) ** 0.5",
        "10.0 ** 1000",
        "gamma + 1",
        "alpha.__class__",
        "open('x')",
        "(beta",
        "beta / (alpha - alpha)",
        "model[99]",
        "log(-1)",
        "log(0)",
        "max('')",
        "1 << -1",
    ],
)
def test_a_formula_that_is_none_is_refused(formula):
    with pytest.raises(ValueError, match="formula = "):
        evaluate(formula, {"model": "linear", "alpha": 2.0, "beta": 3.0, "sigma": 0.5})


def test_a_condition_may_be_of_logarithms():
    row = {"model": "linear", "alpha": 2.0, "beta": 3.0, "sigma": 0.5}
    assert evaluate("log10(alpha) > 0.3", row) and not evaluate("log(alpha) > 0.7", row)


def test_changed_verdicts_are_named():
    found = ledger([CLAIM], {"planted": planted(0.4, 0.1)})
    assert changed(found, found) == []
    other = found.assign(verdict=FAILED)
    assert changed(found, other) == ["planted, quadratic, 3, 2, , T: not reproduced -> reproduced"]
    assert changed(found, found.iloc[:0]) == ["planted, quadratic, 3, 2, , T: absent -> reproduced"]


def test_the_projects_claims_are_whole_and_cover_every_figure():
    config = from_yaml((ROOT / "config/config.yaml").read_text())
    figures = set(config["studies"])
    checked_claims(CLAIMS, sorted(figures))
    assert {claim["figure"] for claim in CLAIMS} == figures == set(names())
    assert len(CLAIMS) >= 20


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tolerance": 0}, r"^claims\[0\].tolerance = 0: a tolerance is a number above 0"),
        ({"tolerance": float("nan")}, "tolerance = nan: must be a finite number"),
        ({"figure": "nowhere"}, "figure = 'nowhere': no such figure"),
        ({"tolerance": "1e-3"}, "tolerance = '1e-3': a tolerance is a number above 0; YAML reads"),
        ({"prediction": "beta -"}, r"prediction = 'beta -': "),
        ({"prediction": "max('')"}, r'^claims\[0\].prediction = "max\(\'\'\)": '),
        ({"verdict": "reproduced"}, "verdict = 'reproduced': unknown key"),
        ({"id": "Two words"}, "id = 'Two words': an id is of lower-case"),
        ({"known": 1}, r"^claims\[0\].known = 1: is true or false"),
        ({"note": "short"}, r"^claims\[0\].note = 'short': a note is"),
        ({"prediction": [1]}, r"^claims\[0\].prediction = \[1\]: a formula, or a number"),
        ({"prediction": True}, r"^claims\[0\].prediction = True: a formula, or a number"),
        ({"rival": None}, r"^claims\[0\].rival = None: a formula, or a number"),
        ({"only": ""}, r"^claims\[0\].only = '': a formula"),
        ({"rows": None}, r"^claims\[0\].rows = None: must be a mapping"),
        ({"rows": {"model": []}}, r"^claims\[0\].rows.model = \[\]: text, or a list of texts"),
        ({"rows": {"model": [5]}}, r"^claims\[0\].rows.model = \[5\]: text, or a list of texts"),
        ({"rows": {"modell": "x"}}, r"^claims\[0\].rows.modell = 'x': unknown key"),
    ],
)
def test_a_faulty_claim_is_refused_in_one_line(change, message):
    with pytest.raises(ValueError, match=message) as refused:
        checked_claims([CLAIM | change], ["planted"])
    assert "\n" not in str(refused.value)


def test_a_claim_without_a_tolerance_has_a_third_of_the_distance_to_its_rival():
    free = {key: value for key, value in CLAIM.items() if key != "tolerance"}
    checked_claims([free], ["planted"])
    (row,) = ledger([free], {"planted": planted(0.4, 0.01)}).to_dict("records")
    assert row["tolerance"] == pytest.approx(abs(row["predicted"] - row["rival"]) / 3)
    with pytest.raises(
        ValueError, match=r"^claims\[0\].tolerance = None: missing: a claim without"
    ):
        checked_claims([{key: value for key, value in free.items() if key != "rival"}], ["planted"])


@pytest.mark.parametrize("ledger", [[], {}, None, "claims"])
def test_a_ledger_without_claims_is_refused(ledger):
    with pytest.raises(ValueError, match=r"^claims = .*: the ledger lists at least one claim"):
        checked_claims(ledger, ["planted"])


def test_the_ledger_says_how_runs_were_made_where_estimates_do():
    (row,) = ledger([CLAIM], {"planted": planted(0.4, 0.1).assign(method="leaps 0.5")}).to_dict(
        "records"
    )
    assert row["method"] == "leaps 0.5"
    (row,) = ledger([CLAIM], {"planted": planted(0.4, 0.1)}).to_dict("records")
    assert np.isnan(row["method"])


def test_a_claim_must_not_be_stated_twice():
    with pytest.raises(ValueError, match="another claim has that id"):
        checked_claims([CLAIM, CLAIM], ["planted"])


@pytest.mark.parametrize(("alpha", "beta"), [(3.0, 1.5), (1.5, 3.0), (2.0, 2.0)])
def test_formulas_of_the_ledger_are_those_of_the_code(alpha, beta):
    """The ledger states its predictions on its own; `rates` must say the same."""

    def formula(claim_id, model="quadratic"):
        (claim,) = [one for one in CLAIMS if one["id"] == claim_id]
        return evaluate(
            claim["prediction"], {"model": model, "alpha": alpha, "beta": beta, "sigma": 0.5}
        )

    for model in ("quadratic", "linear"):
        rate = rates.sample_exponent(model, alpha, beta)
        assert formula("rates-at-a-trillion", model) == pytest.approx(rate)
    side = {1: "-above", 0: "", -1: "-below"}[np.sign(alpha - beta)]
    for model in ("quadratic", "linear"):
        claim = f"{model}{side}" if side else "at-equality"
        rate = rates.sample_exponent(model, alpha, beta)
        assert formula(f"sample-rate-{claim}") == pytest.approx(rate)
    assert formula("model-rate") == pytest.approx(rates.model_exponent(beta))
    assert formula("front") == pytest.approx(1 / rates.front_exponent(alpha, beta))
    assert formula("compute-rate") == pytest.approx(
        rates.compute_exponent("quadratic", alpha, beta)
    )
    fixed = rates.fixed_step_exponent(alpha, beta)
    assert formula("linear-fixed-step") == pytest.approx(fixed)
    size = np.log(rates.effective_dimension("quadratic", alpha, beta, np.e))
    for count in ("adapted", "learned"):
        claim = f"dimension-{count}" + ("" if alpha > beta else "-below")
        assert formula(claim) == pytest.approx(size)
