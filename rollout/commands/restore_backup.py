"""Restore a backup into a database: all of it, or nothing.

Into an empty database, or with --replace NAME in the place of what the database of that
name holds, which is saved first. One transaction, which ends by comparing every table
with what was saved.
"""

import argparse
import os
from pathlib import Path

from rollout.commands.backup_text import listed, tables
from rollout.commands.output import Output
from rollout.commands.target import Target
from rollout.errors import RolloutError

EXAMPLE = """\
rollout restore-backup backups/portfolio_20260630_160000.dump --into '$RESTORE_URL'
rollout restore-backup FILE --into '$DATABASE_URL' --replace portfolio"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """FILE, where to, and whether to replace."""
    parser.add_argument("file", metavar="FILE", type=Path, help="a backup")
    parser.add_argument(
        "--into", metavar="URL", required=True,
        help="the database; '$NAME', quoted, reads it from the environment, because"
        " others can read arguments",
    )  # fmt: skip
    parser.add_argument(
        "--replace", metavar="NAME",
        help="replace what is there; NAME is the name of the database",
    )  # fmt: skip
    parser.add_argument(
        "--no-backup", action="store_true",
        help="do not save first what is replaced",
    )  # fmt: skip


def run(target: Target, args: argparse.Namespace, out: Output) -> int:
    """Restore it."""
    from rollout.backup import restore
    from rollout.backup.server import elsewhere

    into = elsewhere(target, _url(args.into))
    target.known_url = into.url  # so that its password is scrubbed from any error
    result = restore(
        into, args.file, replacing=args.replace, save_first=not args.no_backup,
        notice=out.notice, restored=lambda: setattr(args, "restored", True),
    )  # fmt: skip
    tables(out, result.tables)
    out.line(
        f"\nrestored {result.rows:,} rows into {result.into}, compared with what was"
        f" saved, in {result.seconds:.1f} s"
    )
    if result.kept_schemas:
        out.line(
            f"kept as it was: {listed(result.kept_schemas)}, which is not ours there"
        )
    if result.stand_in:
        out.line(f"made as a stand-in: {listed(result.stand_in)}, keys only")
    if result.replaced:
        out.line(f"what was there before: {result.replaced}")
    out.document(result)
    return 0


def _url(given: str) -> str:
    if not given.startswith("$"):
        return given
    value = os.environ.get(given[1:].strip("{}"))
    if value is None:
        raise RolloutError(
            f"the environment has no {given[1:]}.\n"
            "Nothing was changed; no connection was tried.\n"
            "--into names a variable that is not set, or not exported.\n"
            f"Set it: export {given[1:]}=postgresql://user:password@host:5432/database"
        )
    return value


def interrupted(target: Target, args: argparse.Namespace) -> str:
    """After Ctrl-C: before the commit, or after it, while statistics are gathered."""
    if getattr(args, "restored", False):
        return (
            "Everything is restored, and compared with what was saved.\n"
            "Only statistics are missing; autovacuum gathers them, or you do: ANALYZE"
        )
    return (
        "Nothing was restored: it is one transaction, which is rolled back.\n"
        "Run the same command again."
    )
