"""Restore a backup into a scratch database and compare it with what was saved.

On the server of DATABASE_URL, which may be another one than the backup is from.
"""

import argparse
from pathlib import Path

from rollout.commands.backup_text import size, tables
from rollout.commands.output import Output
from rollout.commands.target import Target

EXAMPLE = "rollout verify backups/portfolio_20260630_160000.dump"


def arguments(parser: argparse.ArgumentParser) -> None:
    """FILE."""
    parser.add_argument("file", metavar="FILE", type=Path, help="a backup")


def run(target: Target, args: argparse.Namespace, out: Output) -> int:
    """Check it; the database of the target is not touched."""
    from rollout.backup import verify

    result = verify(target, args.file)
    tables(out, result.tables)
    out.line(
        f"\n{result.path} is good: {result.rows:,} rows of {result.database}, saved"
        f" {result.taken_at}, {size(result.bytes)}; restored in {result.seconds:.1f} s"
    )
    out.document(result)
    return 0


def interrupted(target: Target, args: argparse.Namespace) -> str:
    """After Ctrl-C."""
    return "Nothing was changed: only a scratch database was worked on."
