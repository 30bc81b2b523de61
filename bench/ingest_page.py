"""What the ingest bench's figures say: the section and the plot."""

from typing import TYPE_CHECKING, Any

from bench.report import table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RAW = "raw"
BULK = "`bulk.upsert`"
CASES = ("first", "unchanged", "changed")
NAMES = {
    "raw": "raw COPY; raw UPDATE",
    BULK: BULK,
    "Core, ON CONFLICT": "Core, `on_conflict_do_update`",
    "ORM": "ORM, `add_all`, `merge`",
}
TEXT = """## Ingest through the models

A provider's transactions and holdings into the tables with all their indexes, checks,
foreign keys and triggers, as `service_role`, commit included: for the first time, again
as they are, and again with one amount changed in every row. `python bench/ingest.py`,
medians of {rounds} rounds in turns on one server; rows a second, and in brackets the
part of what raw COPY into the same table reaches in the same round. Raw COPY is given
finished text and can do nothing but insert; for changed rows the raw way is COPY into a
temporary table and UPDATE … FROM it.

{verdict}

![Rows a second by way](ingest.svg)

**{few:,} rows,** every way:

{with_few}

**{rows:,} rows,** the two fast ones:

{with_all}

Where the time of one `bulk.upsert` of {rows:,} rows goes, in ms:

{phases}

{limit}

How to use it is in [Ingest](../ingest.md).
"""


def text(figures: dict[str, Any]) -> str:
    """Return the section."""
    return TEXT.format(
        rounds=figures["rounds"],
        few=figures["few"],
        rows=figures["rows"],
        verdict=_verdict(figures),
        with_few=_rates(figures["with_few"]),
        with_all=_rates(figures["with_all"]),
        phases=_phases(figures["phases_ms"]),
        limit=_limit(figures),
    )


def _verdict(figures: dict[str, Any]) -> str:
    shares = {
        f"{size:,} {name}": tables[name]["of_raw_copy"][BULK]["first"]
        for size, tables in (
            (figures["few"], figures["with_few"]),
            (figures["rows"], figures["with_all"]),
        )
        for name in tables
    }
    said = ", ".join(f"{share:.2f} × at {what}" for what, share in shares.items())
    slow = min(
        found["of_raw_update"][BULK]
        for tables in (figures["with_few"], figures["with_all"])
        for found in tables.values()
    )
    met = "reached" if min(shares.values()) >= 0.5 else "missed"
    return (
        f"Aimed at: `bulk.upsert` at least half as fast as raw COPY. **{met.title()}**"
        f" for the first load: {said}. Where every row is changed, it is {slow:.2f} ×"
        " of raw UPDATE at the least; raw COPY cannot do that at all."
    )


def _rates(tables: dict[str, Any]) -> str:
    rows = []
    for name, found in tables.items():
        for way, by_case in found["rows_a_second"].items():
            shares = found["of_raw_copy"][way]
            cells = [
                f"{by_case[case]:,} ({shares[case]:.2f} ×)" if case in by_case else "–"
                for case in CASES
            ]
            of_update = found["of_raw_update"][way]
            rows.append((name, NAMES[way], *cells, f"{of_update:.2f} ×"))
    return table(("rows", "way", *CASES, "changed, of raw UPDATE"), rows)


def _phases(phases: dict[str, Any]) -> str:
    parts = list(next(iter(phases.values()))["first"])
    rows = [
        (name, case, *(by_case[case].get(part, 0) for part in parts))
        for name, by_case in phases.items()
        for case in CASES
    ]
    return table(("rows", "case", *parts), rows)


def _limit(figures: dict[str, Any]) -> str:
    shares = []
    for by_phase in figures["phases_ms"].values():
        first = by_phase["first"]
        total = sum(first.values())
        server = first["INSERT … ON CONFLICT"] / total
        python = first["check, write as text"] / total
        shares.append((server, python))
    server = " and ".join(f"{100 * s:.0f} %" for s, _ in shares)
    python = " and ".join(f"{100 * p:.0f} %" for _, p in shares)
    return (
        f"Of the first load, {server} are the INSERT itself: heap, indexes, checks and"
        " foreign keys, which raw COPY pays as well. Python's checks and text take"
        f" {python}, while the server waits."
        " An unchanged row costs a look-up in the key's index; it is neither locked nor"
        " written. A changed row is a new version in every index: that is the server's"
        " price for an UPDATE, not that of the way there."
    )


def draw(figure: "Figure", figures: dict[str, Any]) -> None:
    """Draw rows a second by way and case, a panel a table."""
    for at, (name, found) in enumerate(figures["with_few"].items(), 1):
        axes = figure.add_subplot(1, 2, at)
        for shift, (way, by_case) in enumerate(found["rows_a_second"].items()):
            places = [CASES.index(case) + 0.2 * shift - 0.3 for case in by_case]
            label = NAMES[way].replace("`", "")
            axes.bar(places, list(by_case.values()), 0.18, label=label)
        axes.set_xticks(range(len(CASES)), CASES)
        axes.set_title(name)
        axes.set_ylabel("rows a second" if at == 1 else "")
        axes.spines[["top", "right"]].set_visible(False)
        if at == 1:
            axes.legend(fontsize=7, frameon=False)
