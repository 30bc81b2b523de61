"""Recommendations: what to show, why, what came of it, and what stays private."""

import datetime as dt
import uuid
from decimal import Decimal as D

import pytest
import sqlalchemy as sa

from models.homeops import (
    Item,
    ItemFeedback,
    ItemSimilarity,
    PlaybackPosition,
    Recommendation,
    RecommendationRun,
)
from tests.homeops.household import (  # noqa: F401 - a fixture
    NOON,
    add,
    ago,
    household,
    refusal,
    searched,
)

R, Run, S, F = Recommendation, RecommendationRun, ItemSimilarity, ItemFeedback


def run(user, started, engine="similar/2", finished=True):
    return Run(
        id=uuid.uuid4(), user_id=user, engine=engine, started_at=started,
        finished_at=started + dt.timedelta(minutes=1) if finished else None,
        expires_at=started + dt.timedelta(days=7),
    )  # fmt: skip


@pytest.fixture(scope="module")
def house(household):  # noqa: F811
    h = household
    h.shared = h.library(h.alice)
    h.private = h.library(h.alice, "Private", is_shared=False)
    h.films = {
        title: h.item(h.shared, title, release_year=1990 + number)
        for number, title in enumerate(("A", "B", "C", "D", "E"))
    }
    h.films["P"] = h.item(h.private, "P")
    h.old = run(h.alice, ago(days=8), engine="similar/1")
    h.last = run(h.alice, ago(hours=9))
    h.making = run(h.alice, ago(minutes=2), finished=False)
    h.bobs = run(h.bob, ago(hours=9))
    h.add(h.old, h.last, h.making, h.bobs)
    h.add(
        *(
            R(run_id=made.id, item_id=h.films[title].id, rank=rank, score=D(score),
              reason=reason, because_item_id=because and h.films[because].id,
              shown_at=shown, opened_at=opened, dismissed_at=dismissed)
            for made, title, rank, score, reason, because, shown, opened, dismissed in (
                (h.old, "A", 1, "0.9", "similar", "B", ago(days=7), ago(days=7), None),
                (h.old, "C", 2, "0.8", "genre", None, ago(days=7), None, None),
                (h.last, "C", 1, "0.95", "similar", "A", ago(hours=2), None, None),
                (h.last, "D", 2, "0.9", "creator", "B", ago(hours=2), None, NOON),
                (h.last, "E", 3, "0.7", "new", None, None, None, None),
                (h.last, "B", 4, "0.6", "popular", None, None, None, None),
                (h.making, "A", 1, "0.9", "popular", None, None, None, None),
                (h.bobs, "A", 1, "0.5", "popular", None, None, None, None),
            )
        ),
        *(
            S(item_id=h.films[one].id, similar_item_id=h.films[two].id, method=method,
              score=D(score))
            for one, two, method, score in (
                ("A", "B", "content", "0.9"), ("A", "C", "content", "0.7"),
                ("A", "P", "content", "0.8"), ("A", "D", "listeners", "0.99"),
                ("B", "C", "content", "0.95"), ("B", "D", "content", "0.3"),
            )
        ),
        F(user_id=h.alice, item_id=h.films["A"].id, stars=5),
        F(user_id=h.alice, item_id=h.films["B"].id, stars=2, is_hidden=True),
        F(user_id=h.alice, item_id=h.films["E"].id, on_watchlist_since=ago(days=3)),
        F(user_id=h.alice, item_id=h.films["P"].id, on_watchlist_since=ago(days=1)),
        F(user_id=h.bob, item_id=h.films["A"].id, stars=4),
        F(user_id=h.bob, item_id=h.films["C"].id, stars=1),
        PlaybackPosition(user_id=h.alice, item_id=h.films["C"].id, position_s=0,
                         is_finished=True),
    )  # fmt: skip
    return h


def titles(session, query):
    return session.scalars(query).all()


def latest(now=NOON):
    return (
        sa.select(Run.id)
        .where(Run.finished_at <= now, Run.expires_at > now)
        .order_by(Run.finished_at.desc())
        .limit(1)
        .scalar_subquery()
    )


def test_what_to_show_me_now_the_best_first(house):
    shown = (
        sa.select(Item.title)
        .join(R.item)
        .outerjoin(F, F.item_id == R.item_id)
        .where(
            R.run_id == latest(),
            R.dismissed_at.is_(None),
            F.is_hidden.is_not(True),
        )
        .order_by(R.rank)
    )
    with house.acting(house.alice) as session:
        assert titles(session, shown) == ["C", "E"]
    with house.acting(house.bob) as session:
        assert titles(session, shown) == ["A"]


def test_nothing_is_shown_of_a_run_that_is_too_old_or_not_done(house):
    with house.acting(house.alice) as session:
        assert session.scalar(sa.select(latest())) == house.last.id
        assert session.scalar(sa.select(latest(NOON + dt.timedelta(days=9)))) is None


def test_because_you_watched(house):
    reason = sa.orm.aliased(Item)
    why = (
        sa.select(reason.title, Item.title)
        .join_from(R, Item, R.item_id == Item.id)
        .join(reason, R.because_item_id == reason.id)
        .where(R.run_id == house.last.id)
        .order_by(R.rank)
    )
    with house.acting(house.alice) as session:
        assert session.execute(why).all() == [("A", "C"), ("B", "D")]
        film = session.get_one(Item, house.films["A"].id)
        assert [r.item.title for r in film.led_to] == ["C"]


def test_how_often_what_is_shown_is_opened_by_engine(house):
    rate = (
        sa.select(
            Run.engine,
            sa.func.count(R.opened_at) * D(1) / sa.func.count(R.shown_at),
        )
        .join(R.run)
        .where(R.shown_at.is_not(None))
        .group_by(Run.engine)
    )
    with house.service() as session:
        assert dict(session.execute(rate).all()) == {
            "similar/1": D("0.5"), "similar/2": D(0),
        }  # fmt: skip


def test_what_people_have_dismissed_counts_against_the_reason(house):
    bad = sa.select(R.reason).where(R.dismissed_at.is_not(None))
    with house.service() as session:
        assert session.scalars(bad).all() == ["creator"]


def test_works_like_this_one(house):
    alike = (
        sa.select(Item.title)
        .join(S, S.similar_item_id == Item.id)
        .where(S.item_id == house.films["A"].id, S.method == "content")
        .order_by(S.score.desc())
    )
    with house.acting(house.alice) as session:
        assert titles(session, alike) == ["B", "P", "C"]
    with house.acting(house.bob) as session:  # who does not see the private one
        assert titles(session, alike) == ["B", "C"]


def test_a_private_work_does_not_show_through_what_is_like_it(house):
    hidden = house.films["P"].id
    alike = sa.select(S.item_id).where(S.similar_item_id == hidden)
    with house.acting(house.alice) as session:
        assert session.scalars(alike).all() == [house.films["A"].id]
    with house.acting(house.bob) as session:
        assert session.scalars(alike).all() == []


def test_the_engine_scores_by_stars_and_likeness_what_is_not_seen_yet(house):
    seen = sa.select(PlaybackPosition.item_id).where(
        PlaybackPosition.user_id == house.alice, PlaybackPosition.is_finished
    )
    rated = sa.select(F.item_id).where(F.user_id == house.alice, F.stars.is_not(None))
    score = sa.func.sum(S.score * (F.stars - 3))
    candidates = (
        sa.select(Item.title, score)
        .join_from(F, S, S.item_id == F.item_id)
        .join(Item, Item.id == S.similar_item_id)
        .where(
            F.user_id == house.alice,
            F.stars.is_not(None),
            S.similar_item_id.not_in(seen),
            S.similar_item_id.not_in(rated),
        )
        .group_by(Item.id)
        .order_by(score.desc())
    )
    with house.service() as session:
        found = session.execute(candidates).all()
    # 5 stars for A are +2, 2 stars for B are -1.
    assert found == [
        ("D", D("0.99") * 2 - D("0.3")),
        ("P", D("0.8") * 2),
    ]


def test_my_watchlist_the_oldest_wish_first(house):
    wishes = (
        sa.select(Item.title)
        .join(F.item)
        .where(F.on_watchlist_since.is_not(None), F.user_id == house.alice)
        .order_by(F.on_watchlist_since)
    )
    with house.acting(house.alice) as session:
        assert titles(session, wishes) == ["E", "P"]


def test_stars_of_the_household_are_counted_without_showing_whose(house):
    mean = sa.select(sa.func.avg(F.stars)).where(F.item_id == house.films["A"].id)
    with house.service() as session:
        assert session.scalar(mean) == D("4.5")
    with house.acting(house.bob) as session:
        assert session.scalar(mean) == 4


def test_what_was_shown_before_is_told_apart_from_what_is_new(house):
    earlier = sa.select(R.item_id).where(R.run_id == house.old.id)
    fresh = (
        sa.select(Item.title)
        .join(R.item)
        .where(R.run_id == house.last.id, R.item_id.not_in(earlier))
        .order_by(R.rank)
    )
    with house.acting(house.alice) as session:
        assert titles(session, fresh) == ["D", "E", "B"]


def test_runs_that_are_over_go_with_what_they_found(house):
    with house.service() as session:
        over = sa.delete(Run).where(Run.expires_at <= NOON)
        assert session.execute(over).rowcount == 1
        left = sa.select(sa.func.count()).select_from(R)
        assert session.scalar(left.where(R.run_id == house.old.id)) == 0
        # A work that goes takes its recommendations along, and no reason stays behind.
        session.execute(sa.delete(Item).where(Item.id == house.films["A"].id))
        because = sa.select(R.because_item_id).where(R.item_id == house.films["C"].id)
        assert session.scalars(because).all() == [None]


def test_a_person_marks_their_own_and_changes_no_score(house):
    mark = sa.update(R).values(opened_at=NOON).where(R.shown_at.is_not(None))
    with house.acting(house.alice) as session:
        assert session.execute(mark).rowcount == 4
        change = sa.update(R).values(score=D(1))
        said = refusal(session, lambda: session.execute(change))
        assert "permission denied" in said
    with house.acting(house.bob) as session:
        assert session.execute(mark).rowcount == 0
        assert session.scalars(sa.select(Run.id)).all() == [house.bobs.id]
        assert len(session.scalars(sa.select(F)).all()) == 2


def test_nobody_rates_for_others_or_what_they_do_not_see(house):
    for row in (
        F(user_id=house.alice, item_id=house.films["D"].id, stars=1),
        F(user_id=house.bob, item_id=house.films["P"].id, stars=1),
    ):
        with house.acting(house.bob) as session:
            found = refusal(session, lambda: add(session, row))  # noqa: B023
            assert "row-level security" in found
    with house.acting(house.bob) as session:
        add(session, F(user_id=house.bob, item_id=house.films["D"].id, stars=3))


@pytest.mark.parametrize(
    ("make", "constraint"),
    [
        (lambda h: found(h, rank=0), "recommendations_rank_check"),
        (lambda h: found(h, rank=1), "recommendations_rank_key"),
        (lambda h: found(h, score=D("1.1")), "recommendations_score_check"),
        (lambda h: found(h, reason="paid"), "recommendations_reason_check"),
        (
            lambda h: found(h, because_item_id=h.films["P"].id),
            "recommendations_because_check",
        ),
        (
            lambda h: found(h, shown_at=NOON, opened_at=ago(days=1)),
            "recommendations_opened_check",
        ),
        (
            lambda h: S(item_id=h.films["A"].id, similar_item_id=h.films["A"].id,
                        method="audio", score=D(1)),
            "item_similarities_other_check",
        ),
        (
            lambda h: F(user_id=h.bob, item_id=h.films["B"].id, stars=6),
            "item_feedback_stars_check",
        ),
        (
            lambda h: Run(user_id=h.bob, engine="x", started_at=NOON, expires_at=NOON),
            "recommendation_runs_expiry_check",
        ),
    ],
)  # fmt: skip
def test_bad_rows_are_refused(house, make, constraint):
    assert house.refused(make(house)) == constraint


def found(h, **more):
    values = {"rank": 9, "score": D("0.5"), "reason": "new"}
    return R(run_id=h.last.id, item_id=h.films["P"].id, **values | more)


def test_the_hot_queries_have_their_index(house):
    with house.engine.begin() as connection:
        connection.exec_driver_sql(
            "WITH many AS (INSERT INTO media.items (library_id, title, type)"
            " SELECT %(l)s, 'm' || n, 'movie' FROM generate_series(1, 2000) AS n"
            " RETURNING id)"
            " INSERT INTO media.item_similarities"
            " SELECT %(a)s, id, 'audio', 0.5 FROM many",
            {"l": house.shared.id, "a": house.films["E"].id},
        )
        connection.exec_driver_sql("ANALYZE media.item_similarities, media.items")
    nearest = (
        sa.select(S.similar_item_id)
        .where(S.item_id == house.films["E"].id, S.method == "audio")
        .order_by(S.score.desc())
        .limit(10)
    )
    plan = house.plan(None, nearest)
    assert searched(plan) == {"idx_item_similarities_nearest"}
    assert "Sort" not in plan
    newest = sa.select(Run.id).order_by(Run.finished_at.desc()).limit(1)
    mine = house.plan(house.alice, newest.where(Run.user_id == house.alice))
    assert "idx_recommendation_runs_user_finished" in mine
    because = sa.select(R.rank).where(R.because_item_id == house.films["A"].id)
    assert searched(house.plan(None, because)) == {"idx_recommendations_because"}
