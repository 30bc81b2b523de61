"""Legacy rows as bad as they come are carried over, or rejected with a reason."""

import pytest
import sqlalchemy as sa
from hypothesis import example, given
from hypothesis import strategies as st

from rollout.backfill import keys, worker
from tests.commands import alembic_run
from tests.proof import legacy_rows
from tests.proof.conftest import examples
from tests.proof.legacy_rows import HUGE, USERS, Row
from tests.proof.standing import rows_of

pytestmark = pytest.mark.slow
few = examples(8, 100)

CLAIMING = """
    SELECT o.id, o.user_id, o.provider_account_id, o.is_active, a.is_primary, r.reason
    FROM migrations.onboarding_accounts AS o
    LEFT JOIN public.user_investment_accounts AS a ON a.id = o.id
    LEFT JOIN migrations.backfill_rejects AS r ON r.source_id = o.id::text
    WHERE o.claims_account
"""
COUNTS = """
    SELECT (SELECT count(*) FROM public.user_investment_accounts),
        (SELECT count(*) FROM migrations.backfill_rejects WHERE reason <> '')
"""
DELETE_USER = """
    DELETE FROM public.user_onboarding WHERE user_id = '{0}';
    DELETE FROM auth.users WHERE id = '{0}'
"""


@pytest.fixture(scope="module")
def make_at_004(own_databases):
    template = own_databases.template(
        "004", lambda url: alembic_run(url, "upgrade", "004")
    )
    return lambda: own_databases.make(template)


def query(url, statement):
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return connection.execute(sa.text(statement)).all()


def execute(url, statements):
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(statements)


def tables(url):
    """Accounts and rejects, as text."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return [
            rows_of(connection, table, table.partition(".")[2])
            for table in (
                "public.user_investment_accounts", "migrations.backfill_rejects"
            )
        ]  # fmt: skip


def huge(number):
    return Row(USERS[0].__class__(int=number), USERS[0], HUGE, None, "ACTIVE", 4, 4)


@few
@given(legacy_rows.rows, st.sets(st.sampled_from(USERS), max_size=2))
@example([huge(1), huge(2)], set())
def test_every_bad_row_is_carried_over_or_rejected_with_a_reason(
    make_at_004, legacy, leaving
):
    url = make_at_004()
    legacy_rows.insert(url, legacy)
    alembic_run(url, "upgrade", "007")  # whose validation refuses what does not add up
    check_carried(url, legacy)

    before = tables(url)
    alembic_run(url, "downgrade", "004")
    for user in leaving:
        execute(url, DELETE_USER.format(user))
    alembic_run(url, "upgrade", "007")
    assert tables(url) == without(before, leaving)


def check_carried(url, legacy):
    found = query(url, CLAIMING)
    accounts, rejects = query(url, COUNTS)[0]
    assert accounts + rejects == len(found)
    assert all((row.is_primary is None) == bool(row.reason) for row in found)
    by_id = {row.id: row for row in legacy}

    def place(row):
        created = by_id[row.id].created
        return not row.is_active, created, row.id

    carried = [row for row in found if row.reason is None]
    for user in {row.user_id for row in carried}:
        of_user = sorted((row for row in carried if row.user_id == user), key=place)
        assert [row.is_primary for row in of_user] == [
            row is of_user[0] for row in of_user
        ]


def without(before, users):
    """The rows of others; numbered anew."""
    gone = [f'"user_id": "{user}"' for user in users]
    texts = [
        [name.partition(" ")[2] for name in table if not any(u in name for u in gone)]
        for table in before
    ]
    return [
        {f"{number} {text}": "" for number, text in enumerate(table)} for table in texts
    ]


@few
@given(legacy_rows.rows)
def test_two_workers_over_small_ranges_do_what_one_does(make_at_004, legacy):
    one, two = make_at_004(), make_at_004()
    for url in (one, two):
        legacy_rows.insert(url, legacy)
    alembic_run(one, "upgrade", "005", x=["workers=1"])
    execute(two, "ANALYZE public.user_onboarding")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "ROWS_A_RANGE", 3)
        patch.setattr(worker, "FIRST_BATCH_ROWS", 2)
        alembic_run(two, "upgrade", "005", x=["workers=2"])
    assert tables(two) == tables(one)
