# The README's two commands. PYTHON picks the interpreter, VENV the environment,
# TENSORFLOW the build to install: tensorflow or tensorflow[and-cuda].
PYTHON ?= python3
VENV ?= .venv
TENSORFLOW ?= tensorflow
# For the tests of PyTorch's files. PyPI's build for Linux brings gigabytes of CUDA, this
# one is 0.2 GB. Where it cannot be had, those tests are skipped.
TORCH ?= $(if $(filter Linux,$(shell uname -s)),torch==2.13.0+cpu,torch)
TORCH_PAGE ?= https://download.pytorch.org/whl/cpu/torch/
RUN ?= runs/demo
FACES ?= runs/faces
RUN_V2 ?= runs/demo_v2
RUN_DETECT ?= runs/detect
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check
PLUGINS = $(dir $(wildcard plugins/*/pyproject.toml))

.PHONY: demo demo-v2 demo-detect test robustness docs lint format

demo: $(VENV)/core
	$(BIN)/stargan-tf datasets save --dataset toon_attributes --split held_out --count 10 \
	  --image_size 128 --output $(FACES) --overwrite
	$(BIN)/stargan-tf translate --model toon_attributes --all $(FACES) \
	  --output $(FACES).png --overwrite
	@echo "Held-out faces, translated by the model that comes with the package:" \
	  "$(FACES).png. A model of your own follows."
	$(BIN)/stargan-tf train --preset demo --run $(RUN)
	$(BIN)/stargan-tf translate --model $(RUN) --all $(FACES) \
	  --output $(RUN)/translated.png --overwrite
	$(BIN)/stargan-tf evaluate --model $(RUN) --classifier tiny --count 20 \
	  --report $(RUN)/report.html --overwrite
	@echo "Held-out faces, each with every attribute: $(RUN)/translated.png"
	@echo "Next, translate one image: $(BIN)/stargan-tf translate --model $(RUN)" \
	  "--to Blond_Hair,Young $(FACES)/held_out_000000.png --output blond.png"

demo-v2: $(VENV)/core
	$(BIN)/stargan-tf train --preset demo_v2 --run $(RUN_V2)
	$(BIN)/stargan-tf datasets save --dataset toon_people --split held_out --count 3 \
	  --image_size 64 --output $(RUN_V2)/held_out --overwrite
	$(BIN)/stargan-tf translate --model $(RUN_V2) --to woman --styles 4 --video \
	  $(RUN_V2)/held_out --output $(RUN_V2)/styles.gif --overwrite
	@for kind in latents references interpolation; do cp \
	  "$$(ls $(RUN_V2)/samples/*_$$kind.png | tail -n 1)" $(RUN_V2)/$$kind.png; done
	$(BIN)/stargan-tf evaluate --model $(RUN_V2) --classifier tiny --count 20 \
	  --styles 2 --report $(RUN_V2)/report.html --overwrite
	@echo "Held-out faces in random styles, in the styles of others, and from" \
	  "style to style: latents.png, references.png, interpolation.png, styles.gif in" \
	  "$(RUN_V2)"
	@echo "Next, translate one image: $(BIN)/stargan-tf translate --model $(RUN_V2) --to child" \
	  "--seed 7 $(RUN_V2)/held_out/held_out_000000.png --output child.png"

demo-detect: $(VENV)/core
	$(BIN)/stargan-tf train --preset detect --dataset drawn_scans --run $(RUN_DETECT)
	$(BIN)/stargan-tf evaluate --model $(RUN_DETECT) --metrics detection,unchanged \
	  --count 150 --report $(RUN_DETECT)/numbers.html --overwrite
	$(BIN)/stargan-tf datasets save --dataset drawn_scans --split held_out --count 80 \
	  --image_size 64 --output $(RUN_DETECT)/held_out --overwrite
	$(BIN)/stargan-tf detect --model $(RUN_DETECT) --group '(p[0-9]+)_' \
	  $(RUN_DETECT)/held_out --output $(RUN_DETECT)/found --overwrite
	@echo "What was found in held-out scans: $(RUN_DETECT)/found/report.html"

test: $(VENV)/dev lint
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

# Every reader with every way to break its file; `test` has a sample.
robustness: $(VENV)/dev
	STARGAN_TF_ROBUSTNESS=all $(BIN)/python -m pytest -n 2 tests/robustness

# The documentation site, in site/.
docs: $(VENV)/docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(BIN)/python:
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing:" \
	  "sudo apt-get install python3-venv" >&2; rm -rf $(VENV); exit 1; }
	@# An older pip takes half an hour to choose versions for TensorFlow 2.18.
	-@$(PIP) --upgrade pip

# Metadata that an earlier installation left here would hide what pyproject.toml now says.
$(VENV)/core: pyproject.toml | $(BIN)/python
	@rm -rf stargan_tf.egg-info
	$(PIP) "$(TENSORFLOW)>=2.18" -e .
	@touch $@

$(VENV)/docs: pyproject.toml | $(VENV)/core
	$(PIP) -e ".[docs]"
	@touch $@

$(VENV)/dev: pyproject.toml $(PLUGINS:%=%pyproject.toml) | $(BIN)/python
	@rm -rf stargan_tf.egg-info
	$(PIP) "$(TENSORFLOW)>=2.18" "setuptools>=77" -e ".[dev]"
	$(PIP) --no-deps --no-build-isolation $(PLUGINS:%=-e %)
	-$(PIP) --retries 1 --find-links $(TORCH_PAGE) "$(TORCH)"
	@# The tests of the web page need LiteRT.js, from npm, and skip themselves without it.
	-$(BIN)/python -c "from stargan_tf.demo.litert_js import runtime_folder; \
	  runtime_folder()"
	@touch $@
