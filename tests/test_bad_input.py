"""Wrong configurations and command lines: one line with key and reason, exit code 2, nothing written."""

import pytest

from configurations import CONFIG, changed, checked
from quadlaw import cli
from quadlaw.ledger import cost
from quadlaw.ledger.plans import plans

# --- configurations -------------------------------------------------------------------------------

CURVES = ("studies", "sample_scaling")
NOISE, GRID = ("studies", "noise"), ("studies", "asymptotics", "grid")
BAD = [
    (("sigma",), -0.5, "sigma = -0.5: a standard deviation"),
    (("sigma",), float("nan"), "sigma = nan: must be a finite number"),
    (("sigma",), "half", "sigma = 'half': a standard deviation"),
    # Text is the number that it spells, where it spells one in bounds.
    (("sigma",), "-1e-3", "sigma = -0.001: a standard deviation"),
    (("sigma",), "1e-3x", "sigma = '1e-3x': a standard deviation"),
    (("sigma",), "1,5", "sigma = '1,5': a standard deviation"),
    (("sigma",), "nan", "sigma = 'nan': a standard deviation"),
    (("sigma",), "null", "sigma = None: a standard deviation"),
    (("sigma",), "", "sigma = '': a standard deviation"),
    (("sigma",), "9" * 400, "sigma = '999"),
    (("seed",), "1.5", "seed = 1.5: a seed is a whole number"),
    (("seed",), "true", "seed = True: a seed is a whole number"),
    (("force",), "yes", "force = 'yes': is true or false"),
    (("force",), "1", "force = 1: is true or false"),
    (("smoke",), "null", "smoke = None: is true or false"),
    ((*NOISE, "replicates"), "8.5", "studies.noise.replicates = 8.5: "),
    ((*NOISE, "replicates"), "few", "studies.noise.replicates = 'few': "),
    ((*NOISE, "replicates"), "5e0", "studies.noise.replicates = 5: "),
    ((*NOISE, "samples"), ["4e3", "2e3"], "studies.noise.samples = [4000, 2000]: must list"),
    ((*NOISE, "window"), ["300", "4"], "studies.noise.window = [300, 4]: the lower end"),
    (("studies", "depth", "depths"), ["5"], "studies.depth.depths[0] = 5: "),
    (("output",), {"results": "null"}, "output.results = None: a folder has a name"),
    # Null leaves a study out, if nobody takes its runs.
    (("studies", "noize"), None, "studies.noize = None: unknown key"),
    (("studies", "sample_scaling"), None, "studies.effective_dimension = {'window': ... needs studies.sample_scaling, ... null leaves out effective_dimension, theory_vs_sgd, too"),
    (("studies", "sample_scaling"), "null", "studies.effective_dimension = {'window': ... needs studies.sample_scaling"),
    (("studies", "noise"), "off", "studies.noise = 'off': must be a mapping of keys to values"),
    (("studies", "noise"), False, "studies.noise = False: must be a mapping of keys to values"),
    (("studies",), {"noise": None}, "studies = {'noise': None}: at least one study"),
    (("seed",), -1, "seed = -1: a seed is a whole number"),
    (("seed",), 2**63, "seed = 9223372036854775808: a seed is a whole number"),
    (("seed",), True, "seed = True: a seed is a whole number"),
    (("sigma",), 10**400, "sigma = 1000"),
    (("sigma",), None, "sigma = None: a standard deviation"),
    (("sigma",), [0.5], "sigma = [0.5]: a standard deviation"),
    (("sigma",), float("inf"), "sigma = inf: must be a finite number"),
    (("smoke",), 1, "smoke = 1: is true or false"),
    (("force",), "perhaps", "force = 'perhaps': is true or false"),
    (("two\nlines",), 1, "'two\\nlines' = 1: unknown key"),
    (("studies", 7), {}, "studies.7 = {}: unknown key"),
    (("studies", "dense_features", "richness"), 0, "studies.dense_features.richness = 0: must be a number above 0"),
    (("studies", "dense_features", "many"), 5, "studies.dense_features.many = 5: an interval needs"),
    (("studies", "dense_features", "problems", 0, "replicates"), 8, "studies.dense_features.problems[0].replicates = 8: unknown key"),
    (("studies", "extinction", "step_sizes"), [0.02, 0.02], "studies.extinction.step_sizes = [0.02, 0.02]: must list"),
    (("studies", "extinction", "step_sizes"), [9.0], "studies.extinction.step_sizes[0] = 9.0: beyond"),
    (("studies", "theory_vs_sgd", "settings"), [], "studies.theory_vs_sgd.settings = []: must list"),
    (("studies", "theory_vs_sgd", "settings", 0, "model_size"), 10**7, "studies.theory_vs_sgd.settings[0].model_size = 10000000: a model sees"),
    (("precision",), "float16", "precision = 'float16': must be float32 or float64"),
    (("sed",), 1, "sed = 1: unknown key; known are seed"),
    (("schedule", "adaptation"), 1.5, "schedule.adaptation = 1.5: a fraction"),
    (("schedule", "adaptation"), 0, "schedule.adaptation = 0: a fraction"),
    (("schedule", "stage_length"), 0, "schedule.stage_length = 0: a stage"),
    (("batch_seconds",), 0, "batch_seconds = 0: "),
    (("studies",), KeyError, "config.studies = None: missing"),
    (("studies",), None, "studies = None: at least one study, by name"),
    ((*CURVES, "problems", 0, "alpha"), 1.0, "studies.sample_scaling.problems[0].alpha = 1.0: must be a number above 1, or the trace"),
    ((*CURVES, "problems", 0, "alpha"), 0.5, "studies.sample_scaling.problems[0].alpha = 0.5: "),
    ((*CURVES, "problems", 0, "alpha"), float("nan"), "studies.sample_scaling.problems[0].alpha = nan: "),
    ((*CURVES, "problems", 0, "alpha"), "1e999", "studies.sample_scaling.problems[0].alpha = '1e999': "),
    ((*CURVES, "problems", 0, "beta"), 1, "studies.sample_scaling.problems[0].beta = 1: must be a number above 1, or the signal"),
    ((*CURVES, "problems", 0, "beta"), float("inf"), "studies.sample_scaling.problems[0].beta = inf: "),
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
    (("studies", "optimal_schedules", "far"), [8, 12], "studies.optimal_schedules.far = [8, 12]: must list at least three powers"),
    (("studies", "optimal_schedules", "far", 0), 1, "studies.optimal_schedules.far[0] = 1: must be a power of ten"),
    (("studies", "anytime", "samples", 4), 2 * 10**7, "studies.anytime.samples = 20000000: its theory takes every step"),
    (("studies", "stability", "grid"), KeyError, "studies.stability.grid = None: missing"),
    ((*GRID, "per_decade"), 0.1, "studies.asymptotics.grid.per_decade = 0.1: gives 2 sample sizes"),
    ((*GRID, "jobs"), 100, "studies.asymptotics.grid.jobs = 100: unknown key; known are problems"),
    # What a study does not read is unknown to it, though others read it.
    (("studies", "asymptotics", "window"), [3, 100], "studies.asymptotics.window = [3, 100]: unknown key; known are grid"),
    (("studies", "collapse", "replicates"), 16, "studies.collapse.replicates = 16: unknown key"),
    ((*NOISE, "grid"), {"decades": [3, 4]}, "studies.noise.grid = {'decades': [3, 4]}: unknown key"),
    ((*NOISE, "problems", 0, "replicates"), 8, "studies.noise.problems[0].replicates = 8: unknown key; known are alpha, beta"),
    # Grids rise.
    ((*NOISE, "samples"), [8192, 2048, 65536], "studies.noise.samples = [8192, 2048, 65536]: must list at least one sample size, in rising order"),
    ((*NOISE, "samples"), [2048, 2048, 8192, 65536], "studies.noise.samples = [2048, 2048, 8192, 65536]: must list"),
    ((*CURVES, "samples"), [512, 256, 4096, 8192], "studies.sample_scaling.samples = [512, 256, 4096, 8192]: must list"),
    (("studies", "model_scaling", "model_sizes"), [8, 4, 16, 32], "studies.model_scaling.model_sizes = [8, 4, 16, 32]: must list"),
    (("studies", "stability", "fractions"), [0.5, 0.25, 1.0], "studies.stability.fractions = [0.5, 0.25, 1.0]: must list"),
    (("studies", "compute_frontier", "compute"), [4096, 1024], "studies.compute_frontier.compute = [4096, 1024]: lists"),
    ((*GRID, "alphas"), [1.5], "studies.asymptotics.grid =  ... : a grid has problems, or alphas and betas, and decades"),
    ((*NOISE, "step_factors"), [0.5], "studies.noise.step_factors = [0.5]: must hold 1"),
    ((*NOISE, "jobs"), 0, "studies.noise.jobs = 0: unknown key; known are samples"),
    ((*NOISE, "problems", 1), {"alpha": 2.5, "beta": 1.5}, "studies.noise.problems =  ... : the same problem is listed twice: [(2.5, 1.5)]"),
    ((*GRID, "decades"), [9, 6], "studies.asymptotics.grid.decades = [9, 6]: the first power"),
    ((*GRID, "decades"), [3, 40], "studies.asymptotics.grid.decades[1] = 40: "),
    ((*GRID, "problems", 0, "replicates"), 8, "studies.asymptotics.grid.problems[0].replicates = 8: the theory has none"),
    ((*GRID, "problems"), KeyError, "studies.asymptotics.grid =  ... : a grid has problems, or alphas and betas, and decades"),
    (("studies", "model_scaling"), KeyError, "studies.collapse = {}: needs studies.model_scaling, whose runs it takes"),
    (("studies", "effective_dimension", "window"), [3, 100], "studies.effective_dimension.window = [3, 100]: holds 0 of the samples"),
    (("studies", "phase_diagram", "alphas"), [1.5, 2.0], "studies.phase_diagram.alphas = [1.5, 2.0]: in no problem do the two laws differ by 0.05"),
    (("studies", "phase_diagram", "grid", "alphas"), [1.5, 2.0], "studies.phase_diagram.grid.alphas = [1.5, 2.0]: in no problem"),
    (("studies", "phase_diagram", "grid"), {"problems": [{"alpha": 1.5, "beta": 2.0}], "decades": [3, 5]}, "studies.phase_diagram.grid.problems = [{'alpha': 1.5, 'beta': 2.0}]: in no problem"),
    # What tables could not tell apart.
    ((*GRID, "init_scales"), [0.5, 0.1], "studies.asymptotics.grid.init_scales = [0.5, 0.1]: takes one initial value"),
    (("studies", "stability", "grid", "init_scales"), [0.5, 0.1], "studies.stability.grid.init_scales = [0.5, 0.1]: takes one initial value"),
    (("studies", "phase_diagram", "grid", "init_scales"), [0.5, 0.1], "studies.phase_diagram.grid.init_scales = [0.5, 0.1]: takes one initial value"),
    (("studies", "spectral_mismatch", "init_scales"), [0.5, 0.5000001], "studies.spectral_mismatch.init_scales = [0.5, 0.5000001]: must list at least one initial value, none twice"),
    (("studies", "leaps", "accuracies"), [0.5, 0.5000001], "studies.leaps.accuracies = [0.5, 0.5000001]: must list at least one accuracy"),
    (("studies", "rotation", "draws"), 40, "studies.rotation.draws = 40: a matrix needs"),
    # What would fail in the end, or give no number.
    (("studies", "initialization", "init_scales"), [0.1, 1, 2], "studies.initialization.init_scales = [0.1, 1, 2]: must hold 0.5"),
    (("studies", "initialization", "init_scales"), [0.1, 0.2, 0.5], "studies.initialization.init_scales = [0.1, 0.2, 0.5]: must hold 0.5, the usual one, and a larger"),
    (("studies", "schedules", "schedules"), ["cosine"], "studies.schedules.schedules = ['cosine']: must hold two-phase 0.5"),
    (("studies", "sketch", "size_window"), [5, 10], "studies.sketch.size_window = [5, 10]: holds 1 of the model sizes"),
    (("studies", "sketch", "theory_samples"), [10**8], "studies.sketch.theory_samples = [100000000]: a model of 256 coordinates"),
    (("studies", "rotation", "size_factor"), 1000, "studies.rotation.theory_samples = [131072, ... the first asks for a model of"),
    (("studies", "rotation", "pilots"), 30, "studies.rotation.replicates = 31: an interval needs six replicates that are no pilots"),
    (("studies", "sketch", "replicates"), 7, "studies.sketch.replicates = 7: an interval needs six replicates that are no pilots, and 5 are none"),
    (("studies", "sketch", "size_draws"), 1, "studies.sketch.size_draws = 1: an interval needs"),
    (("studies", "stability", "samples"), [1024, 4096], "studies.stability.samples = [1024, 4096]: must list at least three"),
    ((*NOISE, "sigmas"), [0.5], "studies.noise.sigmas = [0.5]: must list at least two"),
    (("studies", "depth", "depths"), [2, 5], "studies.depth.depths[1] = 5: "),
    (("studies", "depth", "decades"), [10, 12], "studies.depth.decades = [10, 12]: the theory's exponent"),
    (("studies", "depth", "escape", "step_size"), 9, "studies.depth.escape.step_size = 9.0: beyond"),
    (("studies", "depth", "escape", "weights"), [0.1, 0.2, 0.6], "studies.depth.escape.weights[2] = 0.6: "),
    (("studies", "adaptivity", "trace_shares"), [], "studies.adaptivity.trace_shares = []: must list"),
    (("studies", "adaptivity", "init_weights", 0), 0, "studies.adaptivity.init_weights[0] = 0: "),
    (("studies", "real_data", "smoothness"), [1.0], "studies.real_data.smoothness[0] = 1.0: "),
    (("studies", "real_data", "model_size"), 2048, "studies.real_data.model_size = 2048: the landmarks span only 1024"),
    (("studies", "real_data", "model_size"), 511, "studies.real_data.model_size = 511: must be even"),
    (("studies", "real_data", "estimation"), 1000, "studies.real_data.estimation = 1000: 512 features need"),
    (("studies", "real_data", "fractions", -1), 1.0, "studies.real_data.fractions = 1.0: must lie below"),
    (("studies", "real_data", "pilots"), 0, "studies.real_data.pilots = 0: the step size is chosen"),
    (("studies", "momentum", "momentum"), 1.0, "studies.momentum.momentum = 1.0: a momentum lies from 0"),
    (("studies", "momentum", "momentum"), -0.1, "studies.momentum.momentum = -0.1: a momentum lies from 0"),
    (("studies", "momentum", "problems", 0, "alpha"), 1.5, "studies.momentum.problems[0].alpha = 1.5: must exceed beta"),
    (("studies", "momentum", "size_factor"), 0.5, "studies.momentum.size_factor = 0.5: below 1"),
    (("studies", "sign_descent", "compute"), [4096, 1024], "studies.sign_descent.compute = [4096, 1024]: lists at least three"),
    (("studies", "sign_descent", "compute", 0), 16, "studies.sign_descent.compute[0] = 16: a simulation takes"),
    (("ledger",), {"claims": ""}, "ledger.claims = '': "),
    (("ledger",), {"statements": ""}, "ledger.statements = '': "),
    ((*CURVES, "problems", 0, "gamma"), 1, "studies.sample_scaling.problems[0].gamma = 1: unknown key"),
    ((*CURVES, "problems"), [], "studies.sample_scaling.problems = []: must list at least one"),
    ((*CURVES, "problems", 1), {"alpha": 3.0, "beta": 1.5}, "studies.sample_scaling.problems =  ... : the same problem is listed twice: [(3.0, 1.5)]"),
    ((*CURVES, "samples"), [], "studies.sample_scaling.samples = []: must list at least one"),
    ((*CURVES, "samples"), KeyError, "studies.sample_scaling.samples = None: missing"),
    ((*CURVES, "samples", 0), 0, "studies.sample_scaling.samples[0] = 0: a sample size"),
    ((*CURVES, "samples", -1), 1e13, "studies.sample_scaling.samples[8] = 10000000000000.0: a sample size"),
    ((*CURVES, "samples", 0), 10**6, "studies.sample_scaling.samples = "),
    ((*CURVES, "size_factor"), 0.5, "studies.sample_scaling.size_factor = 0.5: below 1"),
    (("studies", "spectral_mismatch", "init_scales"), [0], "studies.spectral_mismatch.init_scales[0] = 0: "),
    ((*CURVES, "replicates"), 5, "studies.sample_scaling.replicates = 5: an interval needs at least six"),
    ((*CURVES, "problems", 0, "replicates"), 5, "studies.sample_scaling.problems[0].replicates = 5: an interval needs"),
    ((*CURVES, "window"), [4096, 256], "studies.sample_scaling.window = [4096, 256]: the lower end"),
    ((*CURVES, "window"), [60000, 70000], "studies.sample_scaling.window = [60000, 70000]: holds 1"),
    ((*CURVES, "fit"), {"quantity": "slope"}, "studies.sample_scaling.fit = {'quantity': 'slope'}: unknown key; known are samples"),
    # A study is known by its name, wherever it stood before.
    (("studies", "Bad Name"), CONFIG["studies"]["sample_scaling"], "studies.Bad Name = {'problems': [{"),
    (("studies", "line\nbreak"), {}, "studies.'line\\nbreak' = {}: unknown key; known are adaptivity, "),
    (("studies", "plotting"), {}, "studies.plotting = {}: unknown key"),
    (("studies", "random_bases"), {}, "studies.random_bases = {}: unknown key"),
    (("curves",), {}, "curves = {}: unknown key; known are seed"),
    (("studies", "sample_scaling"), CONFIG["studies"]["phase_transition"], "studies.sample_scaling.coordinates = 64: unknown key; known are samples"),
    (("studies",), {}, "studies = {}: at least one study"),
    ((*CURVES, "replicates"), 20.0, "studies.sample_scaling.replicates = 20.0: "),
    ((*CURVES, "window"), [1, 4096], "studies.sample_scaling.window = [1, 4096]: must begin at 3"),
    ((*CURVES, "problems", 1), {"alpha": 3.0, "beta": 1.5, "replicates": 9}, "studies.sample_scaling.problems = [{'alpha': 5.0 ... : the same problem is listed twice: [(3.0, 1.5)]"),
    ((*CURVES, "problems", 0), {"alpha": 1.001, "beta": 1.001}, "studies.sample_scaling.size_factor = 4: D(T) of"),
    (("studies", "phase_transition", "window"), [300, 400], "studies.phase_transition.window = [300, 400]: holds 0"),
    (("studies", "phase_transition", "coordinates"), 999, "studies.phase_transition.coordinates = 999: "),
    (("studies", "batch_size", "batches"), [1, 10**6], "studies.batch_size.batches = [1, 1000000]: a batch of more than"),
    (("studies", "batch_size", "batches"), [2, 4], "studies.batch_size.batches = [2, 4]: must list 1"),
    (("studies", "emergence", "steps"), [64, 4], "studies.emergence.steps = [64, 4]: the upper end"),
    (("studies", "emergence", "compute", 0), 10, "studies.emergence.compute[0] = 10: lies between"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "message"), BAD, ids=[bad[2][:60] for bad in BAD])
def test_bad_configurations_are_refused_in_one_line(path, value, message):
    with pytest.raises(ValueError) as caught:
        checked(changed(path, value))
    line = str(caught.value)
    start, *rest = message.split(" ... ")
    assert line.startswith(start) and all(part in line for part in rest)
    assert "\n" not in line and len(line) < 1000


HUGE = [
    # Memory: ten thousand models of a million parameters.
    (("studies", "adaptivity", "trace_shares"), [k / 2000 for k in range(1, 2001)], "a job of sgd_runs needs about"),
    # Time.
    ((*CURVES, "replicates"), 100_000, "all takes about"),
    (("studies", "extinction", "samples"), 10**8, "all takes about"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "value", "message"), HUGE, ids=[".".join(map(str, huge[0])) for huge in HUGE]
)
def test_huge_grids_are_refused_with_an_estimate_unless_forced(monkeypatch, path, value, message):
    monkeypatch.setattr(cost, "slowness", lambda: 1.0)
    config = changed(path, value)
    if path[1] == "adaptivity":
        few = {"problems": [{"alpha": 3.0, "beta": 1.5}], "replicates": 6, "many": 6}
        config["studies"]["adaptivity"] |= {"model_size": 10**6} | few
    if path[1] == "extinction":
        config["studies"]["extinction"]["replicates"] = 20_000
    config["studies"] = {path[1]: config["studies"][path[1]]}  # which is too much alone
    listed = plans(checked(config))
    with pytest.raises(ValueError, match=f"^force = False: {message} .* of (memory|this machine)"):
        cost.require_affordable_plans(listed, force=False)
    cost.require_affordable_plans(listed, force=True)


@pytest.mark.slow
def test_the_configurations_of_the_project_are_affordable():
    cost.require_affordable_plans(plans(checked(CONFIG)), force=False)


# --- command lines --------------------------------------------------------------------------------

PREDICT = ["predict", "--alpha", "2.5", "--beta", "1.5", "--samples", "1e9", "--model-size", "8"]
SIMULATE = ["simulate", "--alpha", "2.5", "--beta", "1.5", "--samples", "64", "--model-size", "8"]
TUNED, STEP = [*SIMULATE, "--tuned"], [*SIMULATE, "--step-size", ".1"]
PLAN = ["plan", "--alpha", "2.5", "--beta", "1.5"]
ESTIMATE = ["estimate", "--cores", "2", "--configfile"]
LINES = [
    (["prophesy"], "quadlaw: argument COMMAND: invalid choice: 'prophesy'"),
    (["predict", "--alpha", "2"], "quadlaw predict: the following arguments are required: --beta, --samples, --model-size"),
    ([*PREDICT, "--model-size", "0"], "model_size = 0.0: must be at least 1"),
    ([*PREDICT, "--model-size", "1e16"], "model_size = 10000000000000000: must be at most 1e+15"),
    ([*PREDICT, "--alpha", "1"], "alpha = 1.0: must exceed 1"),
    ([*PREDICT, "--alpha", "inf"], "alpha = inf: must be finite"),
    ([*PREDICT, "--alpha", "1e999"], "alpha = inf: must be finite"),
    ([*PREDICT, "--alpha", "two"], "quadlaw predict: argument --alpha: invalid float value: 'two'"),
    ([*PREDICT, "--beta", "-3"], "beta = -3.0: must exceed 1"),
    ([*PREDICT, "--sigma", "-1"], "sigma = -1.0: "),
    ([*PREDICT, "--sigma", "nan"], "sigma = nan: must be finite"),
    ([*PREDICT, "--samples", "nan"], "samples = nan: must be a whole number"),
    ([*PREDICT, "--samples", "2.5"], "samples = 2.5: must be a whole number"),
    ([*PREDICT, "--samples", "1"], "samples = 1.0: must be at least 2"),
    ([*PREDICT, "--alpha", "1e300"], "alpha = 1e+300: must be at most 20"),
    ([*PREDICT, "--beta", "21"], "beta = 21.0: must be at most 20"),
    ([*PREDICT, "--sigma", "1e160"], "sigma = 1e+160: must be at most 1e+30"),
    ([*PREDICT, "--plot", "risk"], "plot = 'risk': must end in .pdf, .png, .svg"),
    ([*PREDICT, "--plot", "risk.jpg"], "plot = 'risk.jpg': must end in"),
    ([*PREDICT, "--plot", ""], "plot = '': must end in"),
    ([*PREDICT, "--plot"], "quadlaw predict: argument --plot: expected one argument"),
    ([*PREDICT, "--plot", "a.png", "--samples", "1"], "samples = 1.0: must be at least 2"),
    (["--json"], "quadlaw: unrecognized arguments: --json"),
    ([*PREDICT, "--gamma", "1"], "quadlaw: unrecognized arguments: --gamma 1"),
    ([*PREDICT, "--sig", "1"], "quadlaw: unrecognized arguments: --sig 1"),
    ([*PREDICT, "--tuned"], "quadlaw: unrecognized arguments: --tuned"),
    (PLAN, "quadlaw plan: one of the arguments --compute --samples --risk is required"),
    ([*PLAN, "--compute", "1e6", "--risk", ".1"], "quadlaw plan: argument --risk: not allowed with argument --compute"),
    ([*PLAN, "--compute", "lots"], "quadlaw plan: argument --compute: invalid float value: 'lots'"),
    ([*PLAN, "--compute", "nan"], "compute = nan: must be finite"),
    ([*PLAN, "--compute", "-1"], "compute = -1.0: must be positive"),
    ([*PLAN, "--compute", "1"], "compute = 1.0: a model of one parameter takes two samples"),
    ([*PLAN, "--compute", "1e40"], "compute = 1e+40: needs more than 1e+15 samples"),
    ([*PLAN, "--samples", "1"], "samples = 1.0: must be at least 2"),
    ([*PLAN, "--samples", "2.5"], "samples = 2.5: must be a whole number"),
    ([*PLAN, "--samples", "1e16"], "samples = 10000000000000000: must be at most 1e+15"),
    ([*PLAN, "--samples", "9", "--sigma", "30"], "samples = 9: too small: training lowers no model's starting risk by 5%"),
    ([*PLAN, "--samples", "9", "--sigma", "-1"], "sigma = -1.0: a standard deviation must not be negative"),
    ([*PLAN, "--samples", "9", "--alpha", "1"], "alpha = 1.0: must exceed 1"),
    ([*PLAN, "--samples", "9", "--plot", "plan.txt"], "plot = 'plan.txt': must end in"),
    ([*PLAN, "--samples", "9", "--alpha", "1e10"], "alpha = 10000000000.0: must be at most 20"),
    ([*PLAN, "--risk", "0"], "risk = 0.0: must be positive"),
    ([*PLAN, "--risk", "inf"], "risk = inf: must be finite"),
    ([*PLAN, "--risk", "3"], "risk = 3.0: is reached without training: zero's is 2.61238"),
    ([*PLAN, "--risk", "1e-9"], "risk = 1e-09: neither model reaches it within T = 1e+15"),
    (SIMULATE, "quadlaw simulate: one of the arguments --step-size --tuned is required"),
    ([*TUNED, "--step-size", "1"], "quadlaw simulate: argument --step-size: not allowed with argument --tuned"),
    ([*SIMULATE, "--step-size", "0"], "step_size = 0.0: must be positive"),
    ([*SIMULATE, "--step-size", "nan"], "step_size = nan: must be finite"),
    ([*SIMULATE, "--step-size", "1e300"], "step_size = 1e+300: must be at most 1e+30"),
    ([*SIMULATE, "--step-size", "1e300", "--method", "leaps"], "step_size = 1e+300: must be at most"),
    ([*STEP, "--sigma", "1e300"], "sigma = 1e+300: must be at most 1e+30"),
    ([*STEP, "--init", "1e100"], "init = 1e+100: must be at most 1e+30"),
    ([*STEP, "--alpha", "700"], "alpha = 700.0: must be at most 20"),
    ([*TUNED, "--scale", "1e40"], "scale = 1e+40: must be at most 1e+30"),
    ([*STEP, "--plot", "risk.png"], "quadlaw: unrecognized arguments: --plot"),
    ([*TUNED, "--init", "0"], "init = 0.0: must be positive"),
    ([*TUNED, "--scale", "-1"], "scale = -1.0: must be positive"),
    ([*TUNED, "--init", "1", "--scale", "1"], "quadlaw simulate: argument --scale: not allowed with argument --init"),
    ([*TUNED, "--model", "cubic"], "quadlaw simulate: argument --model: invalid choice: 'cubic'"),
    ([*TUNED, "--schedule", "linear"], "schedule = 'linear': must begin with one of"),
    ([*TUNED, "--schedule", ""], "schedule = '': must begin with one of"),
    ([*TUNED, "--schedule", "two-phase 7"], "schedule = 'two-phase 7': "),
    ([*TUNED, "--replicates", "0"], "replicates = 0.0: must be at least 1"),
    ([*TUNED, "--replicates", "1.5"], "replicates = 1.5: must be a whole number"),
    ([*TUNED, "--seed", "-1"], "seed = -1: must be at least 0"),
    ([*TUNED, "--seed", "x"], "quadlaw simulate: argument --seed: invalid int value: 'x'"),
    ([*STEP, "--output", "runs.txt"], "output = 'runs.txt': must end in .parquet or .csv"),
    ([*STEP, "--output", ""], "output = '': must end in .parquet or .csv"),
    ([*STEP, "--samples", "1e12"], "force = False: all takes about"),
    ([*STEP, "--model-size", "1e12"], "force = False: the run needs about"),
    ([*STEP, "--samples", "1e300", "--model-size", "1e300"], "force = False: the run needs about"),
    ([*ESTIMATE, "nowhere.yaml"], "configfile = 'nowhere.yaml': No such file"),
    ([*ESTIMATE, "."], "configfile = '.': Is a directory"),
    ([*ESTIMATE, "broken.yaml"], "configfile = 'broken.yaml': is neither JSON nor YAML, see its line 3"),
    ([*ESTIMATE, "list.yaml"], "configfile = 'list.yaml': has no keys at its top level"),
    ([*ESTIMATE, "empty.yaml"], "configfile = 'empty.yaml': has no keys at its top level"),
    ([*ESTIMATE, "wrong.yaml"], "sigma = -1: a standard deviation"),
    (["estimate", "--cores", "0"], "cores = 0: must be at least 1"),
    (["estimate", "--configfile"], "quadlaw estimate: argument --configfile: expected at least one argument"),
]  # fmt: skip
FILES = {
    "broken.yaml": "sigma: 1\nstudies: [1\n", "list.yaml": "- sigma\n", "empty.yaml": "",
    "wrong.yaml": "sigma: -1\n",
}  # fmt: skip


COMPUTING = (
    "samples = 9: too small", "risk = 1e-09: neither", "force = False: all takes about"
)  # fmt: skip


def case(line, message):
    marks = [pytest.mark.slow] if message.startswith(COMPUTING) else []
    return pytest.param(line, message, marks=marks, id=message[:60])


@pytest.mark.parametrize(("line", "message"), [case(*line) for line in LINES])
def test_bad_command_lines_are_refused_in_one_line(tmp_path, monkeypatch, capsys, line, message):
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(SystemExit) as stop:
        cli.main(line)
    output = capsys.readouterr()
    assert stop.value.code == 2 and output.out == ""
    assert output.err.removeprefix("quadlaw: ").startswith(message.removeprefix("quadlaw: "))
    assert output.err.startswith("quadlaw") and output.err.count("\n") == 1
    assert {path.name for path in tmp_path.iterdir()} == set(FILES)
