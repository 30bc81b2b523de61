"""Fill in development, staging or production data, or a CSV file.

Safe to repeat: only rows that are missing are put in. The data of an environment come
from the module that the schema names in alembic.ini (seeds = …).
"""

import argparse
import time
from pathlib import Path

from rollout.commands import findings
from rollout.commands.output import Output
from rollout.commands.target import Target
from rollout.errors import RolloutError

EXAMPLE = """\
rollout seed dev
rollout seed --import trades.csv --table public.user_investment_transactions"""

USAGE = 2


def arguments(parser: argparse.ArgumentParser) -> None:
    """An environment, or a file and a table."""
    parser.add_argument(
        "environment", nargs="?", choices=("dev", "staging", "production"),
        help="dev: looks real; staging: smaller, anonymous; production: reference data",
    )  # fmt: skip
    parser.add_argument("--only", metavar="TABLE", help="fill this table alone")
    parser.add_argument(
        "--yes", action="store_true", help="put it beside rows of real users, too"
    )
    parser.add_argument(
        "--import", dest="file", metavar="FILE.csv", type=Path,
        help="a CSV file with a header, UTF-8; an empty field is NULL",
    )  # fmt: skip
    parser.add_argument(
        "--table", metavar="TABLE", help="where its rows go, as schema.table"
    )
    parser.add_argument(
        "--batch-rows", metavar="N", type=int, default=5_000,
        help="rows in one transaction; default: 5000",
    )  # fmt: skip


def run(target: Target, args: argparse.Namespace, out: Output) -> int:
    """Do either."""
    if args.file is not None:
        return _import(target, args, out)
    if args.environment is None or args.table is not None:
        out.failed(
            "seed needs an environment, or a file and a table.\n"
            "Nothing was changed; no connection was tried.\n"
            "An environment is dev, staging or production.\n"
            "Try: rollout seed dev, or: rollout seed --import FILE --table SCHEMA.TABLE"
        )
        return USAGE
    return _environment(target, args, out)


def _environment(target: Target, args: argparse.Namespace, out: Output) -> int:
    from rollout.seeding import seeds_of

    started, seeds = time.monotonic(), seeds_of(target, args.environment)
    seeds.refuse_production()
    with target.connect() as connection:
        findings.refuse_strangers(target, connection, required=False)
        strangers = seeds.strangers(connection)
    question = (
        f"{target.shown} has {strangers:,} users whom no seed made: it may be a real"
        f" one. Put {args.environment} data beside them?"
    )
    if strangers and not out.confirm(question, yes=args.yes):
        raise RolloutError("Nothing was changed.")
    done = seeds.load(args.only)
    put, seconds = sum(t.inserted for t in done), round(time.monotonic() - started, 3)
    if done:
        out.table(
            ("table", "rows", "put in", "there already"),
            [(t.table, t.rows, t.inserted, t.rows - t.inserted) for t in done],
        )
        out.line(f"\n{put:,} rows put into {target.shown} in {seconds:.1f} s")
    else:
        out.line(f"{seeds.name} has no {args.environment} data: nothing to do.")
    out.document({"environment": args.environment, "tables": done, "seconds": seconds})
    return 0


def _import(target: Target, args: argparse.Namespace, out: Output) -> int:
    from rollout.seeding import import_csv

    if args.table is None or args.environment is not None or args.batch_rows < 1:
        out.failed(
            "--import needs a --table, no environment, and batches of a row or more.\n"
            "Nothing was changed; no connection was tried.\n"
            "A file goes into one table.\n"
            "Try: rollout seed --import FILE.csv --table public.TABLE"
        )
        return USAGE
    done = import_csv(target, args.file, args.table, batch_rows=args.batch_rows)
    out.line(
        f"{done.rows:,} rows of {done.file}: {done.inserted:,} put into {done.table},"
        f" {done.skipped:,} were there, {done.seconds:.1f} s"
    )
    out.document(done)
    return 0


def interrupted(target: Target, args: argparse.Namespace) -> str:
    """After Ctrl-C."""
    return (
        "Batches that were done stay; the one in progress was rolled back.\n"
        "To go on, run the same command again: what is in is passed over."
    )
