# `make replicate` and `make test` set everything up on a machine with python3, venv, pip, git and make.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
# A Python that is named, and is not the environment's, makes the environment anew.
ifneq ($(origin PYTHON),file)
ifneq ($(or $(shell $(PYTHON) envs/python.py 2>&1),none),$(shell cat $(READY) 2>&1))
.PHONY: $(READY)
endif
endif
USUAL = not faults and not package and not machines
FEW = not workflow and $(USUAL)
# Each figure is a study and its notebook.
names = $(basename $(notdir $(wildcard $(1))))
FIGURES = $(filter $(call names,workflow/quadlaw/studies/*.py),$(call names,notebooks/*.ipynb))
REMOVE = sh -c 'for one; do test ! -e "$$one" || { echo "removing $$one"; rm -rf "$$one"; }; done' remove
# On a terminal a run shows how far it is; elsewhere, as in CI, Snakemake prints plain lines.
LOGGER := $(if $(MAKE_TERMERR),--logger quadlaw)
# Snakemake needs a cache, and a user of a container may have none: no home, or one of another's.
CACHE := d="$${XDG_CACHE_HOME:-$$HOME/.cache}"; mkdir -p "$$d" && test -w "$$d"
ifneq ($(shell test -z "$$HOME" || { $(CACHE); } 2>/dev/null || echo none),)
export XDG_CACHE_HOME := $(CURDIR)/build/cache
endif

.PHONY: help replicate unlock smoke smoke-all report paper edit explore test test-quick test-package test-machines test-slurm test-faults mutants lint format docs dist bench env compare verdicts readme lock clean clean-env
.DEFAULT_GOAL := help

help:            ## List these targets
	@awk -F ': .*## *' '/^[a-z-]+: .*##/ { printf "%-14s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

replicate: $(READY)  ## Full replication: every table and figure, on all cores
	$(BIN)/snakemake --cores all $(LOGGER)

unlock: $(READY)  ## After a kill -9: lift the lock that the killed run left, then run again
	$(BIN)/snakemake --unlock

smoke: $(READY)  ## In a minute, whether all works here: three figures on a small grid, into build/smoke
	$(BIN)/snakemake first_page --cores all --configfile config/smoke.yaml $(LOGGER)

smoke-all: $(READY)  ## The whole workflow on the small grid
	$(BIN)/snakemake --cores all --configfile config/smoke.yaml $(LOGGER)

report: $(READY)  ## report.html of the full replication, which is run as far as it is missing
	$(BIN)/snakemake --cores all report_pages
	$(BIN)/snakemake --report report.html

paper: $(READY)  ## results/paper.pdf, the replication report; the run is completed as far as it is missing
	$(BIN)/snakemake --cores all $(LOGGER) paper

edit: $(READY)  ## Change a figure in Jupyter, on its real inputs: make edit FIGURE=phase_diagram
	@$(if $(filter $(FIGURE),$(FIGURES)),,echo "edit: FIGURE = '$(FIGURE)': must be one of $(FIGURES)"; exit 2)
	$(BIN)/snakemake --edit-notebook figures/$(FIGURE).pdf
	$(BIN)/snakemake figures/$(FIGURE).pdf

# A copy, as Jupyter saves what it shows into the file that it opened.
explore: $(READY)  ## A page to play with, in a browser: sliders, the theory at once, simulated runs
	mkdir -p build && cp notebooks/explore.ipynb build/
	JUPYTER_CONFIG_PATH=config/jupyter $(BIN)/python -m notebook build/explore.ipynb

test: $(READY)  ## The tests, among them the smoke workflow (not package, machines, slurm and faults)
	$(BIN)/python -m pytest -n auto --dist worksteal -m "$(FEW)"
	$(BIN)/python -m pytest -n 2 --dist loadscope -m "workflow and $(USUAL)"

# For the loop of a change: no Snakemake, no Jupyter, and nothing that takes more than a second.
test-quick: $(READY)  ## The tests that take less than a second each, for the loop of a change
	$(BIN)/python -m pytest -n auto --dist worksteal -m "$(FEW) and not slow"

test-package: $(READY)  ## The wheel in an empty environment, outside of this folder (network)
	$(BIN)/python -m pytest -m package

test-machines: $(READY)  ## README's commands on Debian 13, from nothing (root, network)
	$(BIN)/python -m pytest -m machines -s

test-slurm: $(READY)  ## The smoke workflow through a real SLURM (root, Debian or Ubuntu); ONLY=few for a part
	$(BIN)/python -m pytest --slurm -m slurm -k "$(ONLY)"

test-faults: $(READY)  ## Kill the smoke workflow at twenty random moments; ten minutes and more
	$(BIN)/python -m pytest -m faults -s

mutants: $(READY)  ## Plant faults in the code, one at a time, that tests must see (hours); ONLY=fit/stopping.py SHARE=.1 for a part
	$(BIN)/python -m venv build/mutants/env
	build/mutants/env/bin/python -m pip install --quiet --requirement envs/mutants.in
	$(BIN)/python tests/mutants.py $(if $(SHARE),--share $(SHARE)) $(ONLY)

lint: $(READY)  ## Style of the code, the workflow and the notebooks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/nbstripout --verify --keep-id notebooks/*.ipynb
	$(BIN)/snakemake --lint

format: $(READY)  ## Put code and notebooks into the form that lint asks for
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/nbstripout --keep-id notebooks/*.ipynb

docs: $(READY)   ## The documentation, into build/docs; a link that leads nowhere is an error
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going docs build/docs

dist: $(READY)   ## Wheel and source archive of the package, into build/dist
	rm -rf build/dist
	$(BIN)/hatchling build --directory build/dist

bench: $(READY)  ## Speed of the simulation beside NumPy, PyTorch and JAX, on one core
	$(BIN)/python benchmarks/speed.py

env: $(READY)  ## Only the environment, in .venv; of another Python with PYTHON=python3.12

$(READY): envs/requirements.txt pyproject.toml
	@$(PYTHON) envs/python.py >/dev/null
	$(PYTHON) -m venv $$(test "$$(cat $@ 2>&1)" = "$$($(PYTHON) envs/python.py)" || echo --clear) .venv
	$(BIN)/python -m pip install --quiet --compile --require-hashes --requirement envs/requirements.txt
	$(BIN)/python -m pip install --quiet --compile --no-deps --no-build-isolation --editable .
	@$(PYTHON) envs/python.py >$@

compare: $(READY)  ## Which numbers of a run are not those of the last full run, and by how much; FOLDER=results
	@$(BIN)/python workflow/scripts/compare.py "$(or $(FOLDER),results)"

verdicts: $(READY)  ## Accept the verdicts and numbers of the last full run as the known ones
	$(BIN)/python workflow/scripts/accept_verdicts.py

readme: $(READY)  ## Copy the tables of the last full run into README and docs
	$(BIN)/python workflow/scripts/readme_table.py

lock:            ## Renew envs/requirements.txt from requirements.in (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--output-file envs/requirements.txt envs/requirements.in

clean-env:       ## Remove the environment alone
	@$(REMOVE) .venv

clean:           ## Remove results, drawn figures and the environment; the figures in git stay
	@$(REMOVE) .venv .snakemake build results report.html figures/*.pdf figures/*.svg
