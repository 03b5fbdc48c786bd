# The four verbs that start everything: run, edge, test, check. `make help` lists all of them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_COMPILE = $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --quiet \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help install run edge demo test check bench fuzz format lock images

help: ## list these targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

install: $(VENV)/.installed ## make .venv and install everything, checked against the hashed locks

$(VENV)/.installed: requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Ostiary needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) -V). Try: make $(or $(MAKECMDGOALS),install) PYTHON=python3.13"; exit 1; }
	@echo "Installing into $(VENV), about a minute …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes --requirement requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

run: install ## serve on http://127.0.0.1:8000; makes keys and database at the first start
	@$(BIN)/ostiary serve

edge: install ## deploy template.yaml to a local AWS emulator; ARGS='--template template-http.yaml' for the HTTP API
	@$(BIN)/python -m local.edge $(ARGS)

demo: install ## walk the seven steps through the edge and show what each part says
	@$(BIN)/python -m local.demo

images: install ## build both images, push them to REPOSITORY of ECR, print the digests; ARGS=--pull for newer bases
	@$(BIN)/python -m local.publish "$(REPOSITORY)" $(ARGS)

test: install ## run every test, in about nine minutes on two cores
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

bench: install build/bench-venv/.installed ## measure authorizer and app beside others; ARGS=--quick for a look
	@$(BIN)/python -m benchmarks.authorizer $(ARGS)
	@$(BIN)/python -m benchmarks.policies $(filter --quick,$(ARGS))
	@$(BIN)/python -m benchmarks.status_lists $(filter --quick,$(ARGS))
	@$(BIN)/python -m benchmarks.functions $(filter --quick,$(ARGS))
	@$(BIN)/python -m benchmarks.app $(filter --quick,$(ARGS))
	@$(BIN)/python -m benchmarks.attacks $(filter --quick,$(ARGS))
	@$(BIN)/python -m benchmarks.scale $(filter --quick,$(ARGS))
	@$(BIN)/python -m benchmarks.model $(filter --quick,$(ARGS))

# The lock takes the versions of dev.txt against what fastapi-users asks for, hence --no-deps.
build/bench-venv/.installed: requirements/bench.txt | install
	@echo "Installing what the app is measured beside into $(@D), half a minute …"
	@$(BIN)/python -m venv --clear $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
		--requirement requirements/bench.txt
	@touch $@

fuzz: install ## mutate tokens against verify, for FUZZ_SECONDS=60; finds go to build/fuzz
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/fuzz.txt
	@mkdir -p build/fuzz/finds
	@$(BIN)/python -W ignore -m tests.fuzz.fuzz_verify -max_total_time=$(or $(FUZZ_SECONDS),60) -max_len=8300 \
		-timeout=10 -artifact_prefix=build/fuzz/failed- build/fuzz/finds tests/fuzz/corpus

check: install ## format, lint, types, architecture, templates, Dockerfile, drift; SINCE=main compares rights with it
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/cfn-lint template.yaml template-http.yaml
	$(BIN)/hadolint Dockerfile
	-git show $(or $(SINCE),HEAD):./docs/access-matrix.md 2>/dev/null | $(BIN)/ostiary routes --since -
	$(BIN)/ostiary routes --check

format: install ## rewrite the code in the house format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: ## resolve requirements/*.in anew into hashed locks
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(UV_COMPILE) --upgrade requirements/dev.in --output-file requirements/dev.txt
	for part in app authorizer fuzz; do $(UV_COMPILE) --constraint requirements/dev.txt requirements/$$part.in \
		--output-file requirements/$$part.txt; done
	$(UV_COMPILE) --constraint requirements/dev.txt requirements/app.in requirements/server.in \
		--output-file requirements/server.txt
	$(UV_COMPILE) --override requirements/dev.txt requirements/bench.in --output-file requirements/bench.txt
