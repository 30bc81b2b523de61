"""Upgrade and downgrade under traffic, beside somebody who holds rows for seconds."""

import psycopg2
import pytest
import sqlalchemy as sa

from rollout.embedded import url_text
from tests.commands import alembic_run
from tests.proof import spec_sql
from tests.proof.traffic import PREPARE, traffic

pytestmark = pytest.mark.slow

CARRIED = """
    SELECT o.provider_account_id, o.sync_status, a.provider_account_id, a.sync_status,
        r.reason
    FROM migrations.onboarding_accounts AS o
    LEFT JOIN public.user_investment_accounts AS a ON a.id = o.id
    LEFT JOIN migrations.backfill_rejects AS r ON r.source_id = o.id::text
    WHERE o.claims_account AND (
        (a.id IS NULL) = (r.id IS NULL)
        OR (a.provider_account_id, a.sync_status, a.is_active)
            IS DISTINCT FROM (o.provider_account_id, o.sync_status, o.is_active)
    )
"""
"""Rows with neither an account nor a reject, with both, or with an old status."""
ACCOUNTS = """
    SELECT count(*), count(DISTINCT (user_id, provider_account_id)), (
        SELECT count(*) FROM migrations.onboarding_accounts WHERE claims_account
    )
    FROM public.user_investment_accounts
"""


@pytest.fixture
def url(database_at, connect):
    url = database_at("baseline")
    with connect(url, autocommit=True).cursor() as cursor:
        cursor.execute(PREPARE)
    return url


def rows(url, query):
    connection = psycopg2.connect(url_text(sa.make_url(url)))
    with connection, connection.cursor() as cursor:
        cursor.execute(query)
        found = cursor.fetchall()
    connection.close()
    return found


def test_the_old_application_neither_fails_nor_waits_and_no_account_is_missed(url):
    with traffic(url) as seen:
        alembic_run(url, "upgrade", "head", x=["pause_ms=5", "batch_ms=20"])
    assert seen.failures == []
    assert seen.done > 100
    assert rows(url, CARRIED) == []
    accounts, different, claimed = rows(url, ACCOUNTS)[0]
    assert accounts == different == claimed

    with traffic(url) as seen:
        alembic_run(url, "downgrade", "base", x=["pause_ms=5", "batch_ms=20"])
    assert seen.failures == []

    with traffic(url) as seen:
        alembic_run(url, "upgrade", "head")
    assert seen.failures == []
    assert rows(url, CARRIED) == []


@pytest.mark.parametrize(
    "statement",
    [
        spec_sql.CREATE_ACCOUNTS,
        spec_sql.EXTEND_ONBOARDING,
        spec_sql.ROLLBACK_ONBOARDING,
    ],
    ids=["a new table with a foreign key", "added columns", "dropped columns"],
)
def test_with_the_specifications_sql_the_old_application_fails(url, connect, statement):
    """So the test above can fail."""
    with traffic(url) as seen, connect(url, autocommit=True).cursor() as cursor:
        cursor.execute(statement)
    assert any("lock timeout" in failure for failure in seen.failures)
