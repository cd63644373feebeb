"""The replication report: every number has a source, and the same tables give the same bytes."""

import copy
import json
import re

import numpy as np
import pandas as pd
import pytest

from paper import typeset
from project import ROOT
from quadlaw.base.documents import from_yaml
from quadlaw.ledger.claims import evaluate, ledger
from quadlaw.ledger.paper import FIGURES, MEASURED, paper_data
from quadlaw.ledger.statements import statements_table
from quadlaw.theory.rates import limiting_clock

TEMPLATE = ROOT / "workflow/report/paper.typ"
CLAIMS = from_yaml((ROOT / "config/claims.yaml").read_text())
STATEMENTS = from_yaml((ROOT / "config/statements.yaml").read_text())
STUDIES = list(from_yaml((ROOT / "config/config.yaml").read_text())["studies"])
SERIES_KEYS = ("model", "alpha", "beta")
# The first of these that a claim speaks of.
SERIES = [
    [("quadratic", 4.0, 2.0), ("quadratic", 1.5, 2.5)],
    [("quadratic", 2.0, 2.0)],
    [("depth 3", 4.0, 2.0), ("depth 3", 2.0, 3.0)],
    [("quadratic", 3.0, 5.0), ("quadratic", 1.2, 6.0)],
    [("quadratic", 5.0, 5.0), ("quadratic", 2.0, 4.0)],
]
ABSENT = "linear over quadratic risk at the largest T"  # of no claim, and cited
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="70" height="40"><path d="M0 0h9"/></svg>'
FACTS = {
    "date": "2026-01-02T03:04:05+00:00", "commit": "unknown", "uncommitted_changes": "unknown",
    "python": "3.11", "packages": {"numpy": "2"}, "cpu": {"model": "CPU", "kind": "x", "count": 1},
    "seed": 1,
    "configuration": {
        "smoke": True, "sigma": 0.5, "studies": {"sample_scaling": {"size_factor": 4}},
    },
}  # fmt: skip
JOBS = pd.DataFrame({"jobs": [3], "cpu_seconds": [90.0], "peak_memory_mb": [200.0]})


def planted(claim):
    """Estimates that a claim speaks of: a row a problem, .01 above the prediction."""
    wanted = {key: np.atleast_1d(value)[0] for key, value in claim.get("rows", {}).items()}
    limiting = wanted.get("against") == "limiting"
    usual = {"sigma": 0.5, "setting": "", "against": "T", "replicates": 16}
    usual |= {"window_low": 2.0**10, "window_high": 2.0**20, "quantity": claim["quantity"]}
    for series in SERIES:
        rows = [usual | dict(zip(SERIES_KEYS, one, strict=True)) | wanted for one in series]
        if limiting:
            rows = [
                row | {"against": limiting_clock(*[row[key] for key in SERIES_KEYS])}
                for row in rows
            ]
        rows = [row for row in rows if evaluate(claim.get("only", "1"), row)]
        if rows:
            break
    for row in rows:
        value = evaluate(claim["prediction"], row) + 0.01
        numbers = {"estimate": value, "ci_low": value - 0.005, "ci_high": value + 0.004}
        yield row | numbers | {"theory": value + 0.001}


def data_of(studies, statements=STATEMENTS):
    """What the report reads after a run of some studies."""
    claims = [claim for claim in CLAIMS if claim["figure"] in studies]
    rows = {name: [] for name in studies}
    for claim in claims:
        rows[claim["figure"]] += planted(claim)
    tables = {name: pd.DataFrame(some) for name, some in rows.items()}
    if "sample_scaling" in tables:
        setting = {"quantity": ABSENT, "setting": "to 0.25 of the edge"}
        more = tables["sample_scaling"].head(2).assign(**setting)
        tables["sample_scaling"] = pd.concat([tables["sample_scaling"], more])
    columns = [*MEASURED, "start_low", "start_high", "step_low", "step_high", "method"]
    tables = {name: frame.reindex(columns=[*frame, *set(columns) - set(frame)])
              for name, frame in tables.items()}  # fmt: skip
    table = ledger(claims, tables)
    table["expected"] = table["expected"].replace("", np.nan)
    judged = statements_table(statements, table)
    return paper_data(CLAIMS, tables, table, judged, JOBS, FACTS)


@pytest.fixture(scope="module")
def whole():
    return data_of(STUDIES)


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """A function that typesets some data, with a small picture for each figure that they have."""
    path = tmp_path_factory.mktemp("figures") / "figure.svg"
    path.write_text(SVG)

    def made(data, template=TEMPLATE):
        return typeset(
            template, data, {name: path for name in FIGURES if name in data["estimates"]}
        )

    return made


def without(data, *keys):
    """A copy of ``data`` that lacks what ``keys`` lead to."""
    other = copy.deepcopy(data)
    place = other
    for key in keys[:-1]:
        place = place[key]
    del place[keys[-1]]
    return other


def test_the_same_data_give_the_same_bytes(whole, build):
    first = build(whole)
    assert first.startswith(b"%PDF") and first == build(copy.deepcopy(whole))


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("claims", "front", "rows", 0, "estimate"), 1.234),
        (("claims", "front", "rows", 0, "ci_low"), 0.9),
        (("claims", "sample-rate-quadratic-above", "rows", 0, "predicted"), 0.9),
        (("estimates", "sample_scaling", ABSENT, 0, "estimate"), 7.0),
        (("statements", 0, "verdict"), "undecided"),
        (("constants", "strong"), 0.8),
        (("totals", "known", "reproduced"), 1000),
        (("run", "commit"), "0123456789abcdef"),
        (("cost", "core_minutes"), 77.0),
    ],
)
def test_a_number_that_changes_changes_the_report(whole, build, keys, value):
    """So it comes from the data, and is typed nowhere."""
    other = copy.deepcopy(whole)
    place = other
    for key in keys[:-1]:
        place = place[key]
    assert place[keys[-1]] != value
    place[keys[-1]] = value
    assert build(other) != build(whole)


@pytest.mark.parametrize(
    "keys",
    [
        ("claims", "front"),
        ("estimates", "sample_scaling", ABSENT),
        ("constants", "strong"),
        ("totals", "comparable"),
        ("run", "seed"),
        ("claims", "front", "rows", 0, "ci_low"),
    ],
)
def test_a_number_without_a_source_ends_the_build_in_one_line(whole, build, keys):
    with pytest.raises(ValueError, match=rf"^paper\.typ: .*{re.escape(str(keys[-1]))}") as fault:
        build(without(whole, *keys))
    assert "\n" not in str(fault.value)


def test_an_unknown_claim_in_the_template_is_named(whole, build, tmp_path):
    for path in TEMPLATE.parent.iterdir():
        (tmp_path / path.name).write_text(path.read_text())
    template = tmp_path / TEMPLATE.name
    template.write_text(template.read_text() + '\n#outcome("no-such-claim")\n')
    with pytest.raises(ValueError, match=r"^paper\.typ: .*no-such-claim"):
        build(whole, template)


@pytest.mark.parametrize("studies", [["sample_scaling"], ["leaps", "noise"], ["initialization"]])
def test_a_run_of_few_studies_has_a_report(build, studies):
    assert build(data_of(studies)).startswith(b"%PDF")


def test_a_run_without_statements_has_a_report(build):
    assert build(data_of(["sample_scaling", "collapse"], [])).startswith(b"%PDF")


@pytest.mark.parametrize(
    ("latex", "typst"),
    [
        ("T^{-p}", "T^(-p)"),
        (r"D = T^{1/\max(\beta, (\alpha + \beta)/2)}", "D = T^(1/max(beta, (alpha + beta)/2))"),
        (r"\min(M, D)^{-(\beta-1)} + \sigma^2", "min(M, D)^(-(beta-1)) + sigma^2"),
        (r"\langle x, v^L \rangle", "chevron.l x, v^L chevron.r"),
        (r"\alpha \leq \beta", "alpha <= beta"),
        (r"\alpha \neq \beta", "alpha != beta"),
        (r"\eta t \sim i^p", "eta t tilde.op i^p"),
        (r"v^\ast", "v^*"),
        (r"T / \log_2 T", "T / log_2 T"),
    ],
)
def test_formulas_of_statements_are_set_as_mathematics(whole, build, tmp_path, latex, typst):
    for path in TEMPLATE.parent.iterdir():
        (tmp_path / path.name).write_text(path.read_text())

    def page(words):
        undated = '#import "parts.typ": *\n#set document(date: none)\n'
        (tmp_path / TEMPLATE.name).write_text(undated + words)
        return build(whole, tmp_path / TEMPLATE.name)

    ours = page(f"#typeset({json.dumps(f'So ${latex}$.')})")
    assert ours == page(f"So ${typst}$.") != page(f"So #{json.dumps(typst)}.")


@pytest.mark.parametrize(
    "lost", [("ci_low", "ci_high"), ("estimate", "ci_low", "ci_high", "theory")]
)
def test_numbers_that_a_run_could_not_find_are_dashes(whole, build, lost):
    """As where too many runs diverged; a key that is missing is another thing."""
    other = copy.deepcopy(whole)
    tables = [one["rows"] for one in other["claims"].values()]
    tables += [rows for study in other["estimates"].values() for rows in study.values()]
    for rows in tables:
        for row in rows:
            row.update(dict.fromkeys(lost))
    assert build(other).startswith(b"%PDF")


# --- the template ---------------------------------------------------------------------------------

CONSTANTS = {"0", "1", "2", "4", "10", "16"}  # of equations, D/16 and log10 among them
LAYOUT = [r"columns: \d", r"colspan: \d", r"\b1fr"]  # tables
CODE = [r"calc\.max\(totals\.comparable, 1\)", r"one\.at\(key\) > 0"]


def typed(text):
    """Numbers that stand in a template's words and formulas, not in its names and comments."""
    text = re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"@\w+", " ", text)
    for pattern in [*LAYOUT, *CODE]:
        text = re.sub(pattern, " ", text)
    formulas = re.findall(r"\$[^$]*\$", text)
    words = re.sub(r"\$[^$]*\$", " ", text)
    numerals = [found for formula in formulas for found in re.findall(r"\d*\.?\d+", formula)]
    return [found for found in numerals if found not in CONSTANTS] + re.findall(r"\d+", words)


@pytest.mark.parametrize("name", ["paper.typ", "tables.typ"])
def test_no_number_is_typed_in_the_template(name):
    assert typed((TEMPLATE.parent / name).read_text()) == []


@pytest.mark.parametrize("text", ["falls as 0.328", "$T = 2^30$", "all 17 rows", "$p = 0.25$"])
def test_a_typed_number_is_noticed(text):
    """The control."""
    assert typed(f"{TEMPLATE.read_text()}\n{text}\n")


def test_the_template_names_figures_and_statements_that_there_are():
    text = TEMPLATE.read_text()
    assert re.findall(r'#drawn\("(\w+)"', text) == FIGURES
    called = re.findall(r"#(?:tested|statement-number)\(([^)]*)\)", text)
    names = {name for call in called for name in re.findall(r'"([\w-]+)"', call)}
    assert len(names) > 8 and names <= {one["id"] for one in STATEMENTS}


def test_the_references_cite_the_paper_as_the_citation_file_does():
    cited = from_yaml((ROOT / "CITATION.cff").read_text())["preferred-citation"]
    text = (ROOT / "workflow/report/paper.bib").read_text()
    (entry,) = re.findall(r"@article\{ding2025,(.*?)\n\}", text, re.DOTALL)
    fields = dict(re.findall(r"^  (\w+) = \{(.*)\},$", entry, re.MULTILINE))
    assert fields["title"] == cited["title"] and fields["url"] == cited["url"]
    assert fields["note"] == cited["notes"] and fields["year"] == str(cited["year"])
    assert fields["author"] == " and ".join(one["family-names"] for one in cited["authors"])


# --- the data -------------------------------------------------------------------------------------


def test_totals_count_the_ledger(whole):
    rows = [row for claim in whole["claims"].values() for row in claim["rows"]]
    known = [
        row for one in CLAIMS if one.get("known") for row in whole["claims"][one["id"]]["rows"]
    ]
    totals = whole["totals"]
    assert totals["simulated"]["all"] == totals["comparable"] == len(rows)
    assert totals["theory"]["all"] == 0 and totals["known"]["all"] == len(known) < len(rows)
    for verdict in ("reproduced", "inconclusive", "not reproduced"):
        assert totals["simulated"][verdict] == sum(row["verdict"] == verdict for row in rows)
    assert totals["hold_the_theory"] == len(rows)  # .001 from the estimate, within the interval
    assert 0 <= totals["moved_if_at_once"] < len(rows)


def test_what_is_missing_is_null_and_what_is_there_is_unchanged(whole):
    row = whole["estimates"]["sample_scaling"][ABSENT][0]
    first = next(planted(next(one for one in CLAIMS if one["figure"] == "sample_scaling")))
    assert row["estimate"] == pytest.approx(first["estimate"], rel=1e-12)
    assert set(row) == set(MEASURED)
    assert whole["claims"]["mean-field"]["rows"][0]["rival"] is None
