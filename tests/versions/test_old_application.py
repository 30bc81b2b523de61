"""The old application works before, at every revision, and after the way down."""

import pytest

from tests.versions.old_application import one_day
from tests.versions.revisions import REVISIONS, before


@pytest.mark.slow
def test_its_statements_work_at_every_revision_up_and_down(on_supabase, alembic_run):
    one_day(on_supabase)
    for revision in REVISIONS:
        alembic_run(on_supabase.url, "upgrade", revision)
        one_day(on_supabase)
    for revision in reversed(REVISIONS):
        alembic_run(on_supabase.url, "downgrade", before(revision))
        one_day(on_supabase)
    alembic_run(on_supabase.url, "upgrade", "head")
    one_day(on_supabase)


@pytest.mark.parametrize("revision", ["baseline", "head"])
def test_its_statements_work_on_the_stand_in(at, revision):
    one_day(at(revision))


def test_a_deleted_user_takes_the_new_tables_rows_along(head):
    one_day(head)
    assert head.value("SELECT count(*) FROM user_investment_accounts") == 0


def test_a_broken_statement_of_the_old_application_is_noticed(head):
    head.run("ALTER TABLE user_transfers RENAME COLUMN amount TO sum")
    with pytest.raises(Exception, match="amount"):
        one_day(head)
