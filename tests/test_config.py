import copy
from pathlib import Path

import pytest
import yaml

from quadlaw.config import checked as checked_against

ROOT = Path(__file__).parents[1]
SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
CONFIG = yaml.safe_load((Path(__file__).parents[1] / "config/config.yaml").read_text())


def checked(config):
    return checked_against(config, SCHEMA)


def changed(path, value):
    """The configuration with one key changed; a value of ``KeyError`` removes it."""
    config = copy.deepcopy(CONFIG)
    *parents, last = path
    node = config
    for part in parents:
        node = node[part]
    if value is KeyError:
        del node[last]
    else:
        node[last] = value
    return config


SWEEP = ("sweeps", "sample_scaling")
NOISE, GRID = ("studies", "noise"), ("studies", "asymptotics", "grid")
BAD = [
    (("sigma",), -0.5, "sigma = -0.5: a standard deviation"),
    (("sigma",), float("nan"), "sigma = nan: must be a finite number"),
    (("sigma",), "0.5", "sigma = '0.5': a standard deviation"),
    (("seed",), -1, "seed = -1: a seed is a whole number"),
    (("precision",), "float16", "precision = 'float16': "),
    (("sed",), 1, "sed = 1: unknown key; known are seed"),
    (("schedule", "adaptation"), 1.5, "schedule.adaptation = 1.5: a fraction"),
    (("schedule", "stage_length"), 0, "schedule.stage_length = 0: a stage"),
    (("batch_seconds",), 0, "batch_seconds = 0: "),
    (("sweeps",), KeyError, "config.sweeps = None: missing"),
    (("sweeps",), None, "sweeps = None: "),
    ((*SWEEP, "problems", 0, "alpha"), 1.0, "sweeps.sample_scaling.problems[0].alpha = 1.0: must be a number above 1, or the trace"),
    ((*SWEEP, "problems", 0, "alpha"), 0.5, "sweeps.sample_scaling.problems[0].alpha = 0.5: "),
    ((*SWEEP, "problems", 0, "alpha"), float("nan"), "sweeps.sample_scaling.problems[0].alpha = nan: "),
    ((*SWEEP, "problems", 0, "alpha"), "1e999", "sweeps.sample_scaling.problems[0].alpha = '1e999': "),
    ((*SWEEP, "problems", 0, "beta"), 1, "sweeps.sample_scaling.problems[0].beta = 1: must be a number above 1, or the signal"),
    ((*SWEEP, "problems", 0, "beta"), float("inf"), "sweeps.sample_scaling.problems[0].beta = inf: "),
    (("studies", "noize"), {}, "studies.noize = {}: unknown key"),
    ((*NOISE, "sigmas"), [], "studies.noise.sigmas = []: must list"),
    ((*NOISE, "sigmas", 0), -1, "studies.noise.sigmas[0] = -1: a standard deviation"),
    ((*NOISE, "samples"), KeyError, "studies.noise.samples = None: missing"),
    ((*NOISE, "window"), [1, 100], "studies.noise.window = [1, 100]: must begin at 3"),
    ((*NOISE, "window"), [3, 100], "studies.noise.window = [3, 100]: holds 0 of the samples"),
    ((*NOISE, "survival", "alpha"), 3.5, "studies.noise.survival.alpha = 3.5: must lie below beta"),
    ((*NOISE, "survival", "step_size"), 900, "studies.noise.survival.step_size = 900: beyond"),
    (("studies", "uniform_spectrum", "sparsity"), 1000, "studies.uniform_spectrum.sparsity = 1000: the target has only 256"),
    (("studies", "initialization", "decades"), [9, 3], "studies.initialization.decades = [9, 3]: the first power"),
    (("studies", "schedules", "schedules", 0), "two-phase 7", "studies.schedules.schedules[0] = 'two-phase 7': "),
    (("studies", "schedules", "schedules", 0), "two-phase 0.50", "studies.schedules.schedules[0] = 'two-phase 0.50': write it two-phase 0.5"),
    (("studies", "schedules", "schedules"), KeyError, "studies.schedules.schedules = None: missing"),
    (("studies", "stability", "grid"), KeyError, "studies.stability.grid = None: missing"),
    ((*GRID, "per_decade"), 0.1, "studies.asymptotics.grid.per_decade = 0.1: gives 2 sample sizes"),
    ((*GRID, "jobs"), 100, "studies.asymptotics.grid.jobs = 100: there are 12 cells"),
    (("studies", "asymptotics", "window"), [3, 100], "studies.asymptotics.window = [3, 100]: holds 0"),
    ((*NOISE, "step_factors"), [0.5], "studies.noise.step_factors = [0.5]: must hold 1"),
    ((*NOISE, "jobs"), 0, "studies.noise.jobs = 0: at least one job"),
    ((*NOISE, "problems", 1), {"alpha": 2.5, "beta": 1.5}, "studies.noise.problems = "),
    ((*GRID, "decades"), [9, 6], "studies.asymptotics.grid.decades = [9, 6]: the first power"),
    ((*GRID, "decades"), [3, 40], "studies.asymptotics.grid.decades[1] = 40: "),
    ((*GRID, "problems", 0, "replicates"), 3, "studies.asymptotics.grid.problems[0].replicates = 3: the theory has none"),
    ((*GRID, "problems"), KeyError, "studies.asymptotics.grid = "),
    (("studies", "collapse", "sweep"), "nothing", "studies.collapse.sweep = 'nothing': no sweep"),
    (("ledger",), {"claims": ""}, "ledger.claims = '': "),
    ((*SWEEP, "problems", 0, "gamma"), 1, "sweeps.sample_scaling.problems[0].gamma = 1: unknown key"),
    ((*SWEEP, "problems"), [], "sweeps.sample_scaling.problems = []: must list at least one"),
    ((*SWEEP, "problems", 1), {"alpha": 3.0, "beta": 1.5}, "sweeps.sample_scaling.problems = "),
    ((*SWEEP, "samples"), [], "sweeps.sample_scaling.samples = []: must list at least one"),
    ((*SWEEP, "samples"), KeyError, "sweeps.sample_scaling.samples = None: missing"),
    ((*SWEEP, "samples", 0), 0, "sweeps.sample_scaling.samples[0] = 0: a sample size"),
    ((*SWEEP, "samples", 0), 1e12, "sweeps.sample_scaling.samples[0] = 1000000000000.0: a sample size"),
    ((*SWEEP, "samples", 0), 512, "sweeps.sample_scaling.samples = "),
    ((*SWEEP, "model_sizes"), [0], "sweeps.sample_scaling.model_sizes[0] = 0: "),
    ((*SWEEP, "model_sizes"), [], "sweeps.sample_scaling.model_sizes = []: "),
    ((*SWEEP, "size_factor"), 0.5, "sweeps.sample_scaling.size_factor = 0.5: below 1"),
    ((*SWEEP, "step_constants"), {}, "sweeps.sample_scaling.step_constants = {}: must name"),
    ((*SWEEP, "step_constants", "cubic"), [1], "sweeps.sample_scaling.step_constants.cubic = [1]: unknown"),
    ((*SWEEP, "step_constants", "linear"), [0], "sweeps.sample_scaling.step_constants.linear[0] = 0: "),
    ((*SWEEP, "init_scales"), [0], "sweeps.sample_scaling.init_scales[0] = 0: "),
    ((*SWEEP, "replicates"), 1, "sweeps.sample_scaling.replicates = 1: "),
    ((*SWEEP, "pilots"), 19, "sweeps.sample_scaling.pilots = 19: at least two"),
    ((*SWEEP, "problems", 4, "replicates"), 4, "sweeps.sample_scaling.pilots = 4: at least two"),
    ((*SWEEP, "fit", "window"), [4096, 256], "sweeps.sample_scaling.fit.window = [4096, 256]: the lower end"),
    ((*SWEEP, "fit", "window"), [300, 600], "sweeps.sample_scaling.fit.window = [300, 600]: holds 1"),
    ((*SWEEP, "fit", "quantity"), "slope", "sweeps.sample_scaling.fit.quantity = 'slope': "),
    ((*SWEEP, "fit", "quantity"), "model_exponent", "sweeps.sample_scaling.model_sizes = None: "),
    (("sweeps", "spectral_mismatch", "step_constants"), {"linear": [1]}, "sweeps.spectral_mismatch.step_constants = ['linear']: a ratio"),
    (("sweeps", "Bad Name"), CONFIG["sweeps"]["sample_scaling"], "sweeps = 'Bad Name': a name"),
    (("trajectories", "sample_scaling"), CONFIG["trajectories"]["phase_transition"], "trajectories = "),
    (("sweeps",), {}, "sweeps = {}: at least one sweep"),
    ((*SWEEP, "replicates"), 20.0, "sweeps.sample_scaling.replicates = 20.0: "),
    ((*SWEEP, "model_sizes"), [64, 256], "sweeps.sample_scaling.model_sizes = [64, 256]: a fit against T"),
    ((*SWEEP, "fit", "window"), [1, 4096], "sweeps.sample_scaling.fit.window = [1, 4096]: must begin at 3"),
    ((*SWEEP, "problems", 1), {"alpha": 3.0, "beta": 1.5, "replicates": 9}, "sweeps.sample_scaling.problems = [(3.0, 1.5)]: the same"),
    ((*SWEEP, "problems", 0), {"alpha": 1.001, "beta": 1.001}, "sweeps.sample_scaling.size_factor = 4: D(T) of"),
    (("trajectories", "phase_transition", "fit", "window"), [300, 400], "trajectories.phase_transition.fit.window = [300, 400]: holds 0"),
    (("trajectories", "phase_transition", "coordinates"), 999, "trajectories.phase_transition.coordinates = 999: "),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "message"), BAD, ids=[bad[2][:60] for bad in BAD])
def test_bad_configurations_are_refused_in_one_line(path, value, message):
    with pytest.raises(ValueError) as caught:
        checked(changed(path, value))
    assert str(caught.value).startswith(message) and "\n" not in str(caught.value)


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


def _properties(schema, path=""):
    for name, sub in schema.get("properties", {}).items():
        yield f"{path}.{name}", sub
        yield from _properties(sub, f"{path}.{name}")


def test_every_key_of_the_schema_is_described():
    definitions = SCHEMA["$defs"]
    for root in (SCHEMA, *definitions.values()):
        for path, sub in _properties(root):
            own = definitions[sub["$ref"].rsplit("/", 1)[1]] if "$ref" in sub else sub
            assert "description" in own or "description" in sub, path
