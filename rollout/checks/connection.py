"""Whether this connection is a direct one: poolers keep no session."""

from rollout import database
from rollout.checks.context import Context
from rollout.checks.finding import Finding, passed, warned

TITLE = "a direct connection, or one through a pooler"

TRANSACTION_POOLER_PORT = 6543
"""Supabase's transaction pooler."""


def run(context: Context) -> list[Finding]:
    """Ask for the server's process, which a pooler makes up."""
    pooled = database.is_pooled(context.connection)
    port = context.target.url.port
    if not pooled and port != TRANSACTION_POOLER_PORT:
        return [passed("direct")]
    return [
        warned(
            "through a pooler",
            [
                "An upgrade holds several connections, one with a lock until the end;",
                "a transaction pooler may end them, and keeps no session settings.",
            ],
            ["Set DATABASE_URL to the direct connection, port 5432."],
        )
    ]
