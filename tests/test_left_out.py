"""Studies that a configuration leaves out: with their claims, statements and known verdicts."""

import pandas as pd
import pytest
import yaml

import claims as pages
import verdicts
from configurations import CONFIG, changed, checked
from project import copy_project, jobs_of, snakemake
from quadlaw.ledger.claims import of_studies
from quadlaw.ledger.statements import of_claims
from quadlaw.studies import names, study
from test_claims import CLAIM, planted


def without(*left_out):
    return CONFIG | {"studies": CONFIG["studies"] | dict.fromkeys(left_out)}


@pytest.mark.parametrize("smoke", [False, True])
def test_null_leaves_a_study_out_and_changes_no_other(smoke):
    whole, part = (checked(one | {"smoke": smoke}) for one in (CONFIG, without("noise", "leaps")))
    del whole["studies"]["noise"], whole["studies"]["leaps"]
    assert part == whole


def test_whatever_others_take_runs_from_is_left_out_with_them_alone():
    sources = {name: {*study(name).reads, study(name).uses} - {None} for name in names()}
    needed = set().union(*sources.values())
    for name in needed:
        takers = [one for one in CONFIG["studies"] if name in sources[one]]
        with pytest.raises(ValueError, match=f"needs studies.{name}, .* null leaves out ") as fault:
            checked(without(name))
        assert f"leaves out {', '.join(takers)}, too" in str(fault.value)
        assert name not in checked(without(name, *takers))["studies"]
    for name in set(names()) - needed:
        assert name not in checked(without(name))["studies"]


def test_claims_and_statements_go_with_their_study():
    first, other = CLAIM, CLAIM | {"id": "other", "figure": "noise"}
    stated = [
        {"id": "both", "claims": ["planted", "other"]}, {"id": "one", "claims": ["other"]},
    ]  # fmt: skip
    left = of_studies([first, other], ["planted"])
    assert left == [first]
    assert of_claims(stated, left) == [{"id": "both", "claims": ["planted"]}]
    assert of_claims(stated, [first, other]) == stated


STATED = {"statement": "The exponent is .4, as stated.", "paper": "section 4"}
OTHER = {"id": "other", "figure": "noise"}  # the same claim, of another study


@pytest.fixture
def written(tmp_path):
    """The pages and tables of one study of two, ``planted``."""
    files = {
        "claims.yaml": [CLAIM, CLAIM | OTHER],
        "statements.yaml": [
            STATED | {"id": "gone", "claims": ["other"]},
            STATED | {"id": "kept", "claims": ["planted"]},
        ],
    }
    for name, content in files.items():
        (tmp_path / name).write_text(yaml.safe_dump(content))
    planted(0.4, 0.1).to_csv(tmp_path / "estimates.csv", index=False)
    pages.main(
        [tmp_path / "estimates.csv"], tmp_path / "claims.yaml", tmp_path / "statements.yaml",
        ["planted"], {name: tmp_path / name for name in pages.OUTPUTS},
    )  # fmt: skip
    return tmp_path


def test_the_ledger_has_what_is_left(written):
    assert set(pd.read_csv(written / "csv")["claim"]) == {"planted"}
    assert list(pd.read_csv(written / "statements")["id"]) == ["kept"]
    assert (written / "summary").read_text().startswith("1 claims at 1 settings.")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("rest", "counts"), [([CLAIM], "1 claims at 1"), ([], "0 claims at 0")])
def test_a_claim_of_problems_that_the_run_has_not_is_named_and_not_tested(written, rest, counts):
    left = CLAIM | {"id": "left", "only": "alpha < beta"}
    (written / "claims.yaml").write_text(yaml.safe_dump([left, *rest]))
    stated = [STATED | {"id": one, "claims": [one]} for one in ("left", "planted")]
    (written / "statements.yaml").write_text(yaml.safe_dump(stated))
    pages.main(
        [written / "estimates.csv"], written / "claims.yaml", written / "statements.yaml",
        ["planted"], {name: written / name for name in pages.OUTPUTS},
    )  # fmt: skip
    text = (written / "summary").read_text()
    assert text.startswith(f"{counts} settings.") and "of their kind: left.\n" in text
    assert "\n## left" not in (written / "markdown").read_text()
    assert list(pd.read_csv(written / "statements")["id"]) == [one["id"] for one in rest]


@pytest.mark.filterwarnings("error")
def test_known_verdicts_of_a_study_that_is_left_out_are_none_of_a_run(written):
    found = pd.read_csv(written / "csv")
    known = pd.concat([found, found.assign(claim="other")])
    known.to_csv(written / "known.csv", index=False)
    files = [written / name for name in ("csv", "known.csv", "claims.yaml")]
    verdicts.main(*files, ["planted"], written / "table.csv")
    assert list(pd.read_csv(written / "table.csv")["claim"]) == ["planted"]
    with pytest.raises(ValueError, match=r"(?s)verdicts changed:.*other.* -> absent"):
        verdicts.main(*files, ["planted", "noise"], written / "table.csv")  # the control


def test_the_ledger_of_theory_alone_has_no_intervals_to_widen(written):
    estimates = planted(0.4, 0.1).assign(theory=lambda table: table["estimate"])
    estimates.to_csv(written / "estimates.csv", index=False)
    pages.main(
        [written / "estimates.csv"], written / "claims.yaml", None, ["planted"],
        {name: written / name for name in pages.OUTPUTS},
    )  # fmt: skip
    text = (written / "summary").read_text()
    assert "By simulation, with 95 % intervals: 0 (" in text and "nan" not in text


# --- through Snakemake, with text for what is nested ----------------------------------------------

OUT = ("theory_vs_sgd", "noise")


@pytest.mark.workflow
def test_snakemake_plans_no_job_of_a_study_that_is_left_out(tmp_path):
    folder = copy_project(tmp_path)
    nulls = ", ".join(f"{name}: null" for name in OUT)
    options = ["--config", f"studies={{{nulls}, leaps: {{replicates: 64}}}}", "force=false"]
    output = snakemake(folder, "--dry-run", *options)
    jobs = jobs_of(output)
    assert jobs["figure"] == len(CONFIG["studies"]) - len(OUT) and "mean_field_table" not in jobs
    assert "Figure leaps" in output and "Figure noise" not in output


def test_all_left_out_is_refused():
    with pytest.raises(ValueError, match=r"^studies = .*: at least one study"):
        checked(without(*CONFIG["studies"]))
    with pytest.raises(ValueError, match=r"^studies.noize = None: unknown key"):
        checked(changed(("studies", "noize"), None))
