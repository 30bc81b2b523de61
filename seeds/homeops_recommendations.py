"""Recommendations of the household: last night's run for everybody, and feedback."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from itertools import permutations

from rollout.seeding import Rows
from seeds.homeops_rows import WORKS, Members, Row, at, before

RUNS = ("id", "user_id", "engine", "started_at", "finished_at", "expires_at")
FOUND = (
    "run_id", "item_id", "rank", "score", "reason", "because_item_id", "shown_at",
    "opened_at",
)  # fmt: skip
SIMILAR = ("item_id", "similar_item_id", "method", "score", "computed_at")
FEEDBACK = ("user_id", "item_id", "stars", "is_hidden", "on_watchlist_since")

LIST = (
    ("Night Train", "similar", "The Long Field", "0.91"),
    ("Tin Roof", "creator", "Small Hours", "0.88"),
    ("Salt and Stone", "new", None, "0.42"),
)
STARS = (("The Long Field", 5), ("Small Hours", 4), ("Harbour Lights", 2))


def of_household(members: Members, days: int) -> list[Rows]:
    """Rows of the tables of recommendations."""
    return [
        Rows("media.recommendation_runs", RUNS, lambda: runs(members, days)),
        Rows("media.recommendations", FOUND, lambda: found(members, days)),
        Rows("media.item_similarities", SIMILAR, lambda: similar(members)),
        Rows("media.item_feedback", FEEDBACK, lambda: feedback(members)),
    ]


def weeks(days: int) -> range:
    """How many days ago the engine ran: once a week, the last one last night."""
    return range(1, days + 1, 7)


def runs(members: Members, days: int) -> Iterator[Row]:
    """A run a week for everybody."""
    for member in members:
        for ago in weeks(days):
            begun = at(before(ago), 3)
            yield (
                member.key(f"run {ago}"), member.key("user"), "similar-items/2", begun,
                begun + dt.timedelta(seconds=41), begun + dt.timedelta(days=8),
            )  # fmt: skip


def found(members: Members, days: int) -> Iterator[Row]:
    """The same three works; those of earlier weeks were on the screen."""
    first = members[0]
    for member in members:
        for ago in weeks(days):
            for rank, (title, reason, because, score) in enumerate(LIST, 1):
                shown = at(before(ago), 20) if ago > 1 else None
                opened = shown and shown + dt.timedelta(minutes=2)
                yield (
                    member.key(f"run {ago}"), first.key(title), rank, Decimal(score),
                    reason, because and first.key(because), shown,
                    opened if rank == 1 and ago % 2 else None,
                )  # fmt: skip


def similar(members: Members) -> Iterator[Row]:
    """Works of a kind are alike, those by one creator more so."""
    first = members[0]
    for one, other in permutations(WORKS, 2):
        if one[1] == other[1]:
            score = Decimal("0.9") if one[2] == other[2] else Decimal("0.55")
            yield (
                first.key(one[0]), first.key(other[0]), "content", score,
                at(before(1), 2),
            )  # fmt: skip


def feedback(members: Members) -> Iterator[Row]:
    """Stars, and one film for later."""
    first = members[0]
    for member in members:
        for title, stars in STARS:
            yield member.key("user"), first.key(title), stars, stars < 3, None
        later = at(before(4), 21)
        yield member.key("user"), first.key("Night Train"), None, False, later
