# make            lists the targets
# make up         everything: packages, database, schema
# make test       every test, on a PostgreSQL of its own

# The database is the embedded PostgreSQL in .postgres/, unless DATABASE_URL is set.
DB ?= portfolio
# For `make test`: PG=system takes the system's PostgreSQL, TEST_DATABASE_URL=… a server.
JOBS ?= 2
PYTEST_ARGS ?=

VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/installed
CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11
SUITABLE := import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))

.DEFAULT_GOAL := help
.PHONY: help install up down reset psql demo homeops sql check lint format test test-fast docs certify bench isolation hooks supabase-up supabase-down

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

install: $(STAMP) ## install the pinned packages into .venv

$(STAMP): pyproject.toml constraints.txt
	@python=$$(for p in $(CANDIDATES); do \
	    $$p -c '$(SUITABLE)' >/dev/null 2>&1 && echo $$p && break; done); \
	if [ -z "$$python" ]; then \
	    echo "Python 3.11 or later with venv is needed (Debian: apt install python3-venv)." >&2; \
	    exit 1; \
	fi; \
	echo "installing packages into $(VENV) ..." >&2; \
	$(PY) -c '$(SUITABLE)' >/dev/null 2>&1 || $$python -m venv --clear $(VENV)
	@$(PY) -m pip install -qq --disable-pip-version-check \
	    -c constraints.txt -e '.[embedded,async,dev]'
	@touch $(STAMP)

up: install ## install, start PostgreSQL, bring the schema to head, show what stands
	@[ -n "$${DATABASE_URL+set}" ] || $(PY) -m rollout.embedded start $(DB)
	@$(PY) -m alembic upgrade head
	@$(PY) -m rollout status
	@echo "To connect: make psql, or"
	@if [ -n "$${DATABASE_URL+set}" ]; then echo '    psql "$$DATABASE_URL"'; \
	else echo "    psql '$$($(PY) -m rollout.embedded url $(DB))'"; fi

down: install ## stop PostgreSQL, keep the data
	@$(PY) -m rollout.embedded stop

reset: install ## stop PostgreSQL, remove the data
	@$(PY) -m rollout.embedded reset

psql: install ## open psql on the database; DB=name for another one
	@$(PY) -m rollout.embedded psql $(DB)

demo: install ## migrate a thousand users of the old application, show the result
	@$(PY) tools/demo.py

homeops: install ## the second system: HomeOps to head, seeded if local, show what stands
	@[ -n "$${DATABASE_URL+set}" ] || $(PY) -m rollout.embedded start homeops
	@$(PY) -m alembic -n homeops upgrade head
	@case "$${ROLLOUT_ENV-}/$${DATABASE_URL+set}" in \
	    /|dev/*|development/*) $(PY) -m rollout --schema homeops seed dev ;; \
	    *) echo "Not seeded: DATABASE_URL or ROLLOUT_ENV is set, and development users have"; \
	       echo "passwords that everybody knows. If it is yours to play with, run it again with"; \
	       echo "    ROLLOUT_ENV=development" ;; \
	esac
	@$(PY) -m rollout --schema homeops status
	@$(PY) -m rollout --schema homeops history
	@[ -n "$${DATABASE_URL+set}" ] || echo "To connect: make psql DB=homeops"

sql: install ## print the whole upgrade as SQL
	@$(PY) -m alembic upgrade head --sql

check: install ## compare the models with the database
	@$(PY) -m alembic check

lint: install ## check style, types and SQL
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) tools/lint_sql.py
	$(PY) tools/check_rollbacks.py
	$(PY) tools/check_versions.py

format: install ## format the code
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

test: install ## run every test; PG=system or TEST_DATABASE_URL=… for other servers
	@$(PY) -m pytest -q -n $(JOBS) --dist worksteal $(PYTEST_ARGS)

test-fast: install ## run the tests that take no time
	@$(PY) -m pytest -q -n $(JOBS) --dist worksteal -m "not slow" $(PYTEST_ARGS)

docs: install ## make the diagrams from the models
	@$(PY) tools/docs.py

certify: install ## measure every revision under live traffic (five minutes)
	@$(PY) bench/certify.py

bench: install ## measure locks, reads, backfill, ingest, start; write docs/performance.md
	@$(PY) -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[bench]'
	$(PY) bench/peers.py
	$(PY) bench/reads.py --set-rows 1000000,10000000
	$(PY) bench/backfill.py
	$(PY) bench/columns.py
	$(PY) bench/exchange.py
	$(PY) bench/ingest.py
	$(PY) bench/start.py
	$(PY) bench/report.py

isolation: install ## try every actor on everything, write the isolation pages
	@$(PY) -m tests.isolation > docs/isolation.md.new
	@mv docs/isolation.md.new docs/isolation.md
	@$(PY) -m tests.isolation homeops > docs/homeops-isolation.md.new
	@mv docs/homeops-isolation.md.new docs/homeops-isolation.md

hooks: install ## have each commit looked at first
	@pipx run pre-commit install

supabase-up: ## a local Supabase in Docker, port 54322
	@docker compose -f docker-compose.dev.yml up --detach --wait

supabase-down: ## stop it, keep the data
	@docker compose -f docker-compose.dev.yml down
