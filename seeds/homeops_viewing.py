"""Viewing analytics of the household, in step with its viewing history."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator

from rollout.seeding import Rows
from seeds.homeops_rows import END, WORKS, Members, Row, viewing

EVENTS = ("session_id", "occurred_at", "kind", "position_s", "target_s", "device_name")
POSITIONS = (
    "user_id", "item_id", "position_s", "play_count", "is_finished", "last_played_at",
)  # fmt: skip
DAYS = (
    "user_id", "viewed_on", "item_type", "session_count", "item_count", "watched_s",
    "completed_count",
)  # fmt: skip


def of_household(members: Members, days: int) -> list[Rows]:
    """Rows of the tables of viewing analytics."""
    return [
        Rows("media.playback_events", EVENTS, lambda: events(members, days)),
        Rows("media.playback_positions", POSITIONS, lambda: positions(members, days)),
        Rows("media.viewing_days", DAYS, lambda: viewing_days(members, days)),
    ]


def events(members: Members, days: int) -> Iterator[Row]:
    """Of the last month: played, paused half-way for five minutes, stopped."""
    for session, _, _, started, watched, completed in viewing(members, days):
        if started.date() < END - dt.timedelta(days=30):
            continue
        half, pause = watched // 2, 300
        for after, kind, position in (
            (0, "play", 0),
            (half, "pause", half),
            (half + pause, "play", half),
            (watched + pause, "finish" if completed else "stop", watched),
        ):
            moment = started + dt.timedelta(seconds=after)
            yield session, moment, kind, position, None, "Living room TV"


def positions(members: Members, days: int) -> Iterator[Row]:
    """Where the last session of each work ended."""
    last: dict[tuple[object, object], Row] = {}
    played: dict[tuple[object, object], int] = defaultdict(int)
    for row in viewing(members, days):
        _, user, item, *_, completed = row
        last[user, item] = row
        played[user, item] += completed
    for (user, item), (*_, started, watched, completed) in last.items():
        position = 0 if completed else watched
        yield user, item, position, played[user, item], completed, started


def viewing_days(members: Members, days: int) -> Iterator[Row]:
    """The roll-up: there is one session an evening at most."""
    kinds = {members[0].key(title): kind for title, kind, *_ in WORKS}
    for _, user, item, started, watched, completed in viewing(members, days):
        yield user, started.date(), kinds[item], 1, 1, watched, int(completed)
