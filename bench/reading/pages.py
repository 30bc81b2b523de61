"""The figures as text and plots: the sections ``reads`` and ``indexes``."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from bench import report
from bench.reading.index_sets import SPARE
from bench.reading.queries import QUERIES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Figures = dict[str, Any]
NAMES = [query.__name__ for query in QUERIES]
RATIO, LIMIT_MS = 1.05, 2.0
"""What is aimed at: against the owner, and in all."""

WRITTEN = (
    "WAL and time of a row grow with the table: new rows come to pages all over each"
    " index, and the first change of a page after a checkpoint writes the page whole."
    " Keys of random UUIDs leave no other choice; fewer indexes do."
)
TRANSACTIONS = "user_investment_transactions"
KINDS = {"median": "in the middle", "heavy": "with very many rows"}
SHADES = ("#9ecae1", "#4292c6", "#08306b")


def title(name: str) -> str:
    """A query's name for people."""
    return name.replace("_", " ")


def astray(figures: Figures) -> list[str]:
    """Queries of the application that are not by indexes led by user_id alone."""
    return [
        f"{title(name)}, {scale['transactions']:,} rows, user {KINDS[kind]}: {found}"
        for scale, kind, name, query in _all(figures)
        if (found := "; ".join(query["astray"].get("rls", ())))
    ]


def slow(figures: Figures) -> list[tuple[str, float, float]]:
    """Queries over the limit: who and what, in all, and within the server."""
    return [
        (
            f"{title(name)}, {scale['transactions']:,} rows, user {KINDS[kind]}",
            query["ms"]["rls"],
            query["planning_ms"]["rls"] + query["execution_ms"]["rls"],
        )
        for scale, kind, name, query in _all(figures)
        if query["ms"]["rls"] >= LIMIT_MS
    ]


def costly(figures: Figures) -> list[tuple[str, float, float]]:
    """Queries over the ratio: who and what, the ratio, and milliseconds more."""
    return [
        (
            f"{title(name)}, {scale['transactions']:,} rows, user {KINDS[kind]}",
            _ratio(query),
            query["ms"]["rls"] - query["ms"]["owner"],
        )
        for scale, kind, name, query in _all(figures)
        if _ratio(query) > RATIO
    ]


def reads(figures: Figures) -> str:
    """The section on reads."""
    scales = figures["scales"]
    last = scales[-1]
    every = [_ratio(query) for *_, query in _all(figures)]
    within = sum(ratio <= RATIO for ratio in every)
    parts = [
        "## Reads under row level security",
        _lead(figures, last),
        _main_table(figures),
        f"Ratios at most {RATIO}: {within} of {len(every)}; the median is"
        f" {sorted(every)[len(every) // 2]:.3f}.",
        _missed(figures),
        "![Reads by size](reads.svg)",
        "### What row level security costs",
        _shares(last),
        "### Users with very many rows",
        _heavy_text(last),
        _as_first_written(figures),
        "### Other ways of asking",
        _more(figures),
    ]
    return report.wrapped("\n\n".join(part for part in parts if part)) + "\n"


def indexes(figures: Figures) -> str:
    """The section on index sets."""
    parts = [
        "## Indexes",
        "Four sets on the same rows: `keys` are primary keys and unique constraints"
        " alone, `specification` its SQL as written, `revisions` ours, `lean` ours"
        f" without {len(SPARE)} that another index begins with"
        f" ({', '.join(f'`{name}`' for name in SPARE)}). Written by turns: a sync of"
        " 500 new transactions of 50 users, one commit each.",
    ]
    for rows, sets in figures["sets"].items():
        parts += [f"### At {int(rows):,} rows", _write_table(sets), _read_table(sets)]
    largest = list(figures["sets"].values())[-1]
    parts += ["![Index sets](indexes.svg)", WRITTEN, _each_index(largest)]
    return report.wrapped("\n\n".join(parts)) + "\n"


def draw_reads(figure: "Figure", figures: Figures) -> None:
    """Milliseconds by query and size, a panel for each kind of user."""
    axes = figure.subplots(1, 2, sharey=True)
    for panel, kind in zip(axes, KINDS, strict=True):
        for shade, scale in zip(SHADES, figures["scales"], strict=False):
            found = scale["kinds"][kind]
            times = [found["queries"][name]["ms"]["rls"] for name in NAMES]
            label = f"{scale['transactions']:,} rows, {found['rows']:,} of the user"
            panel.plot(times, range(len(NAMES)), "o", color=shade, label=label)
        panel.axvline(LIMIT_MS, color="0.6", linewidth=0.8, linestyle="--")
        panel.set_xlim(left=0)
        panel.set_xlabel("ms, statement to last row")
        panel.set_title(f"user {KINDS[kind]}", fontsize=9)
        panel.legend(fontsize=7, loc="upper center", bbox_to_anchor=(0.5, -0.12))
    axes[0].set_yticks(range(len(NAMES)), [title(name) for name in NAMES])
    axes[0].invert_yaxis()


def draw_indexes(figure: "Figure", figures: Figures) -> None:
    """Rows a second and bytes a row of each set, at the largest size."""
    sets = list(figures["sets"].values())[-1]
    speed, size = figure.subplots(1, 2)
    names = list(sets)
    rates = [sets[name]["write"]["rows_a_second"] for name in names]
    speed.bar(names, rates, color=SHADES[1])
    speed.set_title("rows written a second", fontsize=9)
    tables = [sets[name]["size"]["tables"][TRANSACTIONS] for name in names]
    heap = [table["table_bytes"] for table in tables]
    size.bar(names, heap, color=SHADES[0], label="row")
    size.bar(
        names,
        [table["index_bytes"] for table in tables],
        bottom=heap,
        color=SHADES[2],
        label="its indexes",
    )
    size.set_title("bytes a transaction", fontsize=9)
    size.legend(fontsize=7)
    for panel in (speed, size):
        panel.tick_params(axis="x", labelsize=7)


def _all(figures: Figures) -> Iterator[tuple[Figures, str, str, Figures]]:
    for scale in figures["scales"]:
        for kind, found in scale["kinds"].items():
            for name, query in found["queries"].items():
                yield scale, kind, name, query


def _ratio(query: Figures) -> float:
    return float(query["ms"]["rls"] / query["ms"]["owner"])


def _lead(figures: Figures, last: Figures) -> str:
    rows = {kind: found["rows"] for kind, found in last["kinds"].items()}
    sizes = ", ".join(f"{scale['transactions']:,}" for scale in figures["scales"])
    samples = min(query["samples"] for *_, query in _all(figures))
    return (
        f"The application's queries, written through the models, on {sizes}"
        f" transactions; at the largest size {last['users']:,} users, the median one"
        f" with {rows['median']:,} transactions, ten with {rows['heavy']:,} each."
        " Asked by `authenticated` in a tenant block, naming nobody, and by the owner"
        " of the tables with `WHERE user_id = …`, by turns in one run, on warm pages."
        " Times are from sending a statement to its last row in Python (psycopg2),"
        f" medians of at least {samples} samples each, {figures['server']}."
        f" Aimed at: ratio at most {RATIO}, under {LIMIT_MS:.0f} ms, flat over the"
        " sizes, each by an index led by `user_id`."
    )


def _main_table(figures: Figures) -> str:
    tables = []
    for kind, who in KINDS.items():
        found = [scale["kinds"][kind] for scale in figures["scales"]]
        headers = ["query, user " + who]
        headers += [f"{scale['transactions']:,}" for scale in figures["scales"]]
        headers += ["ratio"] * len(found) + ["index"]
        rows = []
        for name in NAMES:
            asked = [each["queries"][name] for each in found]
            rows.append(
                [
                    title(name),
                    *(f"{query['ms']['rls']:.2f} ms" for query in asked),
                    *(f"{_ratio(query):.2f}" for query in asked),
                    f"`{asked[-1]['plan']['rls'].split(', ')[0]}`",
                ]
            )
        tables.append(report.table(headers, rows))
    return "\n\n".join(tables)


def _missed(figures: Figures) -> str:
    lines = []
    if found := astray(figures):
        lines += ["Not by an index led by `user_id`:", "", *(f"- {x}" for x in found)]
    else:
        lines.append("Every plan is by indexes led by `user_id`, at every size.")
    if over := costly(figures):
        lines += ["", f"Over {RATIO}, with what it is in milliseconds:", ""]
        lines += [f"- {x}: {ratio:.3f}, {more:+.3f} ms" for x, ratio, more in over]
    if late := slow(figures):
        lines += ["", f"Over {LIMIT_MS:.0f} ms:", ""]
        lines += [f"- {x}: {ms:.2f} ms, {s:.2f} of it the server" for x, ms, s in late]
        lines += ["", "What is not the server's is psycopg2 making rows of values."]
    return "\n".join(lines)


def _shares(scale: Figures) -> str:
    found = scale["kinds"]["median"]["queries"]
    rows = []
    for name in NAMES:
        query = found[name]
        plan, run = query["planning_ms"], query["execution_ms"]
        rows.append(
            [
                title(name),
                *(f"{plan[w] * 1000:.0f}" for w in ("rls", "owner")),
                *(f"{run[w] * 1000:.0f}" for w in ("rls", "owner")),
                f"{query['ms']['named'] / query['ms']['owner']:.2f}",
            ]
        )
    headers = [
        "query, user in the middle",
        "planned, µs",
        "by the owner",
        "run, µs",
        "by the owner",
        "ratio when it names the user too",
    ]
    return (
        "It is about the same for every query, whatever the size: the sub-select around"
        " `auth.uid()` is planned, and the claims are parsed, once a query. That is"
        " the limit of the ratio: where the whole query takes 0.2 ms, 20 µs are 1.10."
        " The policy on flags has four sub-selects, for an index is only used with a"
        " range of ids, and so costs four times as much. Within the server, at the"
        " largest size:\n\n"
        + report.table(headers, rows)
        + "\n\nA query that names the user as well is planned with the user's own"
        " statistics, and pays for both conditions."
    )


def _heavy_text(scale: Figures) -> str:
    found = scale["kinds"]["heavy"]["queries"]
    rows = [
        [
            title(name),
            *(f"{found[name]['estimated_rows'][w]:,.0f}" for w in ("rls", "owner")),
            f"{found[name]['ms']['rls']:.2f} ms",
            f"{found[name]['p99_ms']['rls']:.2f} ms",
        ]
        for name in NAMES
    ]
    headers = ["query", "rows expected", "by the owner", "median", "p99"]
    return (
        "Who asks has no value yet when a query is planned, so the planner plans for"
        " the average user. Where that one has fewer rows than a page, it would rather"
        " read and sort all rows of a user than walk down an index, as long as the"
        " table is not too large; one with very many rows pays for it. Revisions 002"
        " and 004 therefore set `n_distinct` of `user_id`: the planner counts on 200"
        " holdings and 1,000 transactions a user, and takes the index that has the"
        " order. For the ten users with very many rows, at the largest size:\n\n"
        + report.table(headers, rows)
    )


def _as_first_written(figures: Figures) -> str:
    scales = figures["scales"]
    headers = ["query, user with very many rows"]
    for scale in scales:
        headers += [f"{scale['transactions']:,} rows", "without"]
    rows = []
    for name in scales[-1]["as_first_written"]:
        row = [title(name)]
        for scale in scales:
            now = scale["kinds"]["heavy"]["queries"][name]["ms"]["rls"]
            row += [
                f"{now:.2f} ms",
                _brief(scale["as_first_written"][name]["ms"]),
            ]
        rows.append(row)
    return (
        "Without it, and with a policy on flags that says `owner OR admin` (008 says"
        " the same as a range of ids, which an index can serve):\n\n"
        + report.table(headers, rows)
    )


def _more(figures: Figures) -> str:
    more = figures["more"]
    headers = ["query", *(f"{way}, {KINDS[k]}" for way in ("prepared", "ORM")
                          for k in KINDS)]  # fmt: skip
    rows = [
        [
            title(name),
            *(
                f"{(m := more[way][kind][name])['rls']:.2f} ms,"
                f" {m['rls'] / m['owner']:.2f}"
                for way in ("prepared", "orm")
                for kind in KINDS
            ),
        ]
        for name in NAMES
    ]
    block = more["block_ms"]
    return (
        "Prepared statements (psycopg 3, after the server has settled on a plan) and"
        " the ORM with its objects; time, and ratio to the owner's, at the largest"
        " size:\n\n"
        + report.table(headers, rows)
        + "\n\nA whole transaction around one short query, its connection open:"
        f" {block['rls']:.2f} ms in a tenant block, {block['owner']:.2f} ms in a plain"
        " one. The block sets the role and claims, and looks whether they hold: two"
        " statements a transaction, however many follow."
    )


def _write_table(sets: Figures) -> str:
    rows = []
    for name, found in sets.items():
        size = found["size"]["tables"][TRANSACTIONS]
        write = found["write"]
        rows.append(
            [
                f"`{name}`",
                f"{write['rows_a_second']:,}",
                f"{write['wal_bytes_a_row']:,}",
                f"{size['table_bytes']:.0f}",
                f"{size['index_bytes']:.0f}",
                f"{found['remove_user_ms']:,.1f} ms",
            ]
        )
    headers = [
        "set",
        "rows a second",
        "WAL bytes a row",
        "bytes a row",
        "of its indexes",
        "removing a user",
    ]
    return report.table(headers, rows)


def _read_table(sets: Figures) -> str:
    tables = []
    for kind, who in KINDS.items():
        rows = [
            [
                title(name),
                *(_brief(found["read"][kind][name]["ms"]) for found in sets.values()),
            ]
            for name in NAMES
        ]
        headers = [f"read, user {who}", *(f"`{name}`" for name in sets)]
        tables.append(report.table(headers, rows))
    return "\n\n".join(tables)


def _brief(ms: float) -> str:
    return f"{ms:,.0f} ms" if ms >= 100 else f"{ms:.2f} ms"


def _bytes(found: float | None) -> str:
    return "–" if found is None else f"{found:.1f}" if found >= 0.1 else "<0.1"


def _each_index(sets: Figures) -> str:
    rows = [
        [f"`{index}`", *(_bytes(found["size"]["indexes"].get(index))
                         for found in sets.values())]
        for index in sorted({i for f in sets.values() for i in f["size"]["indexes"]})
    ]  # fmt: skip
    headers = ["bytes a transaction", *(f"`{name}`" for name in sets)]
    return report.table(headers, rows)
