"""Defaults, the schema, and how files of configuration come together."""

import copy

import pytest
from snakemake.common.configfile import load_configfile
from snakemake.utils import update_config

from configurations import CONFIG, SCHEMA, checked
from project import ROOT
from quadlaw.ledger.config import merged, read


def test_defaults_are_filled_in_and_the_argument_left_alone():
    sweep = dict(CONFIG["sweeps"]["sample_scaling"])
    for key in ("replicates", "pilots", "init_scales", "model_sizes"):
        del sweep[key]
    rest = {key: CONFIG[key] for key in ("mean_field", "extinction")}
    studies = {"asymptotics": {"grid": {"problems": [{"alpha": 2, "beta": 2}], "decades": [3, 4]}}}
    config = {"sweeps": {"one": sweep}, "trajectories": {}, "studies": studies} | rest
    before = copy.deepcopy(config)
    full = checked(config)
    assert config == before
    assert full["sigma"] == 0.5 and full["schedule"] == {"adaptation": 0.5, "stage_length": None}
    assert full["output"] == {"results": "results", "figures": "figures"}
    filled = full["sweeps"]["one"]
    assert (filled["replicates"], filled["pilots"]) == (16, 4)
    assert filled["init_scales"] == [0.5] and filled["model_sizes"] is None
    assert full["studies"]["asymptotics"]["grid"]["size_factor"] == 16
    assert full["ledger"]["claims"] == "config/claims.yaml"


def test_a_study_has_the_defaults_of_the_keys_that_it_reads_alone():
    studies = checked(CONFIG)["studies"]
    assert studies["noise"]["size_factor"] == 4 and studies["noise"]["step_factors"] == [1.0]
    assert studies["rescaling"]["jobs"] == 1 and "step_factors" not in studies["rescaling"]
    assert set(studies["collapse"]) == {"sweep"}


@pytest.mark.slow
def test_files_come_together_as_in_snakemake(tmp_path):
    files = [str(ROOT / "config/smoke.yaml"), str(tmp_path / "more.json")]
    (tmp_path / "more.json").write_text(
        '{"studies": {"compute_frontier": {"compute": [1e5, 2e5]}}}'
    )
    together = load_configfile(str(ROOT / "config/config.yaml"))
    for path in files:
        update_config(together, load_configfile(path))
    assert read(files) == checked(together)
    assert read(files)["studies"]["compute_frontier"]["compute"] == [1e5, 2e5]


def test_merging_goes_key_by_key_and_leaves_its_arguments_alone():
    base, top = {"a": {"b": 1, "c": [1, 2]}, "d": 1}, {"a": {"c": [3]}, "d": {"e": 1}}
    before = copy.deepcopy((base, top))
    assert merged(base, top) == {"a": {"b": 1, "c": [3]}, "d": {"e": 1}}
    assert (base, top) == before


def _properties(schema, path=""):
    for name, sub in schema.get("properties", {}).items():
        if sub is not True:  # a study's list of the keys that it reads
            yield f"{path}.{name}", sub
            yield from _properties(sub, f"{path}.{name}")


def test_every_key_of_the_schema_is_described():
    definitions = SCHEMA["$defs"]
    for root in (SCHEMA, *definitions.values()):
        for path, sub in _properties(root):
            own = definitions[sub["$ref"].rsplit("/", 1)[1]] if "$ref" in sub else sub
            assert "description" in own or "description" in sub, path
