# Every target sets the environment up first: `make demo` and `make test` are all a fresh machine needs.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
ZOO    := build/zoo-env
STAMP  := $(VENV)/.installed
N      ?= 200

.PHONY: setup demo test check format docs site assets assets-check browser screenshot bench general fuzz zoo clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "torchdraft needs Python 3.11 or later; set PYTHON=…")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,demo]'
	@touch $@

demo: setup
	$(BIN)/python examples/demo.py

test: setup
	$(BIN)/python -m pytest -n auto

check: $(VENV)/.docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python tools/one_door.py
	$(BIN)/python tools/layers.py
	$(BIN)/python tools/check_links.py
	$(BIN)/python tools/gen_docs.py --check
	$(BIN)/python tools/gen_picture.py --check
	$(BIN)/python tools/build_site.py

# Applies the fixes that `check` would ask for and that a program can make.
format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup
	$(BIN)/python tools/gen_docs.py
	$(BIN)/python tools/gen_picture.py

# The documentation site, in build/site. Warnings and broken links are errors.
site: $(VENV)/.docs
	$(BIN)/python tools/build_site.py

$(VENV)/.docs: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[docs]'
	@touch $@

# The script and style of the HTML page: web/ -> src/torchdraft/_page/assets/. Needs npm, which installs what the lockfile says.
assets:
	npm ci --prefix web
	npm run --prefix web types
	npm run --prefix web build

assets-check: setup
	$(BIN)/python tools/check_assets.py

# What the tests of the page need beside the other packages. They are skipped, visibly, where Chromium is missing.
browser: $(VENV)/.browser

$(VENV)/.browser: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[page]'
	tools/install_chromium.sh
	@touch $@

screenshot: browser
	$(BIN)/python tools/gen_screenshot.py

bench: $(VENV)/.plots
	$(BIN)/python -m benchmarks

# What draws the plot of the benchmark, and the library the larger models of the race come from.
$(VENV)/.plots: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	@touch $@

# The table of exporters over the project's own zoo, in an environment of its own: its packages are many.
zoo: $(ZOO)/.installed
	HF_HUB_OFFLINE=1 $(ZOO)/bin/python -m benchmarks.zoo
	HF_HUB_OFFLINE=1 $(ZOO)/bin/python -m benchmarks.zoo --dynamic

$(ZOO)/.installed: benchmarks/requirements-zoo.txt constraints.txt
	$(PYTHON) -m venv $(ZOO)
	$(ZOO)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e . -r benchmarks/requirements-zoo.txt
	@touch $@

# On how many inputs besides the example the programs of each exporter are right.
general: setup
	$(BIN)/python -m benchmarks.general

fuzz: setup
	$(BIN)/python -m tests.fuzz --n $(N)

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
