"""Viewing analytics: where to go on, how much was watched, where people stop."""

import datetime as dt
import uuid
from decimal import Decimal as D

import pytest
import sqlalchemy as sa

from models.homeops import (
    Item,
    PlaybackEvent,
    PlaybackPosition,
    SystemConfig,
    ViewingDay,
    ViewingSession,
)
from tests.homeops.household import (  # noqa: F401 - a fixture
    NOON,
    TODAY,
    add,
    ago,
    day,
    household,
    refusal,
    searched,
)

E, P, V, H = PlaybackEvent, PlaybackPosition, ViewingDay, ViewingSession


def roll_up(when):
    return sa.select(sa.func.media.roll_up_viewing(when))


def watched(user, item, started, seconds, completed=False):
    return H(
        id=uuid.uuid4(), user_id=user, item_id=item.id, started_at=started,
        watched_s=seconds, is_completed=completed,
    )  # fmt: skip


@pytest.fixture(scope="module")
def house(household):  # noqa: F811
    h = household
    h.shared = h.library(h.alice)
    h.films = {title: h.item(h.shared, title) for title in ("A", "B", "C")}
    h.song = h.item(h.shared, "S", type="track", duration_s=200)
    h.private = h.item(h.library(h.alice, "Private", is_shared=False), "P")
    evening = ago(days=1) + dt.timedelta(hours=8)
    h.sessions = [
        watched(h.alice, h.films["A"], evening, 6_000, completed=True),
        watched(h.alice, h.films["A"], evening + dt.timedelta(hours=2), 600),
        watched(h.alice, h.films["B"], evening + dt.timedelta(hours=3), 1_500),
        watched(h.alice, h.song, evening, 200, completed=True),
        watched(h.bob, h.films["B"], evening, 3_000),
        # Half an hour after midnight, UTC.
        watched(h.alice, h.films["C"], NOON.replace(hour=0, minute=30), 60),
    ]
    h.add(*h.sessions)
    first, _, half, _, bobs, _ = h.sessions
    h.add(
        *(
            E(session_id=session.id, kind=kind, position_s=position, target_s=target,
              occurred_at=session.started_at + dt.timedelta(seconds=after),
              device_name=device)
            for session, after, kind, position, target, device in (
                (first, 0, "play", 0, None, "TV"),
                (first, 3_000, "pause", 3_000, None, "TV"),
                (first, 3_900, "play", 3_000, None, "TV"),
                (first, 6_900, "finish", 6_000, None, "TV"),
                (half, 0, "play", 0, None, "Tablet"),
                (half, 900, "seek", 900, 4_500, "Tablet"),
                (half, 1_500, "stop", 5_100, None, "Tablet"),
                (bobs, 0, "play", 0, None, "TV"),
                (bobs, 3_000, "error", 3_000, None, "TV"),
            )
        ),
        *(
            P(user_id=user, item_id=item.id, position_s=position, is_finished=finished,
              play_count=int(finished), last_played_at=when)
            for user, item, position, finished, when in (
                (h.alice, h.films["A"], 0, True, ago(days=1)),
                (h.alice, h.films["B"], 5_100, False, ago(hours=12)),
                (h.alice, h.films["C"], 60, False, ago(hours=11)),
                (h.bob, h.films["B"], 3_000, False, ago(hours=15)),
            )
        ),
        *(
            V(user_id=user, viewed_on=day(ago_), item_type=kind, session_count=count,
              item_count=1, watched_s=seconds, completed_count=0)
            for user, ago_, kind, count, seconds in (
                (h.alice, 9, "movie", 1, 3_600), (h.alice, 8, "movie", 2, 7_200),
                (h.alice, 7, "track", 1, 200), (h.alice, 4, "movie", 1, 1_800),
                (h.alice, 3, "movie", 1, 5_400), (h.bob, 4, "movie", 5, 9_000),
            )
        ),
    )  # fmt: skip
    return h


def test_a_day_is_rolled_up_once_however_often_it_is_counted(house):
    query = sa.select(
        V.user_id, V.item_type, V.session_count, V.item_count, V.watched_s,
        V.completed_count,
    ).where(V.viewed_on == day(1))  # fmt: skip
    with house.service() as session:
        assert session.scalar(roll_up(day(1))) == 3
        assert session.scalar(roll_up(day(1))) == 3
        found = {tuple(row) for row in session.execute(query)}
    assert found == {
        (house.alice, "movie", 3, 2, 8_100, 1),
        (house.alice, "track", 1, 1, 200, 1),
        (house.bob, "movie", 1, 1, 3_000, 0),
    }


def test_what_left_the_history_leaves_the_day(house):
    with house.service() as session:
        session.execute(roll_up(day(1)))
        session.execute(sa.delete(H).where(H.user_id == house.bob))
        session.execute(roll_up(day(1)))
        left = sa.select(V.user_id).where(V.viewed_on == day(1)).distinct()
        assert session.scalars(left).all() == [house.alice]


def test_days_begin_where_the_household_lives(house):
    with house.service() as session:
        zone = session.get_one(SystemConfig, "system.timezone")
        zone.value = "America/New_York"
        session.flush()
        session.execute(roll_up(day(1)))
        session.execute(roll_up(TODAY))
        seconds = sa.select(sa.func.sum(V.watched_s)).where(V.user_id == house.alice)
        # What began after midnight in London is still the evening before.
        assert session.scalar(seconds.where(V.viewed_on == day(1))) == 8_360
        assert session.scalar(seconds.where(V.viewed_on == TODAY)) is None


def test_what_i_can_go_on_with_the_latest_first(house):
    going_on = (
        sa.select(Item.title, P.position_s, Item.duration_s - P.position_s)
        .join(P.item)
        .where(~P.is_finished)
        .order_by(P.last_played_at.desc())
    )
    with house.acting(house.alice) as session:
        assert session.execute(going_on).all() == [("C", 60, 5_940), ("B", 5_100, 900)]


def test_going_on_from_another_device_changes_one_row(house):
    put = sa.dialects.postgresql.insert(P).values(
        user_id=house.alice, item_id=house.films["B"].id, position_s=5_400
    )
    put = put.on_conflict_do_update(
        constraint="playback_positions_pkey", set_={"position_s": 5_400}
    )
    with house.acting(house.alice) as session:
        before = session.scalar(sa.select(sa.func.count()).select_from(P))
        session.execute(put)
        assert session.scalar(sa.select(sa.func.count()).select_from(P)) == before
        row = session.get_one(P, (house.alice, house.films["B"].id))
        assert (row.position_s, row.item.title) == (5_400, "B")


def test_hours_a_week_by_kind(house):
    week = sa.func.date_trunc("week", V.viewed_on).cast(sa.Date)
    hours = (
        sa.select(week, V.item_type, sa.func.sum(V.watched_s))
        .group_by(week, V.item_type)
        .order_by(week, V.item_type)
    )
    with house.acting(house.alice) as session:
        found = session.execute(hours).all()
    # The 30th of June 2026 is a Tuesday: days 9 and 4 are Sunday and Friday.
    assert found == [
        (dt.date(2026, 6, 15), "movie", 3_600),
        (dt.date(2026, 6, 22), "movie", 7_200 + 1_800 + 5_400),
        (dt.date(2026, 6, 22), "track", 200),
    ]


def test_the_longest_run_of_evenings_in_a_row(house):
    days = sa.select(V.viewed_on).distinct().subquery()
    island = sa.select(
        (
            days.c.viewed_on
            - sa.cast(sa.func.row_number().over(order_by=days.c.viewed_on), sa.Integer)
        ).label("start")
    ).subquery()
    longest = (
        sa.select(sa.func.count())
        .select_from(island)
        .group_by(island.c.start)
        .order_by(sa.func.count().desc())
        .limit(1)
    )
    with house.acting(house.alice) as session:
        assert session.scalar(longest) == 3


def test_how_many_sessions_go_to_the_end(house):
    share = (
        sa.select(
            Item.type,
            sa.func.round(sa.func.avg(sa.cast(H.is_completed, sa.Integer)), 2),
        )
        .join(H.item)
        .group_by(Item.type)
    )
    with house.acting(house.alice) as session:
        assert dict(session.execute(share).all()) == {
            "movie": D("0.25"), "track": D(1),
        }  # fmt: skip


def test_where_people_stop_in_a_film_by_tenths_of_it(house):
    tenth = sa.func.width_bucket(E.position_s, 0, Item.duration_s, 10)
    stops = (
        sa.select(Item.title, tenth, sa.func.count())
        .join_from(E, H, E.session_id == H.id)
        .join(Item, H.item_id == Item.id)
        .where(E.kind.in_(["stop", "error"]))
        .group_by(Item.title, tenth)
        .order_by(tenth)
    )
    with house.service() as session:
        assert session.execute(stops).all() == [("B", 6, 1), ("B", 9, 1)]


def test_time_spent_in_pauses(house):
    nexts = sa.func.lead(E.occurred_at).over(
        partition_by=E.session_id, order_by=E.occurred_at
    )
    spans = sa.select(E.kind, (nexts - E.occurred_at).label("span")).subquery()
    paused = sa.select(sa.func.sum(spans.c.span)).where(spans.c.kind == "pause")
    with house.acting(house.alice) as session:
        assert session.scalar(paused) == dt.timedelta(seconds=900)


def test_the_order_of_events_in_a_session(house):
    with house.acting(house.alice) as session:
        evening = session.get_one(H, house.sessions[0].id)
        kinds = [e.kind for e in sorted(evening.events, key=lambda e: e.occurred_at)]
        assert kinds == ["play", "pause", "play", "finish"]


def test_devices_by_how_much_is_played_on_them(house):
    used = (
        sa.select(E.device_name, sa.func.count(E.session_id.distinct()))
        .group_by(E.device_name)
        .order_by(E.device_name)
    )
    with house.service() as session:
        assert session.execute(used).all() == [("TV", 2), ("Tablet", 1)]


def test_devices_with_errors_since_yesterday(house):
    bad = sa.select(E.device_name).where(E.kind == "error", E.occurred_at > ago(days=1))
    with house.service() as session:
        assert session.scalars(bad).all() == ["TV"]


def test_nobody_sees_what_others_watch(house):
    with house.acting(house.bob) as session:
        assert session.scalars(sa.select(V.watched_s)).all() == [9_000]
        assert session.scalars(sa.select(P.position_s)).all() == [3_000]
        kinds = session.scalars(sa.select(E.kind).order_by(E.occurred_at)).all()
        assert kinds == ["play", "error"]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda h: event(h.sessions[0], NOON), "row-level security"),
        (
            lambda h: P(user_id=h.alice, item_id=h.song.id, position_s=1),
            "row-level security",
        ),
        (
            lambda h: P(user_id=h.bob, item_id=h.private.id, position_s=1),
            "row-level security",
        ),
        (lambda h: viewing_day(h.bob), "permission denied"),
    ],
)
def test_a_person_writes_only_their_own_positions_and_events(house, make, said):
    with house.acting(house.bob) as session:
        assert said in refusal(session, lambda: add(session, make(house)))
        add(session, event(house.sessions[4], NOON))


def test_events_are_never_changed_by_people(house):
    with house.acting(house.alice) as session:
        change = sa.update(E).values(position_s=0)
        said = refusal(session, lambda: session.execute(change))
        assert "permission denied" in said


def event(session, when, **more):
    values = {"kind": "play", "position_s": 0}
    return E(session_id=session.id, occurred_at=when, **values | more)


def viewing_day(user, **more):
    values = {
        "item_type": "book", "session_count": 1, "item_count": 1, "watched_s": 1,
        "completed_count": 0,
    }  # fmt: skip
    return V(user_id=user, viewed_on=TODAY, **values | more)


@pytest.mark.parametrize(
    ("make", "constraint"),
    [
        (
            lambda h: event(h.sessions[0], NOON, kind="rewind"),
            "playback_events_kind_check",
        ),
        (
            lambda h: event(h.sessions[0], NOON, position_s=-1),
            "playback_events_position_check",
        ),
        (
            lambda h: event(h.sessions[0], NOON, kind="seek"),
            "playback_events_target_check",
        ),
        (
            lambda h: event(h.sessions[0], NOON, kind="seek", target_s=-1),
            "playback_events_target_position_check",
        ),
        (
            lambda h: event(h.sessions[0], h.sessions[0].started_at),
            "playback_events_pkey",
        ),
        (
            lambda h: P(user_id=h.bob, item_id=h.song.id, position_s=-1),
            "playback_positions_position_check",
        ),
        (
            lambda h: viewing_day(h.bob, item_type="game"),
            "viewing_days_item_type_check",
        ),
        (lambda h: viewing_day(h.bob, item_count=2), "viewing_days_counts_check"),
        (lambda h: viewing_day(h.bob, watched_s=-1), "viewing_days_watched_check"),
    ],
)  # fmt: skip
def test_bad_rows_are_refused(house, make, constraint):
    assert house.refused(make(house)) == constraint


MANY = (
    "INSERT INTO media.playback_events (session_id, occurred_at, kind, position_s)"
    " SELECT %(s)s, %(t)s::timestamptz - n * interval '1 hour', 'pause', 0"
    " FROM generate_series(3000, 1, -1) AS n",
    "INSERT INTO media.viewing_days (user_id, viewed_on, item_type, session_count,"
    " item_count, watched_s, completed_count)"
    " SELECT %(u)s, %(t)s::date - n, 'photo', 1, 1, 1, 0"
    " FROM generate_series(10, 3000) AS n",
    "INSERT INTO media.viewing_history (user_id, item_id, started_at)"
    " SELECT %(u)s, %(i)s, %(t)s::timestamptz - n * interval '1 day'"
    " FROM generate_series(3000, 10, -1) AS n",
)


def test_the_hot_queries_have_their_index(house):
    values = {
        "s": house.sessions[4].id, "t": NOON, "u": house.eve, "i": house.song.id,
    }  # fmt: skip
    with house.engine.begin() as connection:
        for insert in MANY:
            connection.exec_driver_sql(insert, values)
        connection.exec_driver_sql(
            "ANALYZE media.playback_events, media.viewing_days, media.viewing_history"
        )
    of_session = sa.select(E.kind).where(E.session_id == house.sessions[4].id)
    recent = of_session.where(E.occurred_at > ago(hours=30)).order_by(E.occurred_at)
    assert "playback_events_pkey" in searched(house.plan(None, recent))
    errors = sa.select(E.session_id).where(E.occurred_at < ago(days=100))
    assert "idx_playback_events_occurred" in searched(house.plan(None, errors))
    month = sa.select(V.watched_s).where(
        V.user_id == house.alice, V.viewed_on > day(30)
    )
    assert "viewing_days_pkey" in searched(house.plan(None, month))
    everybody = sa.select(V.user_id).where(V.viewed_on == day(1))
    assert "idx_viewing_days_day" in searched(house.plan(None, everybody))
    night = sa.select(H.id).where(H.started_at.between(ago(days=2000), ago(days=1999)))
    # PostgreSQL 18 may skip from user to user in the other index; older ones cannot.
    plan = house.plan(None, night, "indexscan")
    assert "idx_viewing_history_started" in searched(plan)
    going_on = (
        sa.select(P.item_id)
        .where(P.user_id == house.alice, ~P.is_finished)
        .order_by(P.last_played_at.desc())
    )
    plan = house.plan(None, going_on, "bitmapscan", "sort")
    assert "idx_playback_positions_unfinished" in plan
    assert "Sort" not in plan
