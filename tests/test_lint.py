"""The SQL lint can fail: every kind of finding is reported, and ours has none."""

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.commands import ROOT

GOOD = """\
CREATE FUNCTION public.f() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1;
END
$$;
"""
TIMEOUTS = "SET statement_timeout = 0; SET lock_timeout = '10ms'; "
DO = "DO $do$ BEGIN {body} END $do$"

GOOD_DOCSTRING = "add things\n\nLocks: none.\nRollback: automatic.\n"
ATTRIBUTES = ("schema_version", "kind", "phase", "downgrade")


@pytest.fixture(scope="module")
def lint():
    path = ROOT / "tools" / "lint_sql.py"
    spec = importlib.util.spec_from_file_location("lint_sql", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def revision(lint, monkeypatch):
    """Let the lint find one made-up revision; say what is wrong with it."""

    def findings(docstring=GOOD_DOCSTRING, without=()):
        names = {name: "x" for name in ATTRIBUTES if name not in without}
        module = SimpleNamespace(**names, __doc__=docstring)
        script = SimpleNamespace(module=module, path="versions/011_things.py")
        directory = SimpleNamespace(walk_revisions=lambda: [script])
        stand_in = SimpleNamespace(from_config=lambda config: directory)
        monkeypatch.setattr(lint, "ScriptDirectory", stand_in)
        return list(lint.revisions())

    return findings


def test_what_is_no_sql_is_reported(lint):
    (finding,) = lint.parse("bad.sql", "SELEC 1")
    assert finding.startswith("bad.sql: ")
    assert "SELEC" in finding


@pytest.mark.parametrize("statement", ["SELECT 1", GOOD, DO.format(body="NULL;")])
def test_good_sql_is_not(lint, statement):
    assert list(lint.parse("good.sql", statement)) == []


def test_an_error_inside_a_do_block_is_reported(lint):
    bad = f"SELECT 1; {DO.format(body='IF true THEN PERFORM 1;')}; SELECT 2"
    (finding,) = lint.parse("bad.sql", bad)
    assert finding.startswith("bad.sql: ")


def test_an_error_inside_a_function_is_reported(lint):
    (finding,) = lint.parse("bad.sql", GOOD.replace("PERFORM 1;", "PERFORM 1"))
    assert finding.startswith("bad.sql: ")


def test_squawk_reports_what_rewrites_a_table(lint):
    rewrite = f"{TIMEOUTS}ALTER TABLE public.t ALTER COLUMN a TYPE bigint;"
    (finding,) = lint.squawk("bad.sql", rewrite)
    assert finding.startswith("bad.sql:1: changing-column-type: ")


def test_squawk_reports_an_index_that_blocks_writers(lint):
    plain = f"{TIMEOUTS}CREATE INDEX i ON public.t (a);"
    (finding,) = lint.squawk("bad.sql", plain)
    assert ": require-concurrent-index-creation: " in finding
    repaired = plain.replace("INDEX", "INDEX CONCURRENTLY")
    assert list(lint.squawk("good.sql", repaired)) == []


def test_a_squawk_that_cannot_run_is_reported(lint, monkeypatch, tmp_path):
    broken = tmp_path / "squawk"
    broken.write_text("#!/bin/sh\necho no such option >&2\nexit 2\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    (finding,) = lint.squawk("any.sql", "SELECT 1;")
    assert finding == "any.sql: squawk failed: no such option"


def test_every_exclusion_has_its_reason(lint):
    assert all(len(reason.split()) > 3 or reason == "likewise"
               for reason in lint.EXCLUDED.values())  # fmt: skip


def test_a_revision_with_all_it_needs_is_not_reported(revision):
    assert revision() == []


@pytest.mark.parametrize("line", ["Locks:", "Rollback:"])
def test_a_revision_without_its_lines_is_reported(revision, line):
    (finding,) = revision(GOOD_DOCSTRING.replace(line, "Else:"))
    assert finding == f"011_things.py: its docstring has no line {line!r}"


def test_a_line_that_says_nothing_is_reported(revision):
    assert len(revision("add things\n\nLocks:\nRollback: automatic.\n")) == 1


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_a_revision_without_what_the_journal_needs_is_reported(revision, attribute):
    assert revision(without=[attribute]) == [f"011_things.py: it has no {attribute}"]


def test_main_prints_the_findings_and_fails(lint, monkeypatch, capsys):
    monkeypatch.setattr(lint, "findings", lambda: iter(["a.sql: one", "b.sql: two"]))
    assert lint.main() == 1
    assert capsys.readouterr().out == "a.sql: one\nb.sql: two\n"


def test_it_looks_at_every_sql_file_of_a_revision(lint, monkeypatch):
    seen = []
    monkeypatch.setattr(lint, "script", lambda *arguments: "SELECT 1;")
    monkeypatch.setattr(lint, "parse", lambda name, sql: seen.append(name) or iter(()))
    assert list(lint.findings()) == []
    files = (ROOT / "alembic" / "versions" / "sql").glob("*.sql")
    assert {Path(file).name for file in files} <= set(seen)


@pytest.mark.slow
def test_the_real_tree_has_no_finding(lint):
    assert list(lint.findings()) == []
