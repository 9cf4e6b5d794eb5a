# Every command a person needs; `make help` lists them.
SHELL := /bin/bash
unexport PYTHONDONTWRITEBYTECODE
.DEFAULT_GOAL := help
PY := .venv/bin/python
RUN := $(PY) -m scripts

.PHONY: help up down status test check format preview golden soak clean

help: ## list these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.venv/.installed: requirements.txt requirements-models.txt pyproject.toml .ci/bootstrap
	@.ci/bootstrap
	@touch $@

up: .venv/.installed ## serve the stack `local` on a Kubernetes of its own, and ask the model
	@$(RUN) up local

down: .venv/.installed ## remove the local cluster and everything it left on this machine
	@$(RUN) down local

status: .venv/.installed ## what runs, and in words what is wrong
	@$(RUN) status

check: .venv/.installed ## format, lint, types, and every test that needs no cluster
	@.ci/rings check

test: .venv/.installed ## `check`, then the real cluster and the served models; leaves nothing behind
	@.ci/rings all

soak: .venv/.installed ## repetition and volume, recorded: all parts, or PART=cycles, volume, faults
	@$(PY) -m tests.soak $(PART)

preview: .venv/.installed ## every stack offline: resources, cost, policy
	@$(RUN) preview

golden: .venv/.installed ## regenerate the golden plans after a wanted change
	@for stack in stacks/Pulumi.*.yaml; do name=$${stack#stacks/Pulumi.}; name=$${name%.yaml}; \
	  $(RUN) plan $$name > tests/golden/$$name.txt || exit 1; done

format: .venv/.installed ## rewrite the code as the formatter wants it
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .
