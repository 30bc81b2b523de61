"""The two complex changes under load on financial.transactions: nothing lost.

What the application wrote meanwhile is written once more, in the same order, into a
twin that was migrated in peace. Both hold the same rows.
"""

import pytest

from tests.homeops.history import before
from tests.proof.traffic import Load, traffic

pytestmark = pytest.mark.slow

ROWS = 3_000
PREPARE = f"""
    INSERT INTO core.users (id, email, full_name)
    VALUES (md5('user')::uuid, 'a@homeops.local', 'A');
    INSERT INTO financial.accounts (id, user_id, name, account_type)
    SELECT md5('account' || n)::uuid, md5('user')::uuid, 'Account ' || n, 'checking'
    FROM generate_series(0, 9) AS n;
    INSERT INTO financial.transactions (
        id, account_id, transaction_date, amount, external_id
    )
    SELECT md5('row' || n)::uuid, md5('account' || n % 10)::uuid,
        date '2025-01-01' + n % 90, n + 0.125, 'old-' || n
    FROM generate_series(0, {ROWS}) AS n;
"""
"""Row 0 is the blocker's. Amounts have a fraction of a cent."""
LOAD = Load(
    block="""
        UPDATE financial.transactions SET description = 'held'
        WHERE id = md5('row0')::uuid
    """,
    jobs=(
        (
            (
                """SELECT * FROM financial.transactions
                    WHERE id = md5('row' || %(n)s)::uuid""",
                "SELECT sum(amount) FROM financial.transactions",
            ),
            ROWS,
        ),
        (
            (
                """UPDATE financial.transactions SET amount = %(n)s + 0.25,
                    category = 'changed' WHERE id = md5('row' || %(n)s)::uuid""",
                """UPDATE financial.transactions SET amount = -amount
                    WHERE id = md5('row' || (%(n)s + 1000))::uuid""",
            ),
            990,
        ),
        (
            (
                """INSERT INTO financial.transactions (
                    id, account_id, transaction_date, amount, external_id
                ) VALUES (%(id)s, md5('account1')::uuid, '2025-06-01', %(n)s / 4.0,
                    'new-' || %(id)s)""",
            ),
            10**9,
        ),
        (
            (
                """DELETE FROM financial.transactions
                    WHERE id = md5('row' || (2001 + %(n)s))::uuid""",
            ),
            10**9,
        ),
    ),
    blocked_s=1.5,
)
LEFT = """
    SELECT id::text, account_id::text, transaction_date::text, external_id, category,
        amount::numeric(15, 2)
    FROM financial.transactions WHERE id <> md5('row0')::uuid ORDER BY 1
"""


@pytest.fixture
def twins(homeops_at, make_database, open_database):
    """Make two databases with the same bookings at a revision."""

    def make(revision):
        one = homeops_at(revision)
        one.run(PREPARE)
        return one, one.copy(make_database, open_database)

    return make


def repeat(seen, database):
    """Do once more what the application wrote."""
    for job in seen.written.values():
        for statement, values in job:
            with database._connection.cursor() as cursor:
                cursor.execute(statement, values)


@pytest.mark.parametrize("revision", ["040", "070"])
def test_nothing_is_lost_and_no_statement_fails_on_the_way_up_and_down(
    revision, twins, run_homeops
):
    busy, quiet = twins(before(revision))
    pace = ["pause_ms=5", "batch_ms=20"]
    for command, target in (("upgrade", revision), ("downgrade", before(revision))):
        with traffic(busy.url, LOAD) as seen:
            run_homeops(busy.url, command, target, x=pace)
        assert seen.failures == []
        assert len(seen.written) == 3
        repeat(seen, quiet)
        run_homeops(quiet.url, command, target)
        assert busy.rows(LEFT) == quiet.rows(LEFT)


def test_with_one_alter_table_the_application_fails(twins):
    """So the test above can fail."""
    busy, _ = twins("005")
    with traffic(busy.url, LOAD) as seen:
        busy.run(
            "ALTER TABLE financial.transactions ALTER COLUMN amount TYPE numeric(15, 2)"
        )
    assert any("lock timeout" in failure for failure in seen.failures)
