"""How far transaction ids have gone without being frozen: the server stops at 2^31."""

from rollout.checks.context import Context
from rollout.checks.finding import Finding, Status, passed

TITLE = "age of the oldest transaction id"

WARN_AGE = 500_000_000
FAIL_AGE = 1_200_000_000
"""Autovacuum freezes from 200 million on; at 2.1 billion the server takes no writes."""

# Any database of the server stops all of them. template0 takes no connection and is
# frozen, but counts as well.
DATABASES = """
    SELECT datname AS name, age(datfrozenxid) AS age, mxid_age(datminmxid) AS multi_age
    FROM pg_database ORDER BY age DESC
"""
TABLES = """
    SELECT c.oid::regclass::text AS relation, age(c.relfrozenxid) AS age
    FROM pg_class AS c WHERE c.relkind IN ('r', 'm', 't')
    ORDER BY age(c.relfrozenxid) DESC LIMIT 5
"""


def run(context: Context) -> list[Finding]:
    """Compare each database's age with the limits."""
    rows = context.rows(DATABASES)
    worst = max(max(row.age, row.multi_age) for row in rows)
    if worst < WARN_AGE:
        return [passed(f"{worst:,}")]
    status: Status = "WARN" if worst < FAIL_AGE else "FAIL"
    old = [row for row in rows if max(row.age, row.multi_age) >= WARN_AGE]
    tables = context.rows(TABLES)
    return [
        Finding(
            status,
            f"{worst:,}; the server stops at 2,147,483,648",
            tuple(f"database {row.name}: {row.age:,}" for row in old)
            + tuple(f"table {row.relation}: {row.age:,}" for row in tables),
            (
                "rollout doctor  # a long transaction or slot may hold vacuum back",
                "VACUUM (FREEZE);  -- in each database named",
            ),
        )
    ]
