"""``--sql``: the script that psql runs instead."""

from typing import Any

from alembic import context

from rollout import bookkeeping
from rollout.bookkeeping import histories
from rollout.running.options import (
    models,
    new_journal,
    options,
    read_settings,
    revision_of,
)
from rollout.running.steps import Steps


def print_script() -> None:
    """``--sql``: nothing but SQL on stdout, which psql runs to the same result."""
    journal = new_journal()

    def applied(ctx: Any, step: Any, heads: Any, run_args: Any) -> None:
        journal.applied(ctx, revision_of(step), up=step.is_upgrade, started=None)

    # Twice: only the first shows Alembic's own function, which the steps wrap.
    script = {
        "dialect_name": "postgresql",
        "literal_binds": True,
        "dialect_opts": {"paramstyle": "named"},  # pyformat would double every %
        "on_version_apply": applied,
        **options(),
        **models(),
    }
    context.configure(**script)
    steps = Steps(context.get_context().opts["fn"], read_settings())
    context.configure(**script, fn=steps)
    output = context.get_context().impl.static_output
    table = histories.version_table(context.config)
    for statement in bookkeeping.script(_starting_revision(), table):
        output(statement)
    with context.begin_transaction():
        context.run_migrations()


def _starting_revision() -> str | None:
    start = context.get_starting_revision_argument()
    return start if start is None or isinstance(start, str) else ", ".join(start)
