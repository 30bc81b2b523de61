"""What holds for every check: a page, a test, and a word where it cannot look."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from rollout import checks
from rollout.checks.finding import Item, judge, passed
from rollout.errors import RolloutError
from tests.commands import ROOT, alembic_run
from tests.rollout.checks.lab import Lab
from tests.supabase import as_role

PAGES = ROOT / "docs" / "checks"


@pytest.mark.parametrize("name", checks.NAMES)
def test_a_check_has_a_page_with_its_remedy(name):
    page = (PAGES / f"{checks.shown(name)}.md").read_text()
    assert page.startswith(f"# {checks.shown(name)}\n")
    for heading in ("## What it looks at", "## Why it matters", "## How to mend it"):
        assert heading in page


@pytest.mark.parametrize("name", checks.NAMES)
def test_a_check_has_a_test(name):
    assert (Path(__file__).parent / f"test_{name}.py").exists()


def test_a_page_has_a_check():
    pages = {page.stem for page in PAGES.glob("*.md")} - {"README"}
    assert pages == {checks.shown(name) for name in checks.NAMES}


def test_every_file_is_registered():
    helpers = {"__init__", "context", "finding", "fresh", "drift_remedy", "reparsed"}
    files = {path.stem for path in (ROOT / "rollout" / "checks").glob("*.py")}
    assert files - helpers == set(checks.NAMES)


@pytest.mark.slow
def test_a_fresh_database_passes_every_check(lab):
    found = lab.look(*checks.NAMES)
    assert {f.status for findings in found.values() for f in findings} == {"PASS"}


@pytest.mark.slow
def test_a_supabase_project_passes_as_its_owner(supabase, lab_of):
    alembic_run(supabase, "upgrade", "head")
    found = lab_of(supabase).look(*checks.NAMES)
    told = [(n, f) for n, findings in found.items() for f in findings]
    assert [(n, f) for n, f in told if f.status == "FAIL"] == []
    assert {n for n, f in told if f.status == "WARN"} == set()


@pytest.fixture
def stranger(lab: Lab, lab_of: Callable[[str], Lab]) -> Any:
    """The same database for a role without any right of its own."""
    lab.run("DROP ROLE IF EXISTS stranger", "CREATE ROLE stranger LOGIN")
    yield lab_of(as_role(lab.url, "stranger"))
    lab.run("DROP ROLE stranger")


def test_what_may_not_be_looked_at_is_a_warning_and_no_pass(stranger):
    found = stranger.look(*checks.NAMES)
    for name in ("failed-revisions", "rejects", "checksum-drift", "catalog-drift"):
        (finding,) = found[name]
        assert finding.status == "WARN"
        assert "could not look" in finding.summary
        assert "permission denied" in finding.summary
        assert finding.remedy
    assert "FAIL" not in {f.status for found_ in found.values() for f in found_}


def test_a_table_that_is_locked_is_a_warning(lab, connect):
    holder = connect(lab.url)
    holder.cursor().execute("LOCK TABLE migrations.backfill_rejects")
    (finding,) = lab.findings("rejects")
    assert finding.status == "WARN"
    assert "lock timeout" in finding.summary


def test_an_unknown_name_is_refused_before_anything_is_run(lab):
    with pytest.raises(RolloutError, match="there is no check 'nonsense'"):
        lab.look("rejects", "nonsense")


def test_a_check_cannot_write(lab):
    with lab.target.connect() as connection:
        context = checks.Context(lab.target, connection)

        def write(context):
            context.connection.execute(sa.text("CREATE TABLE public.x (i int)"))
            return [passed("wrote")]

        result = checks.guarded("write", write, context)
    assert "read-only transaction" in result.findings[0].summary


def test_findings_tell_our_own_objects_from_others():
    items = [Item("a"), Item("b", ours=False)]
    ours, theirs = judge(items, fine="all well", bad="broken")
    assert (ours.status, ours.details) == ("FAIL", ("a",))
    assert (theirs.status, theirs.details) == ("WARN", ("b",))
    (only,) = judge(items[1:], fine="all well", bad="broken", theirs="PASS")
    assert (only.status, only.summary) == ("PASS", "all well")


def test_without_models_what_the_revisions_name_is_ours(lab):
    lab.target.config.remove_main_option("metadata")
    with lab.target.connect() as connection:
        context = checks.Context(lab.target, connection)
        assert context.is_ours("public", "user_feature_flags")
        assert context.is_ours("migrations", "anything")
        assert not context.is_ours("public", "user_feature_flags_2")
        assert not context.is_ours("public", "theirs")
