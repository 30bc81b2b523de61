"""Write the revisions as files for another tool.

``export supabase DIR`` writes DIR/<timestamp>_<name>.sql, one a revision, for teams
that deploy with the Supabase CLI. Run in order by psql they give the same catalog.
"""

import argparse
import datetime as dt
import re
from pathlib import Path

from rollout.commands import script_text
from rollout.commands.arguments import directory
from rollout.commands.found_text import without_psql
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
--
"""
WHOLE = """\
-- One transaction: `supabase db push` opens it, and writes its own row in it, so both
-- stand or none. By psql: psql "$DATABASE_URL" -1 -v ON_ERROR_STOP=1 -f {name}

SET client_min_messages = warning;

-- The second statement, as an older CLI runs the first one by itself.
DO $one$ BEGIN PERFORM set_config('rollout.one_transaction', 'yes', true); END $one$;

DO $one$
BEGIN
    IF current_setting('rollout.one_transaction', true) IS DISTINCT FROM 'yes' THEN
        RAISE EXCEPTION 'this file must be run in one transaction'
            USING HINT = 'Nothing was changed. Add -1: psql -1 -v ON_ERROR_STOP=1 -f …';
    END IF;
END
$one$;
"""
STEPWISE = """\
-- Commits in between. The CLI from 2.116 on runs such a file statement by statement,
-- and writes its row at the end. Where that stops half-way, push again: the file begins
-- anew and finds what is done. (After a kill the server may be working on for a while.)
-- Should it say that the database is at {revision} already, only that row is missing:
--     supabase migration repair --status applied {stamp}
-- An older CLI sends a file as one transaction, and stops at the first commit or index
-- (SQLSTATE 2D000, 25001). Then run this file by psql, then the command above, and push
-- the rest:
--     psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -f {name}
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What for, where, and the first timestamp."""
    parser.add_argument("format", choices=["supabase"], help="whose files to write")
    parser.add_argument("directory", metavar="DIR", type=directory)
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
    start = revision.down_revision or "base"
    sql = without_psql(script_text.whole(target, start, revision.revision))
    sql = sql.partition("\n")[2]  # how to run a script by psql: the head says it
    name = f"{stamp}_{_slug(revision)}.sql"
    header = HEADER.format(
        description=revision.description, revision=revision.revision,
        version=revision.version, file=revision.path.name,
    )  # fmt: skip
    statements = [s.upper() for s in script_text.statements(sql)]
    if statements.count("COMMIT") == 1:
        return f"{header}{WHOLE.format(name=name)}\n{_without_transaction(sql)}"
    header += STEPWISE.format(revision=revision.revision, stamp=stamp, name=name)
    return f"{header}\n{sql}"


def _without_transaction(sql: str) -> str:
    """The script without its one BEGIN and COMMIT: the CLI brings its own."""
    inner = re.sub(r"^BEGIN;\n+", "", sql, count=1, flags=re.MULTILINE)
    return re.sub(r"\s*^COMMIT;\s*\Z", "\n", inner, count=1, flags=re.MULTILINE)


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
