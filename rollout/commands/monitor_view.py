"""A sample as lines for people, and as a document."""

from collections.abc import Iterator
from typing import Any

from rollout.commands.output import plain_table
from rollout.live.monitoring import Sample, backfill_key
from rollout.live.sessions import duration, tree


def lines(sample: Sample, shown: str) -> Iterator[str]:
    """The whole view; what is empty is said in a word, so that nothing is missed."""
    at = f"{sample.at:%H:%M:%S}"
    where = f"at {sample.current or 'no revision yet'}, {sample.pending} pending"
    yield f"{shown}   {at}   {where}"
    yield f"runner       {_holder(sample)}"
    yield from _block("unfinished", [_unfinished(row) for row in sample.unfinished])
    yield from _block("waiting", tree(sample.sessions))
    yield from _block("indexes", [_index(row) for row in sample.indexes])
    yield from _block("validating", [s.told() for s in sample.validating])
    yield from _block("backfills", [_backfill(row, sample) for row in sample.backfills])
    used = ", ".join(f"{n} {state}" for state, n in sample.connections.items())
    total = sum(sample.connections.values())
    yield f"connections  {total} of {sample.max_connections}: {used}"
    yield ""
    yield from plain_table(
        ["table", "inserts", "updates", "deletes", "rows/s"],
        [
            (
                row["relation"], row["inserts"], row["updates"], row["deletes"],
                _rate(sample, row["relation"]),
            )
            for row in sample.tables
        ],
    )  # fmt: skip


def document(sample: Sample) -> dict[str, Any]:
    """The sample for scripts; of the sessions those that wait or block."""
    involved = {
        pid for s in sample.sessions for pid in (s.pid, *s.blockers) if s.blockers
    }
    return vars(sample) | {
        "sessions": [vars(s) for s in sample.sessions if s.pid in involved],
        "validating": [vars(s) for s in sample.validating],
    }


def _block(name: str, found: list[str]) -> Iterator[str]:
    for number, line in enumerate(found or ["none"]):
        yield f"{name if number == 0 else '':<12} {line}"


def _holder(sample: Sample) -> str:
    if sample.holder is None:
        return "none at work"
    holder = sample.holder
    since = duration((sample.at - holder["locked_at"]).total_seconds())
    gone = "" if holder["alive"] else " (gone: its line was left behind)"
    return f"{holder['locked_by']}, for {since}: {holder['lock_reason']}{gone}"


def _unfinished(row: dict[str, Any]) -> str:
    return f"{row['direction']} of {row['revision']}, since {row['since']:%H:%M:%S}"


def _index(row: dict[str, Any]) -> str:
    done, total = row["blocks_done"], row["blocks_total"]
    if not total:
        done, total = row["tuples_done"], row["tuples_total"]
    percent = f" {100 * done / total:.0f} %" if total else ""
    lockers = ""
    if row["lockers_total"]:
        lockers = f", waits for {row['lockers_total'] - row['lockers_done']} sessions"
    return f"{row['name']} on {row['relation']}: {row['phase']}{percent}{lockers}"


def _backfill(row: dict[str, Any], sample: Sample) -> str:
    name = row["name"].rpartition(":")[0] or row["name"]
    rate = sample.rates.get(backfill_key(row))
    speed = "" if rate is None else f", {rate:,.0f} rows/s"
    if not row["listed"]:
        return f"{row['revision']} {name}: {row['total']:,} keys listed"
    if rate:
        speed += f", {(row['total'] - row['rows']) / rate:,.0f} s left"
    return f"{row['revision']} {name}: {row['rows']:,} of {row['total']:,} rows{speed}"


def _rate(sample: Sample, name: str) -> str | None:
    rate = sample.rates.get(name)
    return None if rate is None else f"{rate:,.0f}"
