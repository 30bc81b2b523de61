"""The steps of ``rollout maintain``; each says what it did as findings."""

import sys
from collections.abc import Callable
from pathlib import Path

from rollout.checks.context import Context
from rollout.checks.finding import Finding, passed, warned
from rollout.commands.output import Output
from rollout.commands.target import Target
from rollout.errors import RolloutError
from rollout.live import maintenance
from rollout.live.index_bloat import bloated_indexes
from rollout.live.maintenance import Done
from rollout.live.performance import performance
from rollout.live.storage import size

BACKUPS = Path("backups")
"""Where rollout backup writes when told nothing else."""
SLOWEST = 5


def on_tables(
    context: Context, verb: str, notice: Callable[[str], None]
) -> list[Finding]:
    """ANALYZE or VACUUM each table of ours that is there."""
    context.begin()
    there = maintenance.tables(context.connection, context.schemas)
    context.connection.commit()
    act = maintenance.analyze if verb == "ANALYZE" else maintenance.vacuum
    done = []
    with maintenance.patient(context.target.engine()) as connection:
        for table in there:
            if context.is_ours(table.schema, table.table):
                notice(f"{verb} {table.name}")
                done.append(act(connection, table))
    return _told(done, "tables", "As the tables' owner, run it again.")


def _told(done: list[Done], what: str, remedy: str) -> list[Finding]:
    left = [d for d in done if d.left_out]
    summary = f"{len(done) - len(left)} {what}, {sum(d.ms for d in done):,} ms"
    if not left:
        return [passed(summary)]
    return [
        warned(f"{summary}; {len(left)} left out", [d.told() for d in left], [remedy])
    ]


def index_bloat(context: Context) -> list[Finding]:
    """Estimate how much of each index is air."""
    found = bloated_indexes(context.connection, context.schemas)
    if not found:
        return [passed("none worth a rebuild")]
    return [
        warned(
            f"{len(found)} worth a rebuild",
            [
                f"{index.name}: {size(index.bytes)}, of it about"
                f" {size(index.wasted_bytes)} of air"
                for index in found
            ],
            [index.remedy for index in found],
        )
    ]


def verify_backup(
    target: Target, given: str | None, notice: Callable[[str], None]
) -> list[Finding]:
    """Restore a backup into a scratch database and compare."""
    path = Path(given) if given else _newest(target)
    if path is None:
        return [
            warned(
                f"there is no backup of {target.url.database} in {BACKUPS}/",
                remedy=["rollout backup", "rollout maintain weekly --backup FILE"],
            )
        ]
    from rollout import backup

    notice(f"verifying {path}")
    try:
        result = backup.verify(target, path)
    except RolloutError as error:
        first, *more = str(error).splitlines()
        return [Finding("FAIL", first, tuple(more), ("rollout backup",))]
    rows = f"{len(result.tables)} tables, {result.rows:,} rows, as they were saved"
    return [passed(f"{path}, of {result.taken_at}: {rows}")]


def _newest(target: Target) -> Path | None:
    """By the time in the name: copying a file changes its dates."""
    return max(BACKUPS.glob(f"{target.url.database}_*.dump"), default=None)


def extensions(context: Context, out: Output, *, yes: bool) -> list[Finding]:
    """List what could be updated, ask, update."""
    context.begin()
    found = maintenance.outdated(context.connection)
    context.connection.commit()
    if not found:
        return [passed("all at the server's version")]
    listed = [f"{e.name} {e.installed} → {e.available}" for e in found]
    out.notice("\n".join(["extensions to update:", *(f"  {text}" for text in listed)]))
    asked = yes or sys.stdin.isatty()
    if not asked or not out.confirm("Update them?", yes=yes):
        remedy = ["rollout maintain monthly --yes"]
        return [warned(f"{len(found)} could be updated", listed, remedy)]
    done = [maintenance.update(context.target.url, extension) for extension in found]
    return _told(done, "extensions", "As their owner, run: ALTER EXTENSION … UPDATE;")


def performance_report(context: Context) -> list[Finding]:
    """Durations and failures of the revisions, slowest first."""
    report = performance(context.connection, context.target.option("log_table"))
    slowest = [
        f"{row['version']} {row['description']}: {row['ms']:,} ms ({row['status']},"
        f" {row['applied_at']:%Y-%m-%d})"
        for row in report.revisions[:SLOWEST]
        if row["ms"] is not None
    ]
    failures = [
        f"{row['migration_file']}: failed {row['failures']} of"
        f" {row['failures'] + row['runs']} times, last run {row['last_at']:%Y-%m-%d}"
        for row in report.runs
        if row["failures"]
    ]
    summary = (
        f"{len(report.revisions)} revisions, {report.total_ms:,} ms in all,"
        f" {report.failures} failed runs"
    )
    return [passed(summary, [*slowest, *failures])]
