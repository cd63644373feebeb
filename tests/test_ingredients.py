"""Keys of finished points: what a point ran, and nothing else."""

from functools import cache

from project import ROOT, edit
from quadlaw.base import provenance
from quadlaw.fit import points
from quadlaw.ledger.config import for_study, read
from quadlaw.ledger.plans import plans
from quadlaw.models import HOMES, MODELS, PAPER
from quadlaw.sgd.ingredients import modules_of
from quadlaw.sgd.schedules import KINDS
from quadlaw.studies import study

CONFIG = read([])
HASHED = (
    "quadlaw.sgd.run", "quadlaw.fit.points", "quadlaw.studies.phase_transition", "quadlaw.theory",
)  # fmt: skip


def key_of(*models, schedule="two-phase 0.5"):
    lanes = [{"model": name, "model_size": 8, "step_size": 0.1, "init": 0.5} for name in models]
    point = {"alpha": 2.0, "beta": 2.0, "sigma": 0.5, "samples": 64, "replicates": 2}
    code = provenance.code_hash("quadlaw.fit.points")
    rest = {"schedule": schedule, "lanes": lanes, "range": [0, 2]}
    return points.point_key(point | rest, 0, "float32", code)


def all_keys():
    names = ("quadratic", "linear", "signed", "depth 3")
    schedules = ("two-phase 0.5", "cosine", "constant")
    keys = {(name, one): key_of(name, schedule=one) for name in names for one in schedules}
    return keys | {("both",): key_of("quadratic", "linear")}


def changed(before):
    return {name for name, key in all_keys().items() if key != before[name]}


def test_a_new_model_or_schedule_leaves_all_keys_and_hashes(package):
    before, code = all_keys(), [provenance.code_hash(module) for module in HASHED]
    (package / "models/cubic.py").write_text("from quadlaw.models.model import Model\nx = 1\n")
    (package / "sgd/schedules/exponential.py").write_text("import numpy as np\nx = 1\n")
    assert changed(before) == set()
    assert [provenance.code_hash(module) for module in HASHED] == code


def test_an_edited_model_or_schedule_changes_the_keys_of_its_own_points(package):
    before = all_keys()
    edit(package / "models/linear.py", "w - g * x", "w - 2 * g * x")
    linear = {name for name in before if "linear" in name or name == ("both",)}
    assert changed(before) == linear
    edit(package / "sgd/schedules/cosine.py", "samples)) / 2", "samples)) / 3")
    assert changed(before) == linear | {name for name in before if "cosine" in name}


def test_a_model_made_of_another_depends_on_it(package):
    before = all_keys()
    edit(package / "models/quadratic.py", "return v - g * x * v", "return v - g * x * v * 1")
    assert {("signed", "cosine"), ("quadratic", "cosine")} <= changed(before)
    assert ("depth 3", "cosine") not in changed(before)


def test_every_model_and_schedule_has_its_module():
    assert set(HOMES) == set(MODELS)
    assert modules_of(["quadratic", "no model"], "cosine") == [
        "quadlaw.models.quadratic", "quadlaw.sgd.schedules.cosine",
    ]  # fmt: skip
    assert {one.__module__.rsplit(".", 1)[0] for one in KINDS.values()} == {"quadlaw.sgd.schedules"}


def test_studies_depend_on_the_models_that_they_train():
    plain, depth, relu = (
        modules_of(study(name).rows(for_study(CONFIG, name))["model"], "constant")
        for name in ("noise", "depth", "relu")
    )
    assert "quadlaw.models.quadratic" in plain and "quadlaw.models.relu" not in plain
    assert "quadlaw.models.deep" in depth
    assert "quadlaw.models.relu" in relu


def study_codes(*names):
    """As the workflow's rules hash them, which Snakemake compares."""
    config = CONFIG | {"studies": {name: CONFIG["studies"][name] for name in names}}
    given = {"STUDIES": names, "PLANS": plans(config), "study": study, "cache": cache}
    given |= {"PAPER": PAPER, "modules_of": modules_of, "code_hash": provenance.code_hash}
    exec((ROOT / "workflow/rules/inputs.smk").read_text(), given)
    return {name: given["study_code"](name) for name in names}


def test_a_study_depends_on_models_that_it_trains_without_rows(package):
    before = study_codes("real_data", "noise")
    edit(package / "models/signed.py", "parts[0] - parts[1]", "parts[1] - parts[0]")
    after = study_codes("real_data", "noise")
    assert after["real_data"] != before["real_data"] and after["noise"] == before["noise"]
