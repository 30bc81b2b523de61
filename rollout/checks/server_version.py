"""Whether the server is one that this project runs on, and takes writes."""

from rollout.checks.context import Context
from rollout.checks.finding import Finding, failed, passed, warned
from rollout.database import OLDEST_SERVER

TITLE = "the server's version, and that it takes writes"

NEWEST_TRIED = 18
"""The newest major version that the tests run on."""

# Not current_setting: the check's own transaction is read only.
STATE = """
    SELECT current_setting('server_version_num')::int AS number,
        current_setting('server_version') AS version,
        pg_is_in_recovery() AS standby,
        (
            SELECT reset_val::boolean FROM pg_settings
            WHERE name = 'default_transaction_read_only'
        ) AS read_only
"""


def run(context: Context) -> list[Finding]:
    """Look at the version and at what stops writes."""
    (state,) = context.rows(STATE)
    found = []
    if state.number < OLDEST_SERVER:
        found.append(
            failed(
                f"PostgreSQL {state.version}: too old",
                ["Views that respect row level security came with PostgreSQL 15."],
                ["Upgrade the server to PostgreSQL 15 or later."],
            )
        )
    elif state.number // 10_000 > NEWEST_TRIED:
        found.append(
            warned(
                f"PostgreSQL {state.version}: newer than what was tried",
                [f"The tests run on PostgreSQL 15 to {NEWEST_TRIED}."],
                ["Run the tests on it first: TEST_DATABASE_URL=… make test"],
            )
        )
    if state.standby:
        found.append(
            failed("a standby takes no writes", remedy=["Connect to the primary."])
        )
    if state.read_only:
        found.append(
            failed(
                "the database is read only (default_transaction_read_only)",
                ["A managed server does this when its disk is full."],
                [
                    "Free space.",
                    "ALTER DATABASE … RESET default_transaction_read_only;",
                ],
            )
        )
    return found or [passed(f"PostgreSQL {state.version}")]
