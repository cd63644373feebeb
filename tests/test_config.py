"""Defaults, the schema, and how files of configuration come together."""

import copy
import json

import pytest
from snakemake.common.configfile import load_configfile
from snakemake.utils import update_config

from configurations import CONFIG, changed, checked
from project import ROOT
from quadlaw.base.typed import Settings
from quadlaw.ledger.config import Configuration, merged, read
from quadlaw.ledger.entries import Claim, Statement
from quadlaw.ledger.spelling import spelled
from quadlaw.studies import names, study


def test_defaults_are_filled_in_and_the_argument_left_alone():
    curves = dict(CONFIG["studies"]["spectral_mismatch"])
    for key in ("replicates", "init_scales"):
        del curves[key]
    rest = {"extinction": CONFIG["studies"]["extinction"]}
    grid = {"problems": [{"alpha": 2, "beta": 2}], "decades": [3, 4]}
    config = {"studies": {"spectral_mismatch": curves, "asymptotics": {"grid": grid}} | rest}
    before = copy.deepcopy(config)
    full = checked(config)
    assert config == before
    assert full["sigma"] == 0.5 and full["schedule"] == {"adaptation": 0.5, "stage_length": None}
    assert full["output"] == {"results": "results", "figures": "figures"}
    assert (full["seed"], full["batch_seconds"]) == (0, 30)
    assert full["smoke"] is False and full["force"] is False
    filled = full["studies"]["spectral_mismatch"]
    assert (filled["replicates"], filled["size_factor"]) == (16, 4)
    assert filled["init_scales"] == [0.5]
    assert full["studies"]["asymptotics"]["grid"]["size_factor"] == 16
    assert full["ledger"]["claims"] == "config/claims.yaml"
    assert full["ledger"]["statements"] == "config/statements.yaml"


def test_a_study_has_the_defaults_of_the_keys_that_it_reads_alone():
    studies = checked(CONFIG)["studies"]
    assert studies["noise"]["size_factor"] == 4 and studies["noise"]["step_factors"] == [1.0]
    rescaling = checked(changed(("studies", "rescaling", "replicates"), KeyError))["studies"]
    assert rescaling["rescaling"]["replicates"] == 16
    assert "step_factors" not in studies["rescaling"]
    assert set(studies["tightness"]) == {"grid"}


def test_one_study_can_be_checked_alone():
    config = changed(("studies", "noise", "sigmas"), [])
    alone = checked(config, only="collapse")
    assert alone == checked(CONFIG) | {"studies": {"collapse": {}}}
    with pytest.raises(ValueError, match=r"^studies\.noise\.sigmas = \[\]: must list"):
        checked(config)


def test_the_small_grid_is_taken_where_nothing_else_is_asked_for():
    small = checked(CONFIG | {"smoke": True})["studies"]
    for name, values in CONFIG["studies"].items():
        even = copy.deepcopy(values)
        for one in [*even.get("problems", []), *even.get("label_noise", {}).get("problems", [])]:
            one.pop("replicates", None)
        expected = merged(even, study(name).module.SMOKE)
        assert small[name] == checked(changed(("studies", name), expected), name)["studies"][name]
    own = changed(("studies", "noise", "samples"), [64, 128, 256, 1024]) | {"smoke": True}
    full = checked(own)["studies"]
    assert full["noise"]["samples"] == [64, 128, 256, 1024] and small["noise"]["samples"] == [
        64,
        256,
        1024,
    ]
    assert full["noise"] | {"samples": []} == small["noise"] | {"samples": []}


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


def as_text(node):
    """A configuration as ``--config`` hands it over: all that is nested is text."""
    if isinstance(node, dict):
        return {key: as_text(value) for key, value in node.items()}
    if isinstance(node, list):
        return [as_text(value) for value in node]
    return node if isinstance(node, str) else json.dumps(node)


def test_text_is_the_value_that_it_spells():
    assert checked(as_text(CONFIG)) == checked(CONFIG)
    small = {"sigma": "1e-3", "seed": "+7", "force": "false", "ledger": {"verdicts": "null"}}
    found = checked(CONFIG | small | {"output": {"results": "2024"}})
    assert (found["sigma"], found["seed"], found["force"]) == (0.001, 7, False)
    assert found["ledger"]["verdicts"] is None and found["output"]["results"] == "2024"
    for text in ("5e5", "500000", "5E+5", "500000.0"):
        config = changed(("studies", "extinction", "samples"), text)
        if "." in text:  # no whole number, as in YAML
            with pytest.raises(ValueError, match=r"extinction\.samples = 500000\.0: "):
                checked(config)
        else:
            assert checked(config)["studies"]["extinction"]["samples"] == 500_000


@pytest.mark.parametrize(
    "text", ["1e999", "0x10", "1_000", "\u0663", "1 2", "two-phase 0.5", ".", "e5"]
)
def test_other_text_stays_as_it_is(text):
    assert spelled({"a": [text]}) == {"a": [text]}


def test_merging_goes_key_by_key_and_leaves_its_arguments_alone():
    base, top = {"a": {"b": 1, "c": [1, 2]}, "d": 1}, {"a": {"c": [3]}, "d": {"e": 1}}
    before = copy.deepcopy((base, top))
    assert merged(base, top) == {"a": {"b": 1, "c": [3]}, "d": {"e": 1}}
    assert (base, top) == before


SETTINGS = {name: study(name).module.Settings for name in names()}


def _properties(schema):
    """Every key of a schema and of what it refers to, with its own part."""
    for kind in (schema, *schema.get("$defs", {}).values()):
        for name, part in kind.get("properties", {}).items():
            yield f"{kind['title']}.{name}", part


def _described(part, definitions):
    """Whether a key is described, itself or by the only thing that it may be."""
    kinds = [part, *part.get("anyOf", [])]
    kinds += [definitions[one["$ref"].rsplit("/", 1)[1]] for one in kinds if "$ref" in one]
    return any(one.get("description") for one in kinds)


@pytest.mark.parametrize("kind", [Configuration, Claim, Statement, *SETTINGS.values()])
def test_every_key_of_the_schema_is_described(kind):
    schema = kind.model_json_schema()
    keys = list(_properties(schema))
    assert len(keys) >= len(kind.model_fields)
    for path, part in keys:
        assert _described(part, schema.get("$defs", {})), path


def test_a_key_without_a_description_would_be_seen():
    """The control."""

    class Bare(Settings):
        key: int | None = None

    ((_, part),) = _properties(Bare.model_json_schema())
    assert not _described(part, {})


@pytest.mark.parametrize("name", SETTINGS)
def test_every_study_is_in_the_configuration_and_described(name):
    assert name in CONFIG["studies"]
    schema = SETTINGS[name].model_json_schema()
    assert schema["description"] not in ("", Settings.__doc__)
