"""Write a dump of everything the schema owns, checked by restoring it.

Under its name the file is complete: written to FILE.part, restored once into a scratch
database on the same server, compared row by row (counts and hashes), flushed to disk,
then renamed. Live traffic goes on meanwhile.
"""

import argparse

from rollout.commands.arguments import file
from rollout.commands.backup_text import listed, size, tables
from rollout.commands.output import Output
from rollout.commands.target import Target

EXAMPLE = "rollout backup\nrollout backup --to /mnt/safe/before-1.9.dump --json"


def arguments(parser: argparse.ArgumentParser) -> None:
    """FILE, and whether to check it."""
    parser.add_argument(
        "--to", metavar="FILE", type=file,
        help="default: backups/DATABASE_YYYYMMDD_HHMMSS.dump, in UTC",
    )  # fmt: skip
    parser.add_argument(
        "--no-check", action="store_true",
        help="do not restore it; do that later: rollout verify FILE",
    )  # fmt: skip


def run(target: Target, args: argparse.Namespace, out: Output) -> int:
    """Make it. Reads the database only."""
    from rollout.backup import create

    result = create(target, args.to, check=not args.no_check, notice=out.notice)
    tables(out, result.tables)
    how = "restored and compared" if result.checked else "not checked"
    out.line(
        f"\n{result.path}: {result.rows:,} rows of {listed(result.schemas)}"
        f" in {size(result.bytes)}, {how}, {result.seconds:.1f} s"
    )
    out.line(f"To restore it: rollout restore-backup {result.path} --into URL")
    out.document(result)
    return 0


def interrupted(target: Target, args: argparse.Namespace) -> str:
    """After Ctrl-C."""
    return (
        "No backup was made, what was written is removed, the database was only read.\n"
        "Run the same command again."
    )
