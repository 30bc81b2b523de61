"""The commands of ``rollout``: one file each, imported only when it is called.

A command is a module ``rollout/commands/<name>.py`` with

``EXAMPLE``
    One or two command lines, shown at the end of its ``--help``.
``arguments(parser) -> None``
    Adds its own arguments to an ``argparse.ArgumentParser``. The options that all
    commands have (``--database-url --config --schema --json -x``) are there already.
``run(target, args, out) -> int``
    Does the work; returns 0 for done, 1 for refused or failed. ``target`` is the
    :class:`rollout.commands.target.Target` (nothing is connected yet), ``args`` the
    parsed arguments, ``out`` the :class:`rollout.commands.output.Output`.
``interrupted(target, args) -> str``  (only where wished)
    What to say after Ctrl-C: what state things are in, and the next command. Without
    it, :func:`rollout.commands.state.describe` says where the database stands.

and a line in :data:`COMMANDS`. The module's first docstring line is its description.

What ``run`` may rely on:

- Raise :class:`rollout.errors.RolloutError` to refuse; its message (what happened, what
  state, likely cause, next command) is printed on stderr, without a traceback, the
  database's password scrubbed; the exit status is 1. Errors of the database and of
  Alembic that nobody caught are told in the same way.
- Results go out by ``out.line``, ``out.table`` and ``out.document`` only (stdout);
  progress and notices by ``out.notice`` (stderr). ``out.document`` takes the one JSON
  document, printed with ``--json``, and lines and tables are left out then: call both.
- ``out.confirm(question, yes=args.yes)`` asks; without a terminal it refuses.
- ``with target.connect() as connection:`` for reading, ``target.engine()`` for more. A
  failure to connect is a RolloutError already. ``target.alembic("upgrade", "head")``
  runs an Alembic command in this process with every protection.
- ``docs/cli.md`` has a section ``## <name>`` with real output; a test asks for it.
- ``run`` of another command can be called: import its module inside the function.

Nothing here may import sqlalchemy, alembic or rich: ``rollout --help`` reads only this.
"""

COMMANDS: dict[str, str] = {
    "plan": "what is pending: locks, duration, rows, and how it can be undone",
    "deploy": "bring the database to a revision: checks, backup, upgrade, validation",
    "rollback": "take revisions or one component back; everything is kept",
    "restore": "bring back a component that rollback --only took away",
    "purge": "empty the schema parked, for good",
    "status": "where the database stands, what is pending, parked, locked",
    "history": "what was done to the database, with durations and failures",
    "check": "health and validation: PASS, WARN or FAIL, with a remedy each",
    "monitor": "watch a migration while it runs",
    "doctor": "find what is in the way, with the command that mends it",
    "backup": "write a checked dump of everything the schema owns",
    "verify": "restore a backup into a scratch database and compare",
    "restore-backup": "restore a backup into a database",
    "seed": "fill in development, staging or production data",
    "maintain": "weekly and monthly maintenance",
    "export": "write the revisions for other tools",
    "new": "make a revision file with number, version, locks and rollback filled in",
}
"""Name → one line of help, in the order of ``rollout --help``."""


def module_name(command: str) -> str:
    """The module of a command: ``restore-backup`` is in restore_backup.py."""
    return f"rollout.commands.{command.replace('-', '_')}"
