"""What the backfill bench's figures say: the section and the plot."""

import statistics
from typing import TYPE_CHECKING, Any

from bench.report import table, wrapped

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OURS, ONE_WORKER, SINGLE = "ours", "ours, one worker", "one INSERT … SELECT"
OFFSET, SHRINKING = "OFFSET and LIMIT", "shrinking predicate"
WAYS = (OURS, ONE_WORKER, SINGLE, OFFSET, SHRINKING)
DEFAULT, ROOMY = "1 GB", "16 GB"
"""Values of max_wal_size: PostgreSQL's own, and one that a large server would have."""
AIM_RATIO, AIM_LONGEST_MS = 0.9, 100
HEADERS = (
    "rows", "max_wal_size", "way", "time", "of one statement",
    "longest transaction", "WAL", "server process", "client",
)  # fmt: skip
TEXT = """## Backfill

Revision 005 from its first statement to its last, trigger, search for siblings and
journal included, against the same rows by hand into the same table. Aim: at most 0.9 of
one INSERT … SELECT, linear, no writing transaction over 100 ms. The statement by hand
finds no duplicates, keeps no rejects, and starts again from nothing when it is killed.
Medians; the ways take turns, each on a fresh copy of the database, and each size is
measured in one run.

![Seconds a million rows](backfill.svg)

{table}

*Longest transaction*: seen every {sample_ms:.0f} ms, so up to that much may be
missing. *Server process*: the most memory of its own that one process of the server
had. A way that was not done after {give_up_s:.0f} s was ended; its time is then that of
all rows at the pace so far, and so too short: the later batches are the slow ones.

The aims, by rows and max_wal_size:

{verdict}

Above a million rows the disk is the limit, not the processor: each row goes to random
pages of seven indexes, which no longer fit into the server's 128 MB of buffers. With
the default max_wal_size a checkpoint comes every few seconds, and after it nearly every
page is written into the WAL whole, by the single statement as well; a second worker
does not make the disk faster. Keys in their own order instead of the disk's make it
[35.5 GB at 3 million](../decisions.md#decided-while-building).
"""


def text(runs: list[dict[str, Any]], *, sample_ms: float, give_up_s: float) -> str:
    """The section.

    Args:
        runs: As ``bench.backfill`` saves them.
        sample_ms: How often transactions were looked at.
        give_up_s: After how long a way by hand was ended.
    """
    lines = [
        _line(alike, rows, room, way)
        for rows in _sizes(runs)
        for room in (DEFAULT, ROOMY)
        if (alike := _with(runs, room))
        for way in WAYS
        if _has(alike, rows, way)
    ]
    filled = TEXT.format(
        table=table(HEADERS, lines),
        verdict=_verdict(runs),
        sample_ms=sample_ms,
        give_up_s=give_up_s,
    )
    return wrapped(filled)


def _sizes(runs: list[dict[str, Any]]) -> list[int]:
    return sorted({run["rows"] for run in runs})


def _with(runs: list[dict[str, Any]], room: str) -> list[dict[str, Any]]:
    return [run for run in runs if run["wal_room"] == room]


def _verdict(runs: list[dict[str, Any]]) -> str:
    """Which aims are kept where, and what the second worker brings, in sentences."""
    ratios: dict[str, float] = {}
    longest: dict[str, float] = {}
    workers: list[str] = []
    for rows in _sizes(runs):
        for room in (DEFAULT, ROOMY):
            alike = _with(runs, room)
            if not _has(alike, rows, OURS):
                continue
            took_s = _of(alike, rows, OURS, "took_s")
            where = f"{rows:,} with {room}"
            ratios[where] = took_s / _of(alike, rows, SINGLE, "took_s")
            longest[where] = _of(alike, rows, OURS, "longest_ms")
            if _has(alike, rows, ONE_WORKER):
                times = _of(alike, rows, ONE_WORKER, "took_s") / took_s
                workers.append(f"{times:.1f} × at {rows:,} rows")
    return (
        f"- A ratio of at most {AIM_RATIO}: {_kept_at(ratios, AIM_RATIO, '.2f')}\n"
        f"- No writing transaction over {AIM_LONGEST_MS} ms: "
        f"{_kept_at(longest, AIM_LONGEST_MS, ',.0f')}\n"
        f"- One worker takes {' and '.join(workers)}, compared with two."
    )


def _kept_at(figures: dict[str, float], aim: float, form: str) -> str:
    """Where a figure is within its aim, and how far it is off elsewhere."""
    kept = [where for where, figure in figures.items() if figure <= aim]
    missed = [
        f"{where} ({format(figure, form)})"
        for where, figure in figures.items()
        if figure > aim
    ]
    parts = [f"kept at {', '.join(kept)}"] if kept else []
    parts += [f"missed at {', '.join(missed)}"] if missed else []
    return "; ".join(parts) + "."


def _has(runs: list[dict[str, Any]], rows: int, way: str) -> bool:
    return any((run["rows"], run["way"]) == (rows, way) for run in runs)


def _of(runs: list[dict[str, Any]], rows: int, way: str, name: str) -> float:
    found = [r for r in runs if (r["rows"], r["way"]) == (rows, way)]
    if name == "took_s":
        return statistics.median(_whole_s(run) for run in found)
    return statistics.median(float(run.get(name, 0)) for run in found)


def _whole_s(run: dict[str, Any]) -> float:
    return float(run["took_s"]) * run["rows"] / (run.get("rows_done") or run["rows"])


def _line(
    runs: list[dict[str, Any]], rows: int, room: str, way: str
) -> tuple[str, ...]:
    took_s = _of(runs, rows, way, "took_s")
    ended = any(
        r.get("rows_done", rows) < rows
        for r in runs
        if (r["rows"], r["way"]) == (rows, way)
    )
    at_least = "> " if ended else ""
    base_s = _of(runs, rows, SINGLE, "took_s")
    client_mb = _of(runs, rows, way, "client_mb")
    return (
        f"{rows:,}", room, way, f"{at_least}{took_s:.1f} s",
        f"{at_least}{took_s / base_s:.2f} ×",
        f"{_of(runs, rows, way, 'longest_ms'):,.0f} ms",
        f"{_of(runs, rows, way, 'wal_mb'):,.0f} MB",
        f"{_of(runs, rows, way, 'server_mb'):,.0f} MB",
        f"{client_mb:,.0f} MB" if client_mb else "–",
    )  # fmt: skip


def draw(figure: "Figure", runs: list[dict[str, Any]]) -> None:
    """Seconds a million rows by size, with the default max_wal_size."""
    axes, sizes, runs = figure.subplots(), _sizes(runs), _with(runs, DEFAULT)
    for way in WAYS:
        if not (found := [rows for rows in sizes if _has(runs, rows, way)]):
            continue
        pace = [_of(runs, rows, way, "took_s") / rows * 1e6 for rows in found]
        axes.plot(found, pace, marker="o", label=way)
    axes.set(
        xscale="log", xlabel="rows", ylabel="seconds a million rows", ylim=(0, None)
    )
    axes.set_xticks(sizes, [f"{rows:,}" for rows in sizes])
    axes.legend()
