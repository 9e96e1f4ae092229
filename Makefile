# Everything that a person does with a checkout. `make up` and `make test` need nothing but a Debian
# or Ubuntu with Python 3.11 or newer; the rest they get themselves.
# UP="--port-base 100" make up   passes options on to `sekisho up`.

VENV := .venv
PYTHON := $(VENV)/bin/python
RUN_STAMP := $(VENV)/.installed-runtime
DEV_STAMP := $(VENV)/.installed-dev

# `make bench payments`: the words after `bench` name the measurements.
ifeq (bench,$(firstword $(MAKECMDGOALS)))
BENCH := $(wordlist 2,$(words $(MAKECMDGOALS)),$(MAKECMDGOALS))
.PHONY: $(BENCH)
$(BENCH): bench ;
endif

.PHONY: up down test check bench lock clean install install-dev

up: $(RUN_STAMP) $(VENV)/crs $(VENV)/fonts
	@exec $(VENV)/bin/sekisho up $(UP)

down:
	@$(VENV)/bin/sekisho down

test: $(DEV_STAMP) $(VENV)/crs $(VENV)/fonts
	@sh tools/get_test_parts.sh
	@exec $(PYTHON) tools/run_tests.py $(TESTS)

check: $(DEV_STAMP)
	$(VENV)/bin/ruff check src tests tools bench
	$(VENV)/bin/ruff format --check src tests tools bench
	PYTHONPATH=. $(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(PYTHON) tools/check_migrations.py

bench: $(DEV_STAMP) $(VENV)/crs $(VENV)/fonts
	@exec $(PYTHON) -m bench $(BENCH)

install: $(RUN_STAMP)
install-dev: $(DEV_STAMP)

$(RUN_STAMP): requirements.lock tools/make_venv.sh
	@sh tools/make_venv.sh requirements.lock
	@touch $@

# The locked tools hold all that the platform itself needs, in the same versions.
$(DEV_STAMP): requirements-dev.lock tools/make_venv.sh
	@sh tools/make_venv.sh requirements-dev.lock
	@touch $@ $(RUN_STAMP)

$(VENV)/crs: | $(VENV)/bin/python
	@$(PYTHON) tools/fetch_crs.py

$(VENV)/fonts: | $(VENV)/bin/python
	@$(PYTHON) tools/fetch_fonts.py

$(VENV)/bin/python:
	@$(MAKE) --no-print-directory $(RUN_STAMP)

# Only where pyproject.toml's dependencies changed: new versions come with a commit of their own.
lock: $(DEV_STAMP)
	$(VENV)/bin/uv pip compile pyproject.toml --universal --python-version 3.11 \
	  --generate-hashes --no-header --quiet --output-file requirements.lock
	$(VENV)/bin/uv pip compile pyproject.toml --extra test --extra check --universal \
	  --python-version 3.11 --generate-hashes --no-header --quiet \
	  --constraints requirements.lock --output-file requirements-dev.lock

# Leaves the data folder alone: it may hold payments.
clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests tools bench -name __pycache__ -type d -prune -exec rm -rf {} +
