# make demo   installs what it needs and runs the main job on a phantom
# make test   builds everything and runs all tests; goes on from what make demo has built
# Both share .venv and build/. Other targets: bench, build, lint, notebooks, docs, wheels, format, clean.

PYTHON := .venv/bin/python
BUILD := build
JOBS := $(shell nproc)
# Some tests mostly wait: for a server, a browser, a time limit.
WORKERS := $(shell echo $$(( $(JOBS) + 1 )))
STEP := @tools/step.sh

.PHONY: bench demo demo-build test build lint notebooks docs wheels format clean

# What `make test` has built has all of it.
demo: $(if $(wildcard .stamps/all),build,demo-build)
	.venv/bin/groundglass demo --out demo
	@echo 'Open the report in a browser: demo/result/report.html'

test: build
	ctest --test-dir $(BUILD) --output-on-failure -j $(JOBS)
	$(PYTHON) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

lint: build .stamps/lint
	tools/lint.sh

# Ours beside what a user would take instead, on one page; TOPICS and OPTIONS choose (benchmarks/peers/page.py --help).
bench: build .stamps/bench
	$(STEP) "Compiling the kernels that Python has no name for" cmake --build $(BUILD) --target groundglass_kernels
	$(PYTHON) benchmarks/peers/page.py $(TOPICS) $(OPTIONS)

notebooks: build
	tools/notebooks.sh

docs: build .stamps/docs
	tools/docs.sh

wheels: build
	tools/wheels.sh

format: build .stamps/lint
	tools/format.sh

demo-build: .stamps/demo
	$(STEP) "Compiling the extension modules (a minute or two)" tools/build.sh demo

# One configure and one build make the C++ libraries, their tests and the Python package.
build: .stamps/all
	$(STEP) "Building the libraries, tests, page and package" tools/build.sh all

.stamps/demo: pyproject.toml tools/bootstrap.sh tools/venv.sh
	$(STEP) "System packages: cmake, headers" tools/bootstrap.sh demo
	$(STEP) "Python packages: torch, SimpleITK, matplotlib" tools/venv.sh io,segmentation,report
	@touch $@

.stamps/all: pyproject.toml tools/bootstrap.sh tools/venv.sh
	$(STEP) "System packages: also ITK, and what tests run" tools/bootstrap.sh all
	$(STEP) "Python packages: all extras" tools/venv.sh all,training,test,lint
	@touch $@ .stamps/demo

.stamps/lint: .stamps/all
	$(STEP) "System packages: clang-format, clang-tidy" tools/bootstrap.sh lint
	@touch $@

.stamps/bench: .stamps/all
	$(STEP) "Python packages: peers" tools/venv.sh bench
	@touch $@

.stamps/docs: .stamps/all
	$(STEP) "System packages: doxygen" tools/bootstrap.sh docs
	$(STEP) "Python packages: Sphinx" tools/venv.sh docs
	@touch $@

clean:
	rm -rf $(BUILD) demo dist docs/_build docs/notebooks .stamps python/groundglass/web/static
