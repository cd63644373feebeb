# `make replicate` and `make test` set everything up on a machine with python3, venv, pip, git and make.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
# On a terminal a run shows how far it is; elsewhere, as in CI, Snakemake prints plain lines.
LOGGER := $(if $(MAKE_TERMERR),--logger quadlaw)

.PHONY: help replicate unlock smoke report edit test test-quick test-slurm test-faults lint format docs bench env verdicts readme lock clean
.DEFAULT_GOAL := help

help:            ## List these targets
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/: [^#]*##/\t/' | expand -t 14

replicate: $(READY)  ## Full replication: every table and figure, on all cores
	$(BIN)/snakemake --cores all $(LOGGER)

unlock: $(READY)  ## After a kill -9: lift the lock that the killed run left, then run again
	$(BIN)/snakemake --unlock

smoke: $(READY)  ## The same workflow on a small grid, into build/smoke
	$(BIN)/snakemake --cores all --configfile config/smoke.yaml $(LOGGER)

report: $(READY)  ## report.html of the full replication, which is run as far as it is missing
	$(BIN)/snakemake --cores all report_pages
	$(BIN)/snakemake --report report.html

edit: $(READY)  ## Change a figure in Jupyter, on its real inputs: make edit FIGURE=phase_diagram
	@test -n "$(FIGURE)" || { echo "edit: which one? make edit FIGURE=phase_diagram"; exit 2; }
	$(BIN)/snakemake --edit-notebook figures/$(FIGURE).pdf
	$(BIN)/snakemake figures/$(FIGURE).pdf

test: $(READY)  ## All tests, among them the smoke workflow
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not workflow and not faults"
	$(BIN)/python -m pytest -n 2 --dist loadscope -m "workflow and not faults"

# For the loop of a change: no Snakemake, no Jupyter, and nothing that takes more than a second.
test-quick: $(READY)  ## The tests that take less than a second each, for the loop of a change
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not workflow and not faults and not slow"

test-slurm: $(READY)  ## The smoke workflow through a real SLURM (root, Debian or Ubuntu); ONLY=few for a part
	$(BIN)/python -m pytest --slurm -m slurm -k "$(ONLY)"

test-faults: $(READY)  ## Kill the smoke workflow at twenty random moments; ten minutes and more
	$(BIN)/python -m pytest -m faults -s

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

bench: $(READY)  ## Speed of the simulation beside NumPy, PyTorch and JAX, on one core
	$(BIN)/python benchmarks/speed.py

env: $(READY)  ## Only the environment, in .venv

$(READY): envs/requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --compile --require-hashes --requirement envs/requirements.txt
	$(BIN)/python -m pip install --quiet --compile --no-deps --no-build-isolation --editable .
	touch $@

verdicts: $(READY)  ## Accept the verdicts of the last full run as the known ones
	$(BIN)/python workflow/scripts/accept_verdicts.py

readme: $(READY)  ## Copy the tables of the last full run into README and docs
	$(BIN)/python workflow/scripts/readme_table.py

lock:            ## Renew envs/requirements.txt from requirements.in (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--output-file envs/requirements.txt envs/requirements.in

clean:           ## Remove results, drawn figures and the environment; the figures in git stay
	rm -rf .venv .snakemake build results report.html figures/*.pdf figures/*.svg
