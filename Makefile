# Every target sets up .venv by itself. `make demo` and `make test` are all that a newcomer needs.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Tests of a file share what they compile, so a file stays on one worker. In the order of the folders the slow ones come
# first, and both workers end at once.
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: demo test check lint types conformance bench wheel clean

demo: $(READY)
	$(BIN)/python examples/01_json.py

test: $(READY)
	$(PYTEST) -m "not slow"

check: lint types test

lint: $(READY)
	$(BIN)/ruff check .

types: $(READY)
	$(BIN)/mypy

conformance: $(READY)
	$(PYTEST) -m slow

bench: $(READY)
	$(BIN)/python bench/compile_and_pass.py

wheel: $(READY)
	$(BIN)/python -m pytest -m slow tests/test_wheel.py

clean:
	rm -rf $(VENV) dist build

# The CPU build of torch comes first: later packages would pull gigabytes of CUDA with a newer one.
$(READY): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet torch==2.13.0
	$(BIN)/python -m pip install --quiet --editable . --group dev
	$(BIN)/structfill warm
	touch $(READY)
