import re

import pytest

from project import ROOT, edit
from quadlaw.base import provenance


def test_imports_are_followed():
    used = provenance.modules_used("quadlaw.fit.points")
    assert {"quadlaw.models", "quadlaw.models.loop", "quadlaw.sgd.streams"} <= set(used)
    assert "quadlaw.studies.plotting" not in used and "quadlaw.fit.fitting" not in used
    used = provenance.modules_used("quadlaw.fit.exponents")
    assert "quadlaw.theory.rates" in used
    assert "quadlaw.theory.closure" not in used  # beside rates in its package, and not imported


def test_code_changes_the_hash_and_comments_and_docstrings_do_not(package):
    before = provenance.code_hash("quadlaw.fit.points")
    edit(package / "models/loop.py", "import numba", "# a comment\nimport numba")
    edit(package / "models/loop.py", "Compile one-pass SGD", "Compile the loop of one-pass SGD")
    assert provenance.code_hash("quadlaw.fit.points") == before
    edit(package / "models/loop.py", "range(last + 2)", "range(last + 3)")
    assert provenance.code_hash("quadlaw.fit.points") != before


def test_a_change_after_the_start_of_a_run_is_noticed(package):
    code = provenance.code_hash("quadlaw.fit.points")
    provenance.require_unchanged(code, "quadlaw.fit.points")
    edit(package / "sgd/train.py", "DIVERGED = 10.0", "DIVERGED = 11.0")
    with pytest.raises(RuntimeError, match=r"quadlaw\.fit\.points changed while"):
        provenance.require_unchanged(code, "quadlaw.fit.points")


def test_unrelated_modules_do_not_change_the_hash(package):
    before = provenance.code_hash("quadlaw.fit.points")
    (package / "studies/other.py").write_text("x = 1\n")
    assert provenance.code_hash("quadlaw.fit.points") == before


def test_unknown_modules_are_refused():
    with pytest.raises(ValueError, match=r"module = 'quadlaw\.nothing'"):
        provenance.code_hash("quadlaw.nothing")


def test_what_scripts_of_pages_import_are_inputs_of_their_rules():
    """Snakemake looks at a rule's own script alone; what else it imports logs, or stores points."""
    rules = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    for script, rule in (("report_pages", "report_pages"), ("paper", "paper")):
        own, seen = rules.split(f"\nrule {rule}:")[1].split("\nrule ")[0], {script}
        while found := {name for one in seen for name in imported(one)} - seen:
            seen |= found
        for name in seen - {script, "joblog"}:
            assert re.search(rf'scripts\([^)]*"{name}"', own), (rule, name)


def imported(script):
    """The scripts that a script imports."""
    folder = ROOT / "workflow/scripts"
    names = re.findall(r"^from (\w+) import", (folder / f"{script}.py").read_text(), re.M)
    return [name for name in names if (folder / f"{name}.py").exists()]
