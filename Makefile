# Every target makes the environment in .venv first, where it is missing or older than what it is made of.
# PYTHON chooses the interpreter it is made with (3.11 or newer).

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
BENCHMARKS := .venv-benchmarks

# Paths here are relative, and installed scripts are run by python: the folder's own name may hold spaces, quotes or $.
# Notebooks run in their own folder, so that a relative path becomes absolute; the package itself knows ~ and URLs.
from-here = $(if $(filter /% ~% file:%,$(firstword $(1)))$(findstring ://,$(1)),,$(CURDIR)/)$(1)
ifneq ($(strip $(value ATTENTION_COURSE_DATA)),)
export ATTENTION_COURSE_DATA := $(call from-here,$(value ATTENTION_COURSE_DATA))
endif
ifneq ($(strip $(value ATTENTION_COURSE_CACHE)),)
export ATTENTION_COURSE_CACHE := $(call from-here,$(value ATTENTION_COURSE_CACHE))
endif

.PHONY: lab test quick sim device-faults mutants test-browser data binder colab assignment grade formgrader hostile lessons notebooks new-lesson experiments benchmarks site repository clean

lab: $(VENV)/installed  ## open the course
	$(RUN)/python -m jupyterlab $(AS_ROOT) --notebook-dir=. notebooks/00_start_here.ipynb

# Jupyter does not start for root, the only user of many containers, unless it is told that this is meant.
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

test: export ATTENTION_COURSE_PROGRESS := off
test: export ATTENTION_COURSE_THREADS := 1
test: export OMP_NUM_THREADS := 1
test: $(VENV)/installed  ## everything that CI runs
	$(RUN)/ruff check
	$(RUN)/ruff format --check
	$(RUN)/python $(RUN)/lint-imports
	$(RUN)/python tools/notebooks.py --check
	$(RUN)/python tools/notebooks.py --filled build/filled
	$(RUN)/python -m pytest notebooks/*.ipynb build/filled tests $(WORKERS) $(NBVAL) --durations=20

# Two files at a time, each on one thread. The notebooks take longest and come first. (Sorted by their number of tests,
# as is usual, they would come last.)
WORKERS := --numprocesses=2 --dist=loadfile --no-loadscope-reorder
# --nbval-lax compares outputs only where a cell asks for it. A cell that hangs is cut off, one that is slow is not.
NBVAL := --nbval-lax --nbval-current-env --nbval-cell-timeout=1800

quick: export ATTENTION_COURSE_PROGRESS := off
quick: export OMP_NUM_THREADS := 1
quick: $(VENV)/installed  ## for one who is at work: lint, whether the notebooks are of their sources, the mechanisms' tests
	$(RUN)/ruff check
	$(RUN)/ruff format --check
	$(RUN)/python $(RUN)/lint-imports
	$(RUN)/python tools/notebooks.py --check
	$(RUN)/python -m pytest $(MECHANISMS:%=tests/test_%.py) $(WORKERS) --durations=5

MECHANISMS := functional masks scores layers positions multi_head every_form every_attention causality linear sparse \
	tiled hashing grouped_query sliding_window half_precision recurrent seq2seq transformer beam greedy fit

sim: export ATTENTION_COURSE_PROGRESS := off
sim: export OMP_NUM_THREADS := 1
sim: $(VENV)/installed  ## the package and every lesson on a pretended GPU: what a real one would refuse is refused
	$(RUN)/python -m pytest tests/test_*on_sim.py tests/test_simulated_*.py -m "" --numprocesses=2 --dist=worksteal --durations=20

device-faults: $(VENV)/installed  ## forget one word about devices at a time, and see that those tests fail (up to an hour)
	$(RUN)/python tools/device_faults.py

mutants: $(VENV)/installed  ## change every solution a little, and see that its check refuses it (minutes)
	$(RUN)/python tools/mutants.py

test-browser: export ATTENTION_COURSE_PROGRESS := off
test-browser: $(VENV)/installed  ## the explorer in Chromium, which comes by apt-get where it is missing and that is allowed
	$(RUN)/python -m pip install -q -c constraints.txt -e ".[browser]"
	command -v chromium || command -v google-chrome || (apt-get update -qq && apt-get install -y -qq chromium)
	$(RUN)/python -m pytest tests/browser

data: $(VENV)/installed  ## fetch all data sets beforehand, for a place without a network
	$(RUN)/python -m attention_course.cli data --all

binder colab: $(VENV)/installed  ## every lesson as on Binder, or as on Colab
	$(RUN)/python tools/$@.py

COURSE ?= build/course
assignment: $(VENV)/grading  ## make assignment LESSON=04 [COURSE=...] [SAMPLE=1]: a lesson's exercises for a class, by nbgrader
	$(RUN)/python -m attention_course.cli assignment "$(LESSON)" --course "$(COURSE)" $(if $(SAMPLE),--sample) $(if $(EXPLAIN),--explain)

grade: $(VENV)/grading  ## make grade [LESSON=04] [COURSE=...]: mark what was handed in; feedback and tables of points
	$(RUN)/python -m attention_course.cli grade $(LESSON) --course "$(COURSE)" --at-once 2

formgrader: $(VENV)/grading  ## make formgrader [COURSE=...]: give points and comments by hand
	cd "$(COURSE)" && $(abspath $(RUN))/python -m jupyterlab $(AS_ROOT)

hostile: export ATTENTION_COURSE_PROGRESS := off
hostile: export OMP_NUM_THREADS := 1
hostile: $(VENV)/grading  ## a class by nbgrader, and one that cheats: nobody gets points that were not earned (minutes)
	$(RUN)/python -m pytest tests/test_class.py tests/test_hostile_class.py -m "" --numprocesses=2 --dist=worksteal --durations=5

lessons: $(VENV)/installed  ## execute all lessons, and print the time and memory each takes
	$(RUN)/python tools/notebooks.py --run

notebooks: $(VENV)/installed  ## build the notebooks from notebooks/src, executing what has changed
	$(RUN)/python tools/notebooks.py
	$(RUN)/python tools/picture.py

new-lesson: $(VENV)/installed  ## make new-lesson NN=14 SLUG=bert [TITLE="..."]: lay out a lesson
	$(RUN)/python tools/new_lesson.py "$(NN)" "$(SLUG)" $(if $(TITLE),--title "$(TITLE)")
	$(RUN)/python tools/notebooks.py "$(NN)"

experiments: $(VENV)/installed  ## measure again what the lessons show as measured beforehand
	for file in experiments/[0-9]*.py; do $(RUN)/python "$$file" || exit 1; done

benchmarks: $(BENCHMARKS)/installed  ## training and attention beside other packages, in an environment of its own
	$(BENCHMARKS)/bin/python benchmarks/translation.py speed
	$(BENCHMARKS)/bin/python benchmarks/attention.py
	@echo "BLEU takes about an hour: $(BENCHMARKS)/bin/python benchmarks/translation.py quality"

site: $(VENV)/installed  ## the web site, in site/
	$(RUN)/python -m pip install -q -c constraints.txt -e ".[site]"
	$(RUN)/python tools/website.py site

repository: $(VENV)/installed  ## make repository REPO=owner/name: set the project's public address everywhere
	$(RUN)/python tools/repository.py $(REPO)

clean:
	rm -rf $(VENV) $(BENCHMARKS) build site

$(VENV)/installed: pyproject.toml constraints.txt
	"$(PYTHON)" -m venv $(VENV)
	$(RUN)/python -m pip install -q -c constraints.txt -e ".[test]"
	touch $@

$(VENV)/grading: $(VENV)/installed
	$(RUN)/python -m pip install -q -c constraints.txt -e ".[test,grading]"
	touch $@

# The peers' own pins are older than what runs here, so they come without their dependencies.
$(BENCHMARKS)/installed: pyproject.toml constraints.txt benchmarks/requirements.txt benchmarks/peers.txt
	"$(PYTHON)" -m venv $(BENCHMARKS)
	$(BENCHMARKS)/bin/python -m pip install -q -c constraints.txt -e . -r benchmarks/requirements.txt
	$(BENCHMARKS)/bin/python -m pip install -q --no-deps -r benchmarks/peers.txt
	touch $@
