# The two commands: `make run` and `make test`. `make help` lists the rest.
DATA ?= .helpdesk
PORT ?=
CHECK ?=
RASA ?= 1
WORKERS ?= 2
COVERAGE :=
TESTS ?=
BIN := .venv/bin
ifeq ($(origin DATA),command line)
override HELPDESK_DATA_DIR := $(abspath $(DATA))
endif
HELPDESK_DATA_DIR ?= $(abspath $(DATA))
export HELPDESK_DATA_DIR

.DEFAULT_GOAL := help
.PHONY: help environment run lab test coverage check lock benchmarks n8n test-n8n

help: ## these lines
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

environment: ## the virtual environments: .venv, and .venv-rasa with Python 3.10 (RASA=0: without)
	@bash deploy/environment.sh
	@[ "$(RASA)" = 0 ] || RASA_PYTHON="$(RASA_PYTHON)" bash deploy/rasa_environment.sh

run: environment ## start everything with two demo tenants (PORT=8080; RASA=0: without Rasa; CHECK=1: ask once, verify, stop)
	@$(BIN)/helpdesk up --demo $(if $(PORT),--port $(PORT)) $(if $(CHECK),--check) $(if $(filter 0,$(RASA)),--no-rasa)

lab: environment ## JupyterLab alone, on the notebooks of the workbench (`helpdesk up --workbench` has it beside all else)
	@$(BIN)/helpdesk lab

test: environment check ## checks and the whole test suite (RASA=0: without the tests on a real Rasa; TESTS=tests/nlu)
	@export $(if $(filter 0,$(RASA)),HELPDESK_TEST_RASA=0,HELPDESK_TEST_RASA); \
	 $(BIN)/python -m pytest --cache-clear -n $(WORKERS) --dist loadgroup $(COVERAGE) $(TESTS) || { [ $$? = 1 ] && $(BIN)/python -m tests.second_try; }

coverage: COVERAGE := --cov --cov-report=term
coverage: test ## the same, and which lines it has run (a quarter slower)

check: environment ## lint, format, types and the floors of the house
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

n8n: environment ## n8n beside a helpdesk that runs, with our nodes and the refund workflow (TENANT=…, N8N_PORT=5678, API=…; CHECK=1)
	@$(BIN)/python deploy/n8n $(if $(N8N_PORT),--port $(N8N_PORT)) $(if $(API),--api $(API)) $(if $(TENANT),--tenant $(TENANT)) \
	 $(if $(CHECK),--check)

test-n8n: environment ## its tests: installs n8n into a temporary folder (2.8 GB, some minutes)
	@HELPDESK_TEST_N8N=1 $(BIN)/python -m pytest -s tests/deploy/test_deploy_n8n.py

benchmarks: environment ## tables of speed and memory (tests/benchmarks)
	@$(BIN)/python -m tests.benchmarks

lock: environment ## pin every package anew
	@{ echo "# Every package, exactly. Made by 'make lock'; a local CPU build of torch satisfies its pin."; \
	   $(BIN)/uv pip compile --quiet --python 3.11 --group dev --no-annotate --no-header pyproject.toml \
	   | sed -E 's/^(torch==[0-9.]+)\+cpu/\1/'; } > requirements.lock.new && mv requirements.lock.new requirements.lock
	@{ echo "# Every package of Rasa's own environment, exactly. Made by 'make lock'."; \
	   $(BIN)/uv pip compile --quiet --python-version 3.10 --no-annotate --no-header apps/rasa/requirements.in; } \
	   > apps/rasa/requirements.lock.new && mv apps/rasa/requirements.lock.new apps/rasa/requirements.lock
