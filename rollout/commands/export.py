"""Write the revisions as files for another tool.

``export supabase DIR`` writes DIR/<timestamp>_<name>.sql, one a revision, for teams
that deploy with the Supabase CLI. Run in order by psql they give the same catalog.
"""

import argparse
import datetime as dt
import re
from pathlib import Path

from rollout.commands import script_text
from rollout.commands.output import Output
from rollout.commands.revisions import Revision
from rollout.commands.target import Target
from rollout.errors import RolloutError

EXAMPLE = "rollout export supabase supabase/migrations"
FIRST = "20250824000000"
"""Timestamp of the first file by default; each later one is a minute after."""
WRITTEN = "Written by `rollout export"
STAMP = "%Y%m%d%H%M%S"

HEADER = """\
-- {description} (revision {revision}, version {version})
-- Written by `rollout export supabase` from {file}; do not edit.
--
-- One database has one ledger. A database that takes these files by `supabase db push`
-- is known to supabase_migrations.schema_migrations: deploy to it by the Supabase CLI
-- only. These files also keep migrations.alembic_version, so that `rollout status`
-- tells the truth, and a file refuses to run where its predecessor has not run. Never
-- run `alembic upgrade` or `rollout deploy` on the same database.
"""
ALONE = """\
--
-- Commits in between (it builds an index concurrently or works in batches), which
-- cannot be done in the one transaction that the CLI may open around a file. Run this
-- one by psql, then tell the CLI:
--     psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -f {name}
--     supabase migration repair --status applied {stamp}
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What for, where, and the first timestamp."""
    parser.add_argument("format", choices=["supabase"], help="whose files to write")
    parser.add_argument("directory", metavar="DIR", type=Path)
    parser.add_argument(
        "--first", metavar="TIMESTAMP", default=FIRST,
        help=f"timestamp of the first file, the others follow by minutes; {FIRST}",
    )  # fmt: skip


def run(target: Target, args: argparse.Namespace, out: Output) -> int:
    """Write the files; needs no database. The same revisions give the same files."""
    stamps = _stamps(args.first, len(target.revisions))
    files = {
        f"{stamp}_{_slug(revision)}.sql": _text(target, revision, stamp)
        for stamp, revision in zip(stamps, target.revisions, strict=True)
    }
    _refuse_strangers(args.directory, set(files))
    args.directory.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (args.directory / name).write_text(text, encoding="utf-8")
    out.document({"directory": str(args.directory), "files": list(files)})
    for name in files:
        out.line(str(args.directory / name))
    out.notice(
        f"{len(files)} files. One database, one ledger: deploy to a database either by"
        " the Supabase CLI or by rollout, never by both."
    )
    return 0


def _stamps(first: str, number: int) -> list[str]:
    try:
        start = dt.datetime.strptime(first, STAMP).replace(tzinfo=dt.UTC)
    except ValueError:
        raise RolloutError(
            f"--first {first} is no timestamp.\nNothing was written.\n"
            f"The Supabase CLI wants year to second in 14 digits, like {FIRST}."
        ) from None
    return [f"{start + dt.timedelta(minutes=n):{STAMP}}" for n in range(number)]


def _slug(revision: Revision) -> str:
    return re.sub(r"\W+", "_", f"{revision.revision} {revision.description}").lower()


def _text(target: Target, revision: Revision, stamp: str) -> str:
    sql = script_text.whole(target, revision.down_revision or "base", revision.revision)
    header = HEADER.format(
        description=revision.description, revision=revision.revision,
        version=revision.version, file=revision.path.name,
    )  # fmt: skip
    statements = [s.upper() for s in script_text.statements(sql)]
    if statements.count("COMMIT") > 1:
        header += ALONE.format(name=f"{stamp}_{_slug(revision)}.sql", stamp=stamp)
    return f"{header}\n{sql}"


def _refuse_strangers(directory: Path, ours: set[str]) -> None:
    """Refuse to leave older files of ours beside new ones: both would be run."""
    wrong = [
        path.name
        for path in sorted(directory.glob("*.sql"))
        if path.name not in ours and WRITTEN in path.read_text()
    ]
    if wrong:
        raise RolloutError(
            f"{directory} has {wrong[0]} of an earlier export"
            f"{f' and {len(wrong) - 1} more' if len(wrong) > 1 else ''}.\n"
            "Nothing was written.\n"
            "Its timestamp or name differs from what would be written now, and the\n"
            "CLI would run both. Use --first as then, or remove those files."
        )
