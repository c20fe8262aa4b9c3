# make demo   installs what it needs and runs the main job on a phantom
# make test   builds everything and runs all tests
# Both share .venv and build/. Other targets: build, lint, notebooks, docs, format, clean.

VENV := .venv
PYTHON := $(VENV)/bin/python
BUILD := build
JOBS := $(shell nproc)
TORCH := torch==2.13.0
EXTRAS := all,training,test,lint,docs

.PHONY: demo test build lint notebooks docs format clean

demo: build
	$(VENV)/bin/groundglass demo --out demo

test: build
	ctest --test-dir $(BUILD) --output-on-failure -j $(JOBS)
	cmake -DBUILD=$(BUILD) -DWORK=$(BUILD)/consumer -P examples/consumer/check.cmake
	$(PYTHON) -m pytest

lint: build
	tools/lint.sh

notebooks: build
	tools/notebooks.sh

docs: build
	tools/docs.sh

format: build
	tools/format.sh

# One configure and one build make the C++ libraries, their tests and the Python package (installed in editable mode).
build: .stamps/venv
	tools/page.sh
	GROUNDGLASS_TESTS=ON GROUNDGLASS_EXAMPLES=ON GROUNDGLASS_IO=ON CMAKE_BUILD_PARALLEL_LEVEL=$(JOBS) \
	$(PYTHON) -m pip install --quiet --no-build-isolation --no-deps \
	    --config-settings=build-dir=$(BUILD) --config-settings=cmake.args="-GUnix Makefiles" --editable .

# torch comes first and pinned: left to the extras, pip could pick a build of several gigabytes.
.stamps/venv: pyproject.toml tools/bootstrap.sh
	tools/bootstrap.sh
	test -x $(PYTHON) || python3 -m venv $(VENV)
	$(PYTHON) -m pip install --quiet --upgrade pip
	$(PYTHON) -m pip install --quiet $(TORCH)
	$(PYTHON) -m pip install --quiet "scikit-build-core>=0.10" "pybind11>=3.0"
	$(PYTHON) tools/requirements.py $(EXTRAS) > .stamps/requirements.txt
	$(PYTHON) -m pip install --quiet -r .stamps/requirements.txt
	touch $@

clean:
	rm -rf $(BUILD) demo docs/_build docs/notebooks .stamps python/groundglass/web/static
