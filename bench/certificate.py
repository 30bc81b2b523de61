"""What `make certify` found, and its page."""

import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass
class Step:
    """One revision in one direction, and the time with no migration after it.

    ``waits_ms`` and ``idle_ms`` are sorted; they count from when a statement was due.
    """

    what: str
    took_s: float
    waits_ms: list[float]
    failures: int
    idle_ms: list[float]
    held_ms: dict[tuple[str, str], float]

    @property
    def longest_ms(self) -> float:
        """The longest wait during the step."""
        return self.waits_ms[-1] if self.waits_ms else 0.0

    @property
    def idle_longest_ms(self) -> float:
        """The longest wait after it, with no migration, in as long a time."""
        return self.idle_ms[-1] if self.idle_ms else 0.0

    @property
    def locks(self) -> str:
        """The locks held, the longest time in one go each."""
        return "; ".join(
            f"{mode.removesuffix('Lock')} on {table} {ms:.0f} ms"
            for (table, mode), ms in sorted(self.held_ms.items())
        )


@dataclass
class Certificate:
    """All runs."""

    rows: int
    statements_a_second: int
    hold_s: float
    blocked: list[Step]
    free: list[Step]
    theirs: list[Step]

    def page(self) -> str:
        """docs/certificate.md."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        ours = self.blocked + self.free
        total = sum(len(s.waits_ms) for s in ours)
        yield "# Live-traffic certificate"
        yield ""
        yield (
            f"`make certify`: {self.rows:,} users, and {self.statements_a_second} "
            "statements a second of the\nold application as an open loop; once with a "
            f"transaction that holds rows for {self.hold_s:.0f} s\nagain and again, "
            "once without. Waits count from when a statement was due. After\neach step "
            "the load goes on for as long with no migration: that is the column beside "
            "it."
        )
        yield ""
        yield "| | longest | p99.9 | p99 | no migration: longest | p99.9 | p99 |"
        yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
        yield _summary("our revisions, rows held", self.blocked)
        yield _summary("our revisions, nothing held", self.free)
        yield _summary("the specification's SQL, rows held", self.theirs)
        yield ""
        above = [s.longest_ms - s.idle_longest_ms for s in ours]
        kept = sum(ms <= AIM_MS for ms in above)
        failed = sum(s.failures for s in ours)
        yield f"Failed statements during our revisions: **{failed}** of {total:,}."
        yield (
            f"In {kept} of {len(ours)} steps the longest wait was at most {AIM_MS} ms\n"
            "above the one beside it; the median of the difference is\n"
            f"{statistics.median(above):.0f} ms, the largest {max(above):.0f} ms."
        )
        for title, steps in (
            ("Our revisions, with rows held", self.blocked),
            ("Our revisions, with nothing held", self.free),
            ("The specification's SQL as written, with rows held", self.theirs),
        ):
            yield from _section(title, steps)


AIM_MS = 25


def _summary(name: str, steps: list[Step]) -> str:
    during = sorted(ms for step in steps for ms in step.waits_ms)
    idle = sorted(ms for step in steps for ms in step.idle_ms)
    figures = [
        f"{quantile(w, q):.0f} ms" for w in (during, idle) for q in (1, 0.999, 0.99)
    ]
    return f"| {name} | {' | '.join(figures)} |"


def _section(title: str, steps: Iterable[Step]) -> Iterator[str]:
    yield ""
    yield f"## {title}"
    yield ""
    yield (
        "| step | took | statements | failed | longest | p99.9 |"
        " no migration: longest | held on tables in use, longest in one go |"
    )
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |"
    for s in steps:
        yield (
            f"| {s.what} | {s.took_s:.2f} s | {len(s.waits_ms):,} | {s.failures} | "
            f"{s.longest_ms:.0f} ms | {quantile(s.waits_ms, 0.999):.0f} ms | "
            f"{s.idle_longest_ms:.0f} ms | {s.locks or 'none'} |"
        )


def quantile(waits: list[float], q: float) -> float:
    """The q-quantile of sorted values; the largest where there are few."""
    return waits[min(len(waits) - 1, int(q * len(waits)))] if waits else 0.0
