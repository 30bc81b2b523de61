"""What people try with each other's rows, and what the service does by mistake.

Row level security says which rows; this is about what may become of them.
"""

import datetime as dt
import uuid
from decimal import Decimal as D

import pytest
import sqlalchemy as sa

from models.homeops import (
    Account,
    ContentReport,
    Conversation,
    Creator,
    DeviceFault,
    Earning,
    Listing,
    MaintenancePlan,
    MaintenanceRecord,
    Message,
    Order,
    OrderLine,
    Payout,
    PayoutMethod,
    Portfolio,
    PortfolioAccount,
    PortfolioValuation,
    Position,
    Post,
    PriceQuote,
    Review,
    SystemConfig,
    TradingAlert,
    TradingAlertEvent,
)
from tests.homeops.household import (  # noqa: F401 - a fixture
    NOON,
    TODAY,
    add,
    ago,
    household,
    refusal,
)

GREATEST = D("9999999999999.99")
FAR = dt.datetime(9000, 1, 1, tzinfo=dt.UTC)
settle = sa.func.marketplace.settle_order
refund = sa.func.marketplace.refund_order
pay_out = sa.func.marketplace.make_payouts


def offer(creator, slug, **more):
    values = {"kind": "guide", "price": D(10), "status": "published",
              "published_at": ago(days=9), "description": "x"}  # fmt: skip
    return Listing(id=uuid.uuid4(), creator_id=creator.id, slug=slug, title=slug,
                   **values | more)  # fmt: skip


def line(order, what, **more):
    values = {"unit_price": what.price, "amount": what.price, "fee": D(1)}
    return OrderLine(order_id=order.id, listing_id=what.id, **values | more)


def become(session, who):
    """Go on as somebody else, in the same transaction."""
    session.connection().exec_driver_sql("RESET ROLE; SET ROLE authenticated")
    claims = f'{{"sub": "{who}", "role": "authenticated"}}'
    session.execute(sa.select(sa.func.set_config("request.jwt.claims", claims, True)))


@pytest.fixture(scope="module")
def house(household):  # noqa: F811
    h = household
    h.ann = Creator(id=uuid.uuid4(), user_id=h.alice, handle="ann", display_name="Ann")
    h.far = Creator(id=uuid.uuid4(), handle="far", display_name="Far")
    h.bad = Creator(id=uuid.uuid4(), handle="bad", display_name="x", status="suspended")
    h.add(h.ann, h.far, h.bad)
    h.giro = h.account(h.alice, "checking")
    h.add(PayoutMethod(creator_id=h.ann.id, account_id=h.giro.id, minimum_amount=D(1)))
    h.lamp, h.other, h.theirs = (
        offer(h.ann, "lamp"), offer(h.ann, "other"), offer(h.far, "theirs")
    )  # fmt: skip
    h.draft = offer(h.ann, "draft", status="draft", published_at=None)
    h.bads, h.euros = offer(h.bad, "bads"), offer(h.ann, "euros", currency="EUR")
    h.add(h.lamp, h.other, h.theirs, h.draft, h.bads, h.euros)
    h.open = Order(id=uuid.uuid4(), buyer_id=h.bob, total=D(10))
    h.paid, h.back, h.gone = (
        Order(id=uuid.uuid4(), buyer_id=h.bob, total=D(10)) for _ in range(3)
    )
    h.gone.status = "cancelled"
    h.add(h.open, h.paid, h.back, h.gone)
    h.lines = {o: line(o, h.lamp) for o in (h.open, h.paid, h.back)}
    h.add(*h.lines.values())
    with h.engine.begin() as connection:
        connection.execute(sa.select(settle(h.back.id)))
        connection.execute(sa.select(refund(h.back.id)))
        connection.execute(sa.select(settle(h.paid.id)))
        connection.execute(sa.select(pay_out(FAR)))
    h.review = Review(id=uuid.uuid4(), listing_id=h.lamp.id, user_id=h.bob, rating=5,
                      body="Good", status="visible")  # fmt: skip
    h.post = Post(id=uuid.uuid4(), author_id=h.bob, kind="question", title="?",
                  body="x", status="visible", published_at=ago(days=3))  # fmt: skip
    h.add(h.review, h.post)
    h.talk = Conversation(id=uuid.uuid4(), user_id=h.bob, assistant="llm/1")
    h.answer = Message(id=uuid.uuid4(), conversation_id=h.talk.id, user_id=h.bob,
                       position=1, role="assistant", content="No.")  # fmt: skip
    h.add(h.talk)
    h.add(h.answer)
    return h


@pytest.mark.parametrize("name", ["paid", "back", "gone"])
def test_nothing_comes_into_an_order_that_is_closed(house, name):
    with house.service() as session:
        more = line(getattr(house, name), house.other)
        assert refusal(session, lambda: add(session, more)) == "order_lines_open"


def test_nothing_of_an_order_that_is_paid_changes_or_moves(house):
    theirs = OrderLine.order_id == house.paid.id
    with house.service() as session:
        for change in (
            sa.update(OrderLine).where(theirs).values(quantity=2, amount=D(20)),
            sa.update(OrderLine).where(theirs).values(fee=D(0)),
            sa.update(OrderLine).where(theirs).values(order_id=house.open.id),
            sa.update(OrderLine)
            .where(OrderLine.order_id == house.open.id)
            .values(order_id=house.gone.id),
            sa.delete(OrderLine).where(theirs),
        ):
            said = refusal(session, lambda sql=change: session.execute(sql))
            assert said == "order_lines_open"


def test_an_order_fills_while_it_is_pending(house):
    with house.service() as session:
        add(session, line(house.open, house.other))
        more = sa.update(OrderLine).where(OrderLine.order_id == house.open.id)
        session.execute(more.values(quantity=3, amount=D(30)))
        session.execute(sa.update(Order).where(Order.id == house.open.id)
                        .values(total=D(60)))  # fmt: skip
        assert session.scalar(sa.select(settle(house.open.id))) == D(58)


@pytest.mark.parametrize(
    "make",
    [
        lambda h: line(h.open, h.draft),
        lambda h: line(h.open, h.bads),
        lambda h: line(h.open, h.euros),
        lambda h: line(h.open, h.other, unit_price=D(0), amount=D(0), fee=D(0)),
        lambda h: line(h.open, h.other, unit_price=D(11), amount=D(11)),
    ],
)
def test_an_order_takes_what_is_on_sale_at_its_price(house, make):
    with house.service() as session:
        said = refusal(session, lambda: add(session, make(house)))
        assert said == "order_lines_on_sale"


def test_nobody_buys_of_oneself(house):
    """Who bought may review, and what sells is shown first."""
    with house.service() as session:
        mine = Order(id=uuid.uuid4(), buyer_id=house.alice, total=D(10))
        add(session, mine)
        said = refusal(session, lambda: add(session, line(mine, house.lamp)))
        assert said == "order_lines_on_sale"
        add(session, line(mine, house.theirs))


@pytest.mark.parametrize(
    ("name", "values", "constraint"),
    [
        ("paid", {"total": D(1)}, "orders_paid_stays"),
        ("paid", {"currency": "EUR"}, "orders_paid_stays"),
        ("paid", {"buyer_id": None}, "orders_paid_stays"),
        ("paid", {"status": "pending", "paid_at": None}, "orders_no_way_back"),
        ("paid", {"status": "cancelled", "paid_at": None}, "orders_no_way_back"),
        ("back", {"status": "paid", "refunded_at": None}, "orders_no_way_back"),
        ("gone", {"status": "pending"}, "orders_no_way_back"),
    ],
)
def test_a_closed_order_stays_as_it_is(house, name, values, constraint):
    change = sa.update(Order).where(Order.id == getattr(house, name).id)
    with house.service() as session:
        said = refusal(session, lambda: session.execute(change.values(**values)))
        assert said == constraint


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        (sa.update(Earning).values(amount=Earning.amount * 2), "earnings_stay"),
        (sa.delete(Earning), "earnings_stay"),
        (sa.update(Payout).values(amount=D(1000)), "payouts_amount_stays"),
        (sa.update(Payout).values(currency="EUR"), "payouts_amount_stays"),
    ],
)
def test_what_was_booked_stays(house, change, constraint):
    with house.service() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Payout)) == 1
        said = refusal(session, lambda: session.execute(change))
        assert said == constraint


def test_who_decides_on_others_words_and_offers_does_not_change_them(house):
    """Alice is an administrator: what she may decide, she may not say for others."""
    review = sa.update(Review).where(Review.id == house.review.id)
    post = sa.update(Post).where(Post.id == house.post.id)
    theirs = sa.update(Listing).where(Listing.id == house.theirs.id)
    mine = sa.update(Listing).where(Listing.id == house.lamp.id)
    with house.acting(house.alice) as session:
        for change, constraint in (
            (review.values(rating=1), "reviews_only_decided"),
            (review.values(body="Bad"), "reviews_only_decided"),
            (review.values(user_id=house.alice), "reviews_only_decided"),
            (review.values(created_at=FAR), "reviews_only_decided"),
            (post.values(body="x y"), "posts_only_decided"),
            (post.values(author_id=house.alice), "posts_only_decided"),
            (theirs.values(price=0), "listings_only_decided"),
            (theirs.values(creator_id=house.ann.id), "listings_only_decided"),
            (mine.values(creator_id=house.far.id), "listings_place"),
        ):
            said = refusal(session, lambda sql=change: session.execute(sql))
            assert said == constraint
        for change in (
            review.values(status="removed"),
            post.values(status="removed"),
            theirs.values(status="withdrawn"),
            mine.values(price=D(11), status="in_review"),
        ):
            assert session.execute(change).rowcount == 1


def test_what_a_request_puts_in_is_of_now(house):
    """No place at the head of a list, nor of the moderators' queue."""
    with house.acting(house.bob) as session:
        me = Creator(id=uuid.uuid4(), user_id=house.bob, handle="bob", display_name="B")
        add(session, me)
        report = ContentReport(reporter_id=house.bob, post_id=house.post.id,
                               reason="spam", created_at=ago(days=999))  # fmt: skip
        mine = offer(me, "new", status="in_review", published_at=FAR, created_at=FAR)
        said = Post(author_id=house.bob, kind="guide", title="x", body="x",
                    status="pending", published_at=FAR, created_at=FAR)  # fmt: skip
        add(session, report, mine, said)
        now = session.scalar(sa.select(sa.func.now()))
        for row in (report, mine, said):
            session.refresh(row)
            assert row.created_at == now
        assert (mine.published_at, said.published_at) == (None, None)
        later = sa.update(Post).where(Post.id == said.id)
        session.execute(later.values(published_at=FAR))
        session.refresh(said)
        assert said.published_at is None


def test_what_is_let_through_is_new_once(house):
    with house.acting(house.alice) as session:
        again = sa.update(Post).where(Post.id == house.post.id)
        session.execute(again.values(status="visible", published_at=NOON))
        kept = sa.select(Post.published_at).where(Post.id == house.post.id)
        assert session.scalar(kept) == ago(days=3)


def test_a_post_that_others_answered_or_reported_is_not_taken_from_them(house):
    mine = sa.delete(Post).where(Post.id == house.post.id)
    to_bob, by_alice = uuid.uuid4(), uuid.uuid4()

    def answer(session, id_, who, parent):
        add(session, Post(id=id_, author_id=who, kind="comment", body="x",
                          parent_id=parent))  # fmt: skip

    with house.acting(house.bob) as session:
        answer(session, to_bob, house.bob, house.post.id)
        assert session.execute(mine).rowcount == 1
    for make in (
        lambda session: answer(session, by_alice, house.alice, to_bob),
        lambda session: add(
            session, ContentReport(reporter_id=house.alice, reason="spam",
                                   post_id=house.post.id)
        ),
    ):  # fmt: skip
        with house.service() as session:
            answer(session, to_bob, house.bob, house.post.id)
            make(session)
            become(session, house.bob)
            said = refusal(session, lambda: session.execute(mine))
            assert said == "posts_only_own_words"


def test_what_is_reported_stays_in_sight_of_who_decides(house):
    """No draft, which administrators do not see; nor gone with the post above it."""
    post = sa.update(Post).where(Post.id == house.post.id)
    above = Post(id=uuid.uuid4(), author_id=house.bob, kind="guide", title="x",
                 body="x", status="visible", published_at=NOON)  # fmt: skip
    below = Post(id=uuid.uuid4(), author_id=house.bob, kind="comment", body="x",
                 parent_id=above.id, status="visible", published_at=NOON)  # fmt: skip
    reports = [
        ContentReport(reporter_id=house.alice, reason="abuse", post_id=id_)
        for id_ in (house.post.id, below.id)
    ]
    take_away = sa.delete(Post).where(Post.id == above.id)
    try:
        with house.acting(house.bob) as session:
            assert session.execute(post.values(status="draft")).rowcount == 1
        house.add(above)
        house.add(below)
        house.add(*reports)
        with house.acting(house.bob) as session:
            said = refusal(
                session, lambda: session.execute(post.values(status="draft"))
            )
            assert said == "posts_reported_stay"
            said = refusal(session, lambda: session.execute(take_away))
            assert said == "posts_only_own_words"
            assert session.execute(post.values(status="pending")).rowcount == 1
        with house.acting(house.alice) as session:
            said = refusal(
                session, lambda: session.execute(post.values(status="draft"))
            )
            assert said == "posts_reported_stay"
            session.execute(post.values(status="removed"))
            decided = {"decided_by": house.alice, "decided_at": NOON}
            session.execute(sa.update(ContentReport).values(status="upheld", **decided))
            become(session, house.bob)
            assert session.execute(post.values(status="draft")).rowcount == 1
    finally:
        with house.engine.begin() as connection:
            connection.execute(sa.delete(ContentReport))
            connection.execute(take_away)


def test_a_draft_is_not_reported(house):
    with house.service() as session:
        post = Post(id=uuid.uuid4(), author_id=house.bob, kind="guide", title="x",
                    body="x")  # fmt: skip
        add(session, post)
        row = ContentReport(reporter_id=house.bob, reason="spam", post_id=post.id)
        said = refusal(session, lambda: add(session, row))
        assert said == "content_reports_hide"


def test_an_offer_that_goes_leaves_what_others_wrote_about_it(house):
    about = Post(id=uuid.uuid4(), author_id=house.bob, kind="question", title="?",
                 body="x", status="visible", published_at=NOON,
                 listing_id=house.other.id)  # fmt: skip
    left = sa.select(Post.author_id, Post.listing_id).where(Post.id == about.id)
    house.add(about)
    try:
        with house.acting(house.alice) as session:
            gone = sa.delete(Listing).where(Listing.id == house.other.id)
            assert session.execute(gone).rowcount == 1
            assert session.execute(left).all() == [(house.bob, None)]
    finally:
        with house.engine.begin() as connection:
            connection.execute(sa.delete(Post).where(Post.id == about.id))


@pytest.mark.parametrize(
    ("table", "change", "constraint"),
    [
        (MaintenanceRecord, {"done_on": sa.text("'infinity'")},
         "maintenance_records_done_on_check"),
        (MaintenanceRecord, {"comment": "x" * 10_001},
         "maintenance_records_comment_check"),
        (DeviceFault, {"reported_at": sa.text("'infinity'")},
         "device_faults_times_check"),
        (DeviceFault, {"resolved_at": sa.text("'infinity'")},
         "device_faults_times_check"),
        (DeviceFault, {"description": "x" * 10_001}, "device_faults_description_check"),
    ],
)  # fmt: skip
def test_nothing_in_the_house_happened_at_the_end_of_time(
    house, table, change, constraint
):
    device = house.device(f"lamp {uuid.uuid4()}")
    common = {"device_id": device.id}
    who = {
        MaintenanceRecord: {"done_by": house.bob, "done_on": TODAY, "task": "x"},
        DeviceFault: {"reported_by": house.bob, "severity": "minor",
                      "description": "x"},
    }[table]  # fmt: skip
    put_in = sa.insert(table).values(common | who | change)
    with house.acting(house.bob) as session:
        assert refusal(session, lambda: session.execute(put_in)) == constraint


@pytest.mark.parametrize("name", ["plan", "fault"])
def test_a_job_is_of_the_device_that_its_plan_and_its_fault_are_of(house, name):
    mine, other = (house.device(f"lamp {uuid.uuid4()}").id for _ in range(2))
    made = {
        "plan": MaintenancePlan(id=uuid.uuid4(), device_id=mine, task="x",
                                interval_days=1, next_due_on=TODAY),
        "fault": DeviceFault(id=uuid.uuid4(), device_id=mine, reported_by=house.bob,
                             severity="minor", description="x"),
    }[name]  # fmt: skip
    house.add(made)

    def job(device):
        return MaintenanceRecord(id=uuid.uuid4(), device_id=device, done_on=TODAY,
                                 task="x", done_by=house.bob,
                                 **{f"{name}_id": made.id})  # fmt: skip

    with house.acting(house.bob) as session:
        said = refusal(session, lambda: add(session, job(other)))
        assert said == f"fk_maintenance_records_{name}"
        add(session, job(mine))
    with house.service() as session:
        done = job(mine)
        add(session, done)
        moved = sa.update(type(made)).values(device_id=other)
        said = refusal(
            session, lambda: session.execute(moved.where(type(made).id == made.id))
        )
        assert said == f"fk_maintenance_records_{name}"
        session.delete(made)
        session.flush()
        session.refresh(done)
        assert (done.device_id, getattr(done, f"{name}_id")) == (mine, None)


def test_nothing_is_paid_out_on_an_account_that_is_closed(house):
    closed = sa.update(Account).where(Account.id == house.giro.id)
    with house.service() as session:
        session.scalar(sa.select(settle(house.open.id)))
        session.execute(closed.values(is_active=False))
        assert session.scalar(sa.select(pay_out(FAR))) == 0
        session.execute(closed.values(is_active=True))
        assert session.scalar(sa.select(pay_out(FAR))) == 1


def test_a_thread_has_an_end(house):
    """Two answers to each other would be a thread that no query comes out of."""
    with house.acting(house.bob) as session:
        first, second = uuid.uuid4(), uuid.uuid4()
        for id_, parent in ((first, house.post.id), (second, first)):
            add(session, Post(id=id_, author_id=house.bob, kind="comment", body="x",
                              parent_id=parent, status="pending"))  # fmt: skip
        turn = sa.update(Post).where(Post.id == first).values(parent_id=second)
        assert refusal(session, lambda: session.execute(turn)) == "posts_place"


@pytest.mark.parametrize(
    ("make", "constraint"),
    [
        (lambda h, long: Creator(user_id=h.bob, handle="bob", display_name=long),
         "creators_display_name_check"),
        (lambda h, long: Creator(user_id=h.bob, handle="bob", display_name="b",
                                 bio=long), "creators_bio_check"),
        (lambda h, long: offer(h.ann, "x", description=long),
         "listings_description_check"),
        (lambda h, long: offer(h.ann, "x", tags=[long]), "listings_tags_check"),
        (lambda h, _: offer(h.ann, "x", tags=["Upper"]), "listings_tags_check"),
        (lambda h, _: offer(h.ann, "x", tags=[None]), "listings_tags_check"),
        (lambda h, _: offer(h.ann, "x", tags=[str(n) for n in range(21)]),
         "listings_tags_check"),
        (lambda h, long: Post(author_id=h.bob, kind="guide", title=long, body="x"),
         "posts_title_length_check"),
        (lambda h, long: ContentReport(reporter_id=h.bob, post_id=h.post.id,
                                       reason="spam", note=long),
         "content_reports_note_check"),
    ],
)  # fmt: skip
def test_what_others_read_has_an_end(house, make, constraint):
    assert house.refused(make(house, "x" * 100_001)) == constraint


def test_what_several_have_reported_is_hidden_until_somebody_has_looked(house):
    def report(who, **what):
        add(session, ContentReport(reporter_id=who, reason="spam", **what))

    stand = sa.select(
        sa.select(Post.status).where(Post.id == house.post.id).scalar_subquery(),
        sa.select(Review.status).where(Review.id == house.review.id).scalar_subquery(),
    )
    both = {"post_id": house.post.id}, {"review_id": house.review.id}
    with house.service() as session:
        for what in both:
            report(house.alice, **what)
            report(house.eve, **what)
        assert session.execute(stand).one() == ("visible", "visible")
        for what in both:
            report(house.bob, **what)
        assert session.execute(stand).one() == ("pending", "pending")


def test_whoever_reports_hides_without_a_right_to_change_it(house):
    with house.engine.begin() as connection:
        change = sa.update(SystemConfig).where(
            SystemConfig.key == "marketplace.reports_to_hide"
        )
        connection.execute(change.values(value=1))
    try:
        with house.acting(house.alice) as session:
            add(session, ContentReport(reporter_id=house.alice, reason="spam",
                                       post_id=house.post.id))  # fmt: skip
            status = sa.select(Post.status).where(Post.id == house.post.id)
            assert session.scalar(status) == "pending"
    finally:
        with house.engine.begin() as connection:
            connection.execute(change.values(value=3))


def test_nobody_speaks_for_the_assistant(house):
    talk, answer = house.talk, house.answer
    with house.acting(house.bob) as session:
        for role in ("system", "tool", "assistant"):
            forged = Message(conversation_id=talk.id, user_id=house.bob, position=2,
                             role=role, content="Yes.")  # fmt: skip
            said = refusal(session, lambda row=forged: add(session, row))
            assert said == "messages_of_others_come"
        theirs = sa.update(Message).where(Message.id == answer.id).values(content="Yes")
        said = refusal(session, lambda: session.execute(theirs))
        assert said == "messages_of_others_stay"
        mine = Message(id=uuid.uuid4(), conversation_id=talk.id, user_id=house.bob,
                       position=2, role="user", content="Why?")  # fmt: skip
        add(session, mine)
        change = sa.update(Message).where(Message.id == mine.id)
        session.execute(change.values(content="Why not?"))
        become = change.values(role="system")
        assert refusal(session, lambda: session.execute(become)) == "messages_place"


def test_one_alert_at_the_end_of_time_does_not_stop_those_of_others(house):
    values = {"symbol": "VTI", "condition": "price_above", "threshold": D(1)}
    last = dt.datetime(9999, 12, 31, tzinfo=dt.UTC)
    with house.service() as session:
        add(
            session,
            PriceQuote(symbol="VTI", currency="USD", quoted_at=NOON, price=D(2),
                       source="feed"),
            TradingAlert(user_id=house.alice, **values),
            TradingAlert(id=uuid.uuid4(), user_id=house.bob, is_recurring=True,
                         last_fired_at=last, cooldown_s=31_536_000, **values),
        )  # fmt: skip
        session.execute(sa.text(
            "UPDATE financial.trading_alerts SET last_fired_at = '294276-12-31 23:00'"
            " WHERE last_fired_at IS NOT NULL"
        ))  # fmt: skip
        assert session.scalar(sa.select(sa.func.financial.fire_trading_alerts(NOON)))
        fired = sa.select(TradingAlert.user_id).join(TradingAlertEvent.alert)
        assert session.scalars(fired).all() == [house.alice]


def test_the_greatest_portfolio_does_not_stop_the_valuation_of_others(house):
    account = house.account(house.bob)
    with house.service() as session:
        great, small = (
            Portfolio(id=uuid.uuid4(), user_id=who, name="All")
            for who in (house.bob, house.alice)
        )
        add(session, great, small)
        add(
            session,
            PortfolioAccount(portfolio_id=great.id, account_id=account.id),
            *(Position(account_id=account.id, symbol=symbol, quantity=D(1),
                       market_value=GREATEST) for symbol in "ABC"),
        )  # fmt: skip
        valued = session.scalar(sa.select(sa.func.financial.value_portfolios(TODAY)))
        worth = sa.select(PortfolioValuation.portfolio_id,
                          PortfolioValuation.market_value)  # fmt: skip
        assert valued == 2
        assert dict(session.execute(worth).all()) == {
            great.id: 3 * GREATEST, small.id: 0
        }  # fmt: skip


NUMBERS = {
    "financial.sync_interval_s": 60,
    "media.scan_interval_s": 60,
    "smart_home.reading_retention_days": 60,
    "smart_home.learning_days": 60,
    "smart_home.learning_min_days": 60,
    "security.session_timeout_s": 60,
    "security.max_sign_in_attempts": 60,
    "marketplace.fee_bp": 60,
    "marketplace.reports_to_hide": 60,
    "smart_home.learning_confidence": D("0.25"),
}
BAD_NUMBERS = ("-1", "1e100", '"7"', "true", "null", "[7]", '{"a": 7}')
SETTINGS = {
    "system.timezone": (
        '"Europe/Vienna"',
        ('"Mars/Olympus"', '"XYZ5"', '""', "7", "null", '["UTC"]'),
    ),
    "financial.base_currency": ('"EUR"', ('"euro"', "7", "null")),
    "ai.enabled": ("false", ('"false"', "0", "null")),
} | {
    key: (str(good), (*BAD_NUMBERS, *(("7.0", "7.5") if good == 60 else ())))
    for key, good in NUMBERS.items()
}


def test_a_setting_that_nobody_could_use_is_not_written(house):
    """One of them would stop everybody's nightly jobs; an administrator may err."""
    change = sa.text(
        "UPDATE core.system_config SET value = CAST(:value AS jsonb) WHERE key = :key"
    )
    put_in = sa.text(
        "INSERT INTO core.system_config (key, value, category) VALUES"
        " (:key, CAST(:value AS jsonb), 'x')"
    )
    gone = sa.text("DELETE FROM core.system_config WHERE key = :key")
    with house.acting(house.alice) as session:
        for key, (good, bad) in SETTINGS.items():
            one = {"key": key, "value": good}
            assert session.execute(change, one).rowcount == 1
            for value in bad:
                row = {"key": key, "value": value}
                said = refusal(session, lambda row=row: session.execute(change, row))
                assert (key, value, said) == (key, value, "system_config_value")
            assert session.execute(gone, one).rowcount == 1
            for value in bad:
                row = {"key": key, "value": value}
                said = refusal(session, lambda row=row: session.execute(put_in, row))
                assert (key, value, said) == (key, value, "system_config_value")
            session.execute(put_in, one)
        session.execute(gone, {"key": "marketplace.fee_bp"})
        rename = sa.update(SystemConfig).where(SystemConfig.key == "ai.enabled")
        become_fee = rename.values(key="marketplace.fee_bp")
        said = refusal(session, lambda: session.execute(become_fee))
        assert said == "system_config_value"
        session.execute(put_in, {"key": "my.own", "value": "[null]"})
        session.connection().exec_driver_sql("RESET ROLE; SET ROLE service_role")
        for job in (
            sa.func.media.roll_up_viewing(TODAY),
            sa.func.smart_home.roll_up_energy(TODAY),
            sa.func.smart_home.learn_patterns(TODAY),
        ):
            session.execute(sa.select(job))


def test_a_refused_setting_says_what_is_expected(house):
    with (
        house.acting(house.alice) as session,
        pytest.raises(sa.exc.IntegrityError) as refused,
    ):
        session.get_one(SystemConfig, "smart_home.learning_days").value = "four"
        session.flush()
    assert refused.value.orig.diag.message_primary == (
        'setting smart_home.learning_days cannot be "four": expected is a whole number'
        " from 1 to 3660"
    )


def test_every_number_among_the_settings_has_its_check(house):
    """What a revision puts in as a number, or a truth, somebody reads as one."""
    query = sa.select(SystemConfig.key).where(
        sa.func.jsonb_typeof(SystemConfig.value).in_(("number", "boolean"))
    )
    with house.service() as session:
        assert set(session.scalars(query)) <= set(SETTINGS)
