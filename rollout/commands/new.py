"""Make a revision file: next number, version, Locks and Rollback lines filled in."""

import argparse
import contextlib
import re
import sys
import unicodedata
from pathlib import Path

from rollout.commands.output import Output
from rollout.commands.revisions import Revision
from rollout.commands.target import Target
from rollout.errors import RolloutError

EXAMPLE = (
    'rollout new "add risk score" --table public.user_onboarding\n'
    'rollout new "fix wrong sectors" --kind data'
)
STEPS = {"schema": "minor", "data": "patch", "indexes": "patch", "procedures": "minor"}
"""Kind → the step that its SQL will ask for, most likely (check semantic-version)."""

LOCKS = {
    None: "none on tables in use.",
    "schema": "ACCESS EXCLUSIVE on {table} for a moment, taken without queueing.",
    "data": "none on {table} but those of the rows of one batch.",
    "indexes": "SHARE UPDATE EXCLUSIVE on {table} while the index is built; reads and\n"
    "    writes go on.",
    "procedures": "none that a read or write of {table} would notice.",
}
ROLLBACK = {
    "schema": "automatic. Parks what the upgrade added; the next upgrade restores it.",
    "data": "by hand, until the downgrade gives every value back.",
    "indexes": "automatic. Drops the index; it holds no rows.",
    "procedures": "automatic. Brings the former version back.",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The message, the part of the version, the kind, the table."""
    parser.add_argument("message", help='what it does, as in "add risk score"')
    part = parser.add_mutually_exclusive_group()
    for name, text in (
        ("minor", "adds something; default for schema and procedures"),
        ("patch", "fixes, data, indexes; default for data and indexes"),
        ("major", "breaks applications: something goes, or has another type"),
    ):
        part.add_argument(
            f"--{name}", dest="part", action="store_const", const=name, help=text
        )
    parser.add_argument("--kind", choices=tuple(STEPS), default="schema")
    parser.add_argument(
        "--table", metavar="SCHEMA.TABLE", help="a table in use it locks"
    )


def run(target: Target, args: argparse.Namespace, out: Output) -> int:
    """Write the file; needs no database."""
    message = _message(args.message)
    if args.table is not None and not re.fullmatch(r"\w+\.\w+", args.table):
        raise RolloutError(
            f"--table {args.table} is no table's name with its schema.\n"
            "Nothing was written.\nWrite it out, like public.user_onboarding."
        )
    last = target.revisions[-1] if target.revisions else None
    number = next_number(target.revisions)
    version = next_version(target.revisions, args.part or STEPS[args.kind])
    path = _generate(target, number, f"v{version} {message}", args.table)
    text = _filled(path.read_text(), message, version, last, args)
    path.write_text(text)
    out.document({"revision": number, "version": version, "file": str(path)})
    out.line(str(path))
    out.notice(
        "Write upgrade() and downgrade(), mend the lines Locks and Rollback, then"
        " run:\n    rollout plan\n    rollout check semantic-version"
    )
    return 0


def _message(raw: str) -> str:
    """One line, no full stop.

    Raises:
        RolloutError: Nothing in it that a file could be called by.
    """
    message = " ".join(raw.split()).rstrip(".")
    if not re.search(r"[A-Za-z0-9]", message) or '"""' in message or "\\" in message:
        raise RolloutError(
            f"{raw!r} is no message to name a revision by.\n"
            "Nothing was written.\n"
            'Say in plain words what it does: rollout new "add risk score"'
        )
    return message


def next_number(revisions: list[Revision]) -> str:
    """The highest number of all revisions and one, in three digits."""
    numbers = [int(r.revision) for r in revisions if r.revision.isdecimal()]
    return f"{max(numbers, default=0) + 1:03}"


def next_version(revisions: list[Revision], part: str) -> str:
    """The highest version of all revisions, its ``part`` raised by one."""
    versions = [tuple(map(int, r.version.split("."))) for r in revisions]
    major, minor, patch = max(versions, default=(0, 0, 0))
    if part == "major":
        return f"{major + 1}.0.0"
    return (
        f"{major}.{minor + 1}.0" if part == "minor" else f"{major}.{minor}.{patch + 1}"
    )


def _generate(target: Target, number: str, title: str, table: str | None) -> Path:
    """Have Alembic fill in its template."""
    body = "raise NotImplementedError"
    lock = f'lock_tables("{table}")\n    ' if table else ""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    with contextlib.redirect_stdout(sys.stderr):  # Alembic says what it writes
        script = target.script.generate_revision(
            number, plain, refresh=True, upgrades=lock + body, downgrades=lock + body
        )
    if script is None:
        raise RolloutError(f"Alembic made no file for revision {number}.")
    return Path(script.path)


def _filled(
    text: str,
    message: str,
    version: str,
    last: Revision | None,
    args: argparse.Namespace,
) -> str:
    """The template's text with what is known put in the place of its examples."""
    locks = LOCKS[args.kind if args.table else None].format(table=args.table)
    text = re.sub(r'\A"""[^\n]*\n', lambda _: f'"""{message}\n', text)
    text = re.sub(r"^Locks:.*$", lambda _: f"Locks: {locks}", text, flags=re.M)
    rollback = f"Rollback: {ROLLBACK[args.kind]}"
    text = re.sub(r"^Rollback:.*$", lambda _: rollback, text, flags=re.M)
    for name, value in (
        ("schema_version", f'"{version}"'),
        ("kind", f'"{args.kind}"'),
        ("phase", str(last.phase if last else 1)),
    ):
        text = re.sub(rf"^{name} = .*$", f"{name} = {value}", text, flags=re.M)
    if not args.table:
        text = re.sub(r"^from rollout\.ops import .*\n\n?", "", text, flags=re.M)
    return re.sub(r"^(\w+) = '(.*)'$", r'\1 = "\2"', text, flags=re.M)
