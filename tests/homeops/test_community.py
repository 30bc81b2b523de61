"""What people write for each other: threads, moderation, reactions, reports."""

import uuid

import pytest
import sqlalchemy as sa

from models.homeops import ContentReport, Post, PostReaction
from tests.homeops.household import (  # noqa: F401 - a fixture
    NOON,
    add,
    ago,
    household,
    refusal,
    searched,
)


def post(author, kind="question", **more):
    values = {"body": "Text", "status": "visible", "published_at": ago(days=1)}
    if kind in {"guide", "showcase", "question"}:
        values["title"] = "Title"
    return Post(id=uuid.uuid4(), author_id=author, kind=kind, **values | more)


@pytest.fixture(scope="module")
def house(household):  # noqa: F811
    h = household
    h.question = post(h.bob, published_at=ago(days=5))
    h.add(h.question)
    h.answers = [
        post(h.alice, "answer", parent_id=h.question.id, published_at=ago(days=n))
        for n in (4, 2)
    ]
    h.guide = post(h.alice, "guide")
    h.draft = post(h.alice, "guide", status="draft", published_at=None)
    h.waiting = post(h.bob, "guide", status="pending", published_at=None)
    h.gone = post(h.bob, "showcase", status="removed")
    h.add(*h.answers, h.guide, h.draft, h.waiting, h.gone)
    h.add(
        PostReaction(post_id=h.answers[1].id, user_id=h.bob, kind="helpful"),
        PostReaction(post_id=h.answers[1].id, user_id=h.alice, kind="like"),
        PostReaction(post_id=h.guide.id, user_id=h.bob, kind="like"),
        PostReaction(post_id=h.draft.id, user_id=h.alice, kind="like"),
    )
    h.report = ContentReport(
        id=uuid.uuid4(), reporter_id=h.bob, post_id=h.guide.id, reason="unsafe"
    )
    h.add(h.report)
    return h


def test_the_front_page_is_what_is_visible_and_begins_a_thread(house):
    front = (
        sa.select(Post.id)
        .where(Post.status == "visible", Post.parent_id.is_(None))
        .order_by(Post.published_at.desc())
    )
    with house.acting(house.bob) as session:
        assert session.scalars(front).all() == [house.guide.id, house.question.id]


def test_a_thread_with_its_answers_the_most_helpful_first(house):
    helpful = sa.func.count(PostReaction.user_id)
    answers = (
        sa.select(Post.id, helpful)
        .outerjoin(Post.reactions)
        .where(Post.parent_id == house.question.id)
        .group_by(Post.id)
        .order_by(helpful.desc(), Post.published_at)
    )
    with house.acting(house.bob) as session:
        first, second = house.answers
        assert session.execute(answers).all() == [(second.id, 2), (first.id, 0)]
        thread = session.get(Post, house.question.id)
        assert {answer.id for answer in thread.answers} == {first.id, second.id}


@pytest.mark.parametrize(
    ("person", "hidden"),
    [("alice", []), ("bob", ["draft"]), ("eve", None)],
)
def test_who_sees_what_is_not_visible_to_all(house, person, hidden):
    """Drafts are the author's alone, administrators see the rest."""
    everything = {"question", "guide", "draft", "waiting", "gone"}
    seen = set() if person == "eve" else everything - set(hidden)
    names = {getattr(house, name).id: name for name in everything}
    with house.acting(getattr(house, person)) as session:
        found = session.scalars(sa.select(Post.id).where(Post.parent_id.is_(None)))
        assert {names[post] for post in found} == seen


def test_an_administrator_does_not_see_the_drafts_of_others(house):
    with house.engine.begin() as connection:
        secret = post(house.bob, status="draft", published_at=None)
        connection.execute(
            sa.insert(Post).values(id=secret.id, author_id=house.bob, kind="question",
                                   title="x", body="x")
        )  # fmt: skip
    with house.acting(house.alice) as session:
        assert session.get(Post, secret.id) is None
    with house.engine.begin() as connection:
        connection.execute(sa.delete(Post).where(Post.id == secret.id))


def test_what_waits_for_a_look_is_shown_oldest_first_and_let_through(house):
    queue = sa.select(Post.id).where(Post.status == "pending").order_by(Post.created_at)
    approve = sa.update(Post).where(Post.id == house.waiting.id)
    values = {"status": "visible", "published_at": NOON}
    with house.acting(house.alice) as session:
        assert session.scalars(queue).all() == [house.waiting.id]
        assert session.execute(approve.values(**values)).rowcount == 1
    with house.acting(house.bob) as session:
        said = refusal(session, lambda: session.execute(approve.values(**values)))
        assert "row-level security" in said


def test_what_an_author_changes_is_looked_at_again(house):
    text = sa.update(Post).where(Post.id == house.question.id).values(body="Else")
    with house.acting(house.bob) as session:
        said = refusal(session, lambda: session.execute(text))
        assert "row-level security" in said
        assert session.execute(text.values(status="pending")).rowcount == 1
        others = sa.update(Post).where(Post.id == house.guide.id)
        assert session.execute(others.values(body="x")).rowcount == 0


@pytest.mark.parametrize(
    ("make", "refused"),
    [
        (lambda h: post(h.bob, status="pending", published_at=None), False),
        (lambda h: post(h.bob), True),
        (lambda h: post(h.alice, status="draft", published_at=None), True),
        (lambda h: post(h.bob, "answer", parent_id=h.question.id, status="pending",
                        published_at=None), False),
        (lambda h: post(h.bob, "comment", parent_id=h.draft.id, status="pending",
                        published_at=None), True),
        (lambda h: PostReaction(post_id=h.question.id, user_id=h.bob, kind="like"),
         False),
        (lambda h: PostReaction(post_id=h.draft.id, user_id=h.bob, kind="like"), True),
        (lambda h: PostReaction(post_id=h.guide.id, user_id=h.alice, kind="like"),
         True),
        (lambda h: ContentReport(reporter_id=h.bob, post_id=h.answers[0].id,
                                 reason="spam"), False),
        (lambda h: ContentReport(reporter_id=h.bob, post_id=h.draft.id,
                                 reason="spam"), True),
        (lambda h: ContentReport(reporter_id=h.alice, post_id=h.guide.id,
                                 reason="spam"), True),
    ],
)  # fmt: skip
def test_people_write_for_themselves_and_about_what_they_see(house, make, refused):
    with house.acting(house.bob) as session:
        said = refusal(session, lambda: add(session, make(house)))
        assert said.startswith(
            "new row violates row-level security" if refused else "nothing was refused"
        )


def test_a_report_is_seen_by_its_reporter_and_decided_by_an_administrator(house):
    decide = sa.update(ContentReport).values(
        status="dismissed", decided_at=NOON, decided_by=house.alice
    )
    with house.acting(house.bob) as session:
        assert session.scalars(sa.select(ContentReport.id)).all() == [house.report.id]
        assert session.execute(decide).rowcount == 0
    with house.acting(house.alice) as session:
        blame = decide.values(decided_by=house.bob)
        assert "row-level" in refusal(session, lambda: session.execute(blame))
        assert session.execute(decide).rowcount == 1


def test_questions_that_nobody_has_answered(house):
    answered = sa.exists().where(
        Post.parent_id == sa.literal_column("q.id"), Post.kind == "answer"
    )
    question = sa.orm.aliased(Post, name="q")
    query = sa.select(question.id).where(
        question.kind == "question", question.status == "visible", ~answered
    )
    with house.acting(house.alice) as session:
        assert session.scalars(query).all() == []
        lonely = post(house.alice, status="pending", published_at=None)
        add(session, lonely)
        approve = sa.update(Post).where(Post.id == lonely.id)
        session.execute(approve.values(status="visible", published_at=NOON))
        assert session.scalars(query).all() == [lonely.id]


def test_what_i_have_written_and_how_it_stands(house):
    mine = (
        sa.select(Post.status, sa.func.count())
        .where(Post.author_id == house.bob)
        .group_by(Post.status)
    )
    with house.acting(house.bob) as session:
        assert dict(session.execute(mine).all()) == {
            "visible": 1, "pending": 1, "removed": 1
        }  # fmt: skip


def test_who_helps_most(house):
    """Others' reactions to what is visible, by its author."""
    helped = sa.func.count(PostReaction.user_id)
    query = (
        sa.select(Post.author_id, helped)
        .join(Post.reactions)
        .where(Post.status == "visible", PostReaction.user_id != Post.author_id)
        .group_by(Post.author_id)
        .order_by(helped.desc())
    )
    with house.acting(house.bob) as session:
        assert session.execute(query).all() == [(house.alice, 2)]


def test_what_i_have_liked_already(house):
    query = sa.select(PostReaction.post_id).where(
        PostReaction.user_id == house.bob,
        PostReaction.post_id.in_([house.guide.id, house.question.id]),
    )
    with house.acting(house.bob) as session:
        assert session.scalars(query).all() == [house.guide.id]


def test_the_front_page_goes_on_after_the_last_one_seen(house):
    """By the last one's time, not by counting: what is new shifts no page."""
    page = (
        sa.select(Post.id)
        .where(Post.status == "visible", Post.parent_id.is_(None))
        .where(Post.published_at < house.guide.published_at)
        .order_by(Post.published_at.desc())
        .limit(20)
    )
    with house.acting(house.bob) as session:
        assert session.scalars(page).all() == [house.question.id]


def test_the_most_reported_come_first(house):
    count = sa.func.count()
    worst = (
        sa.select(ContentReport.post_id, count)
        .where(ContentReport.status == "open")
        .group_by(ContentReport.post_id)
        .order_by(count.desc())
    )
    with house.service() as session:
        for who in (house.alice, house.eve):
            add(session, ContentReport(reporter_id=who, post_id=house.question.id,
                                       reason="spam"))  # fmt: skip
        assert session.execute(worst).all() == [
            (house.question.id, 2), (house.guide.id, 1),
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "constraint"),
    [
        (lambda h: post(h.bob, "song", title="x"), "posts_kind_check"),
        (lambda h: post(h.bob, "answer"), "posts_answer_check"),
        (lambda h: post(h.bob, parent_id=h.guide.id), "posts_answer_check"),
        (lambda h: post(h.bob, title=None), "posts_title_check"),
        (lambda h: post(h.bob, body=""), "posts_body_check"),
        (lambda h: post(h.bob, published_at=None), "posts_published_check"),
        (lambda h: PostReaction(post_id=h.guide.id, user_id=h.alice, kind="boo"),
         "post_reactions_kind_check"),
        (lambda h: PostReaction(post_id=h.guide.id, user_id=h.bob, kind="like"),
         "post_reactions_pkey"),
        (lambda h: ContentReport(reporter_id=h.bob, reason="spam"),
         "content_reports_subject_check"),
        (lambda h: ContentReport(reporter_id=h.bob, post_id=h.guide.id, reason="spam"),
         "content_reports_once_key"),
        (lambda h: ContentReport(reporter_id=h.bob, post_id=h.gone.id, reason="spam",
                                 status="upheld"), "content_reports_decided_check"),
    ],
)  # fmt: skip
def test_bad_rows_are_refused(house, make, constraint):
    assert house.refused(make(house)) == constraint


def test_who_goes_leaves_the_questions_that_others_answered(house):
    with house.service() as session:
        session.connection().exec_driver_sql("RESET ROLE")
        session.connection().exec_driver_sql(
            "DELETE FROM core.users WHERE id = %(id)s", {"id": house.bob}
        )
        session.expire_all()
        left = session.get(Post, house.question.id)
        assert left.author is None
        assert len(left.answers) == 2


def test_the_hot_queries_have_their_index(house):
    front = (
        sa.select(Post.id)
        .where(Post.status == "visible", Post.parent_id.is_(None))
        .order_by(Post.published_at.desc())
        .limit(20)
    )
    plan = house.plan(None, front, "bitmapscan")
    assert "idx_posts_front" in plan
    assert "Sort" not in plan
    answers = sa.select(Post.id).where(Post.parent_id == house.question.id)
    assert searched(house.plan(None, answers)) == {"idx_posts_parent"}
    queue = sa.select(Post.id).where(Post.status == "pending").order_by(Post.created_at)
    assert "idx_posts_pending" in house.plan(None, queue)
