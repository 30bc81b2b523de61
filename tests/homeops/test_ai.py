"""The assistant's memory: conversations, vectors, the nearest of one person."""

import functools
import math
import random
import uuid

import pytest
import sqlalchemy as sa

from models.homeops import (
    Conversation,
    EmbeddingModel,
    ItemEmbedding,
    Message,
    MessageEmbedding,
)
from tests.homeops.household import (  # noqa: F401 - a fixture
    NOON,
    add,
    ago,
    household,
    refusal,
    searched,
)

SIZE = 384
NAMES = sa.select(EmbeddingModel.id).where(EmbeddingModel.name == "all-MiniLM-L6-v2")
similar_messages = sa.func.ai.similar_messages
similar_items = sa.func.ai.similar_items


def towards(topic, noise, chance):
    """A vector near the direction of a topic; nearer with less noise."""
    return [(i % 8 == topic) + noise * chance.gauss(0, 1) for i in range(SIZE)]


def distance(one, other):
    dot = sum(a * b for a, b in zip(one, other, strict=True))
    return 1 - dot / math.hypot(*one) / math.hypot(*other)


@pytest.fixture(scope="module")
def house(household):  # noqa: F811
    h, chance = household, random.Random(3)
    with h.engine.connect() as connection:
        h.model = connection.scalar(NAMES)
    h.talks, h.vectors = {}, {}
    # Bob wrote little, and everything that Alice wrote is nearer to topic 1 than his.
    for name, many, noise in (("alice", 260, 0.1), ("bob", 12, 0.9)):
        user = getattr(h, name)
        talk = Conversation(id=uuid.uuid4(), user_id=user, assistant="llm/1",
                            title=name, last_message_at=ago(days=1))  # fmt: skip
        for position in range(1, many + 1):
            vector = towards(1, noise, chance)
            message = Message(
                id=uuid.uuid4(), position=position, role="user", sent_at=ago(days=2),
                content=f"{name} {position}",
            )  # fmt: skip
            message.embeddings.append(
                MessageEmbedding(model_id=h.model, dimension=SIZE, embedding=vector)
            )
            talk.messages.append(message)
            h.vectors[message.id] = (user, vector)
        h.add(talk)
        h.talks[name] = talk.id
    h.target = towards(1, 0, chance)
    return h


def nearest(house, user, most):
    """Ids of a person's messages by distance, computed here."""
    own = [(distance(v, house.target), m) for m, (u, v) in house.vectors.items()
           if u == user]  # fmt: skip
    return [m for _, m in sorted(own)[:most]]


def found_by(call, *columns):
    rows = call.table_valued(*columns)
    return sa.select(rows)


@pytest.mark.parametrize("who", ["alice", "bob"])
@pytest.mark.parametrize("exact_up_to", [20_000, 0])
def test_the_nearest_messages_are_one_s_own_by_either_way(house, who, exact_up_to):
    user = getattr(house, who)
    call = similar_messages(
        sa.cast(house.target, sa.ARRAY(sa.REAL)), 10, "all-MiniLM-L6-v2", exact_up_to
    )
    query = found_by(call, "message_id", "conversation_id", "content", "distance")
    with house.acting(user) as session:
        for kind in ("seqscan", "sort", "bitmapscan"):  # or so few rows are just sorted
            session.execute(sa.text(f"SET LOCAL enable_{kind} = off"))
        found = session.execute(query).all()
    wanted = nearest(house, user, 10)
    assert [row.message_id for row in found] == wanted
    assert {row.conversation_id for row in found} == {house.talks[who]}
    for row in found:
        exact = distance(house.vectors[row.message_id][1], house.target)
        assert row.distance == pytest.approx(exact, abs=1e-4)


def test_a_plain_scan_of_the_index_would_miss_all_of_who_wrote_little(house):
    """Why the function is there: pgvector looks at whose they are afterwards."""
    query = (
        sa.select(MessageEmbedding.message_id)
        .order_by(MessageEmbedding.embedding.cosine_distance(house.target))
        .limit(10)
    )
    with house.acting(house.bob) as session:
        for kind in ("seqscan", "sort", "bitmapscan"):
            session.execute(sa.text(f"SET LOCAL enable_{kind} = off"))
        session.execute(sa.text("SET LOCAL hnsw.ef_search = 40"))
        assert len(session.scalars(query).all()) < 10
        session.execute(sa.text("SET LOCAL hnsw.iterative_scan = relaxed_order"))
        assert set(session.scalars(query)) == set(nearest(house, house.bob, 10))


def test_the_function_leaves_the_settings_of_the_session_alone(house):
    call = similar_messages(sa.cast(house.target, sa.ARRAY(sa.REAL)), 1)
    with house.acting(house.bob) as session:
        session.execute(sa.select(call)).all()
        shown = session.scalar(sa.text("SHOW hnsw.iterative_scan"))
        assert shown == "off"


def test_the_plan_for_the_nearest_uses_the_graph(house):
    query = (
        sa.select(MessageEmbedding.message_id)
        .order_by(MessageEmbedding.embedding.cosine_distance(house.target))
        .limit(10)
    )
    plan = house.plan(None, query, "sort")
    assert "Index Scan using idx_message_embeddings_nearest" in plan
    assert "Order By" in plan
    own = sa.select(sa.func.count()).select_from(MessageEmbedding)
    plan = house.plan(house.bob, own)
    assert searched(plan) & {
        "idx_message_embeddings_user", "idx_message_embeddings_message"
    }  # fmt: skip


@pytest.fixture(scope="module")
def works(house):
    """Six works, of which one is in a library that is not shared."""
    h, chance = house, random.Random(4)
    shared, private = h.library(h.alice), h.library(h.alice, "Own", is_shared=False)
    h.works, h.seen = {}, {}
    for number, noise in enumerate((0, 0.2, 0.1, 0.4, 0.3)):
        item = h.item(private if number == 2 else shared, f"W{number}")
        h.works[item.id] = towards(2, noise, chance)
        h.seen[f"W{number}"] = item.id
    other = h.item(shared, "Other")
    h.works[other.id] = towards(5, 0.1, chance)
    h.add(*(
        ItemEmbedding(item_id=item, model_id=h.model, dimension=SIZE,
                      source_text="x", embedding=vector)
        for item, vector in h.works.items()
    ))  # fmt: skip
    return h


@pytest.mark.parametrize(
    ("who", "wanted"),
    [("alice", ["W2", "W1", "W4", "W3"]), ("bob", ["W1", "W4", "W3", "Other"])],
)
def test_works_alike_are_those_that_one_may_see(works, who, wanted):
    query = found_by(similar_items(works.seen["W0"], 4), "item_id", "title", "distance")
    with works.acting(getattr(works, who)) as session:
        found = session.execute(query).all()
    assert [row.title for row in found] == wanted
    for row in found:
        exact = distance(works.works[row.item_id], works.works[works.seen["W0"]])
        assert row.distance == pytest.approx(exact, abs=1e-4)


def test_works_are_searched_by_meaning_through_the_models(works):
    target = [float(i % 8 == 5) for i in range(SIZE)]
    apart = ItemEmbedding.embedding.cosine_distance(target)
    query = sa.select(ItemEmbedding.item_id, apart).order_by(apart).limit(1)
    with works.acting(works.bob) as session:
        item, found = session.execute(query).one()
    assert works.works[item][5] > works.works[item][2]
    assert found == pytest.approx(distance(works.works[item], target), abs=1e-4)


def test_the_latest_conversations_with_their_last_message(house):
    last = (
        sa.select(Message.content)
        .where(Message.conversation_id == Conversation.id)
        .order_by(Message.position.desc()).limit(1).scalar_subquery()
    )  # fmt: skip
    query = sa.select(Conversation.title, last).order_by(
        Conversation.last_message_at.desc()
    )
    with house.acting(house.alice) as session:
        assert session.execute(query).all() == [("alice", "alice 260")]


def test_the_last_messages_within_a_number_of_tokens(house):
    """What is sent to the language model again: the newest that fit."""
    with house.acting(house.bob) as session:
        talk = Conversation(user_id=house.bob, assistant="llm/1")
        for position, tokens in enumerate((50, 40, 30, 20), 1):
            talk.messages.append(Message(position=position, role="user", content="x",
                                         token_count=tokens))  # fmt: skip
        add(session, talk)
        so_far = sa.func.sum(Message.token_count).over(order_by=Message.position.desc())
        counted = sa.select(Message.position, so_far.label("tokens")).where(
            Message.conversation_id == talk.id
        )
        part = counted.subquery()
        fits = sa.select(part.c.position).where(part.c.tokens <= 90)
        assert sorted(session.scalars(fits)) == [2, 3, 4]


def test_messages_without_a_vector_are_found_for_the_next_run(house):
    query = (
        sa.select(sa.func.count(Message.id))
        .outerjoin(Message.embeddings.and_(MessageEmbedding.model_id == house.model))
        .where(MessageEmbedding.message_id.is_(None))
    )
    with house.service() as session:
        assert session.scalar(query) == 0
        add(session, Message(conversation_id=house.talks["bob"], user_id=house.bob,
                             position=99, role="user", content="new"))  # fmt: skip
        assert session.scalar(query) == 1


def test_conversations_are_found_by_a_word_in_them(house):
    query = (
        sa.select(Message.conversation_id, sa.func.count())
        .where(Message.content.ilike("%bob 1%"))
        .group_by(Message.conversation_id)
    )
    with house.acting(house.bob) as session:  # bob 1, 10, 11, 12
        assert session.execute(query).all() == [(house.talks["bob"], 4)]
    with house.acting(house.alice) as session:
        assert session.execute(query).all() == []


def test_what_was_said_around_a_message_that_was_found(house):
    """The two before it and the two after it."""
    found = sa.orm.aliased(Message)
    query = (
        sa.select(Message.position)
        .join(found, found.conversation_id == Message.conversation_id)
        .where(found.content == "bob 5")
        .where(Message.position.between(found.position - 2, found.position + 2))
        .order_by(Message.position)
    )
    with house.acting(house.bob) as session:
        assert session.scalars(query).all() == [3, 4, 5, 6, 7]


def test_the_talk_that_is_most_about_something(house):
    """By its nearest message, and how many are near at all."""
    apart = MessageEmbedding.embedding.cosine_distance(house.target)
    query = (
        sa.select(Message.conversation_id, sa.func.min(apart), sa.func.count())
        .join(Message.embeddings)
        .where(MessageEmbedding.model_id == house.model)
        .group_by(Message.conversation_id)
        .order_by(sa.func.min(apart))
    )
    with house.acting(house.bob) as session:
        ((talk, nearest_of_it, many),) = session.execute(query).all()
    own = [
        distance(v, house.target) for u, v in house.vectors.values() if u == house.bob
    ]
    assert (talk, many) == (house.talks["bob"], 12)
    assert nearest_of_it == pytest.approx(min(own), abs=1e-4)


def test_tokens_that_each_assistant_has_used_in_a_month(house):
    with house.service() as session:  # which writes what the assistant says
        talk = Conversation(user_id=house.bob, assistant="llm/2")
        for position, (role, tokens) in enumerate((("user", 5), ("assistant", 70)), 1):
            talk.messages.append(Message(position=position, role=role, content="x",
                                         token_count=tokens))  # fmt: skip
        add(session, talk)
        used = (
            sa.select(Conversation.assistant, sa.func.sum(Message.token_count))
            .join(Conversation.messages)
            .where(Message.sent_at > sa.func.now() - sa.text("interval '30 days'"))
            .where(Conversation.user_id == house.bob)
            .where(Message.token_count.is_not(None))
            .group_by(Conversation.assistant)
        )
        assert session.execute(used).all() == [("llm/2", 75)]


def test_vectors_that_wait_to_be_made_anew_by_another_model(house):
    with house.service() as session:
        another = EmbeddingModel(name="new", provider="x", dimension=SIZE)
        add(session, another)
        missing = (
            sa.select(Message.user_id, sa.func.count())
            .outerjoin(Message.embeddings.and_(MessageEmbedding.model_id == another.id))
            .where(MessageEmbedding.message_id.is_(None))
            .group_by(Message.user_id)
        )
        assert dict(session.execute(missing).all()) == {house.alice: 260, house.bob: 12}


def test_an_archived_talk_is_out_of_the_list_and_stays_to_be_found(house):
    shown = sa.select(Conversation.id).where(~Conversation.is_archived)
    with house.acting(house.bob) as session:
        session.execute(
            sa.update(Conversation)
            .where(Conversation.id == house.talks["bob"])
            .values(is_archived=True)
        )
        assert session.scalars(shown).all() == []
        assert session.scalar(sa.select(sa.func.count(Message.id))) == 12


def test_nobody_sees_anothers_conversations(house):
    for model in (Conversation, Message, MessageEmbedding):
        with house.acting(house.bob) as session:
            assert set(session.scalars(sa.select(model.user_id))) == {house.bob}
        with house.acting(house.eve) as session:
            assert session.scalars(sa.select(model.user_id)).all() == []


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda h: Conversation(user_id=h.alice, assistant="x"), "row-level security"),
        (lambda h: Message(conversation_id=h.talks["alice"], user_id=h.bob,
                           position=999, role="user", content="x"),
         "fk_messages_conversation"),
        (lambda h: Message(conversation_id=h.talks["alice"], user_id=h.alice,
                           position=999, role="user", content="x"),
         "row-level security"),
        (lambda h: MessageEmbedding(message_id=nearest(h, h.bob, 1)[0],
                                    model_id=uuid.uuid4(), user_id=h.bob,
                                    embedding=h.target), "permission denied"),
        (lambda h: EmbeddingModel(name="x", provider="x", dimension=3),
         "permission denied"),
    ],
)  # fmt: skip
def test_nobody_writes_into_anothers_talk(house, make, said):
    with house.acting(house.bob) as session:
        assert said in refusal(session, lambda: add(session, make(house)))


@pytest.mark.parametrize(
    ("make", "constraint"),
    [
        (lambda h, m: MessageEmbedding(message_id=m, user_id=h.bob, model_id=h.model,
                                       embedding=h.target), "message_embeddings_pkey"),
        (lambda h, m: MessageEmbedding(message_id=m, user_id=h.bob,
                                       model_id=uuid.uuid4(), embedding=h.target),
         "fk_message_embeddings_model"),
        (lambda h, m: MessageEmbedding(message_id=m, user_id=h.bob, dimension=3,
                                       model_id=h.model, embedding=h.target),
         "message_embeddings_dimension_check"),
        (lambda h, m: MessageEmbedding(message_id=m, user_id=h.bob,
                                       model_id=uuid.uuid4(), embedding=[0.0] * SIZE),
         "message_embeddings_direction_check"),
        (lambda h, m: Message(conversation_id=h.talks["bob"], user_id=h.bob, position=1,
                              role="user", content="x"), "messages_position_key"),
        (lambda h, m: Message(conversation_id=h.talks["bob"], user_id=h.bob,
                              position=500, role="god", content="x"),
         "messages_role_check"),
        (lambda h, m: EmbeddingModel(name="all-MiniLM-L6-v2", provider="x",
                                     dimension=384), "embedding_models_name_key"),
        (lambda h, m: EmbeddingModel(name="x", provider="x", dimension=0),
         "embedding_models_dimension_check"),
    ],
)  # fmt: skip
def test_bad_rows_are_refused(house, make, constraint):
    message = nearest(house, house.bob, 1)[0]
    assert house.refused(make(house, message)) == constraint


def test_a_vector_and_a_message_are_of_who_talks(house):
    def give_away(model):
        mine = sa.update(model).where(model.user_id == house.bob)
        session.execute(mine.values(user_id=house.alice))

    with house.service() as session:
        for model, key in (
            (MessageEmbedding, "fk_message_embeddings_message"),
            (Message, "fk_messages_conversation"),
        ):
            assert refusal(session, functools.partial(give_away, model)) == key
            session.execute(sa.delete(MessageEmbedding))


def test_a_vector_of_a_model_of_another_size_is_refused(house):
    with house.service() as session:
        small = EmbeddingModel(id=uuid.uuid4(), name="small", provider="x", dimension=3)
        add(session, small)
        wrong = MessageEmbedding(message_id=nearest(house, house.bob, 1)[0],
                                 user_id=house.bob, model_id=small.id,
                                 embedding=house.target)  # fmt: skip
        refused = refusal(session, lambda: add(session, wrong))
        assert refused == "fk_message_embeddings_model"


@pytest.mark.parametrize("bad", [[1.0], [math.nan] * SIZE, [math.inf] * SIZE])
def test_the_column_type_refuses_what_is_no_such_vector(house, bad):
    row = ItemEmbedding(item_id=uuid.uuid4(), model_id=house.model, source_text="x",
                        embedding=bad)  # fmt: skip
    with house.service() as session:
        with pytest.raises(sa.exc.StatementError, match="vector"):
            add(session, row)
        session.rollback()


def test_a_vector_comes_back_as_it_went_in(house):
    message = nearest(house, house.alice, 1)[0]
    with house.acting(house.alice) as session:
        row = session.get(MessageEmbedding, (message, house.model))
        assert "embedding" not in row.__dict__  # 384 numbers, only when asked for
        wanted = pytest.approx(house.vectors[message][1], rel=1e-6)
        assert row.embedding == wanted


def test_vectors_go_with_their_conversation(house):
    with house.acting(house.bob) as session:
        session.execute(sa.delete(Conversation))
        for model in (Message, MessageEmbedding):
            assert session.scalars(sa.select(model.user_id)).all() == []
