"""The marketplace: what is on sale, who earns what to the cent, who sees it."""

import datetime as dt
import uuid
from decimal import Decimal as D

import pytest
import sqlalchemy as sa

from models.homeops import (
    Creator,
    Earning,
    Listing,
    Order,
    OrderLine,
    Payout,
    PayoutMethod,
    RevenueShare,
    Review,
)
from tests.homeops.household import (  # noqa: F401 - a fixture
    NOON,
    add,
    ago,
    household,
    refusal,
    searched,
)

CENT = D("0.01")
FOREVER = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
settle = sa.func.marketplace.settle_order
refund = sa.func.marketplace.refund_order
pay_out = sa.func.marketplace.make_payouts


def offer(creator, slug, price="10.00", **more):
    values = {"kind": "automation", "status": "published", "published_at": ago(days=9)}
    return Listing(
        id=uuid.uuid4(), creator_id=creator.id, slug=slug, title=slug.title(),
        description="It works.", price=D(price), **values | more,
    )  # fmt: skip


def order(buyer, *bought, fee="0.10", **more):
    """An order of (offer, how many), with a fee of so much of each line."""
    lines = [
        OrderLine(id=uuid.uuid4(), listing_id=what.id, quantity=many,
                  unit_price=what.price, amount=what.price * many,
                  fee=(what.price * many * D(fee)).quantize(CENT))
        for what, many in bought
    ]  # fmt: skip
    total = sum((line.amount for line in lines), D(0))
    return Order(
        id=uuid.uuid4(), buyer_id=buyer, lines=lines, **{"total": total} | more
    )


@pytest.fixture(scope="module")
def house(household):  # noqa: F811
    h = household
    h.account_a = h.account(h.alice, "checking")
    h.account_b = h.account(h.bob, "checking")
    h.ann = Creator(id=uuid.uuid4(), user_id=h.alice, handle="ann", display_name="Ann")
    h.far = Creator(id=uuid.uuid4(), handle="far", display_name="Far")
    h.wil = Creator(id=uuid.uuid4(), handle="wil", display_name="Wil")
    h.add(h.ann, h.far, h.wil)
    h.add(PayoutMethod(creator_id=h.ann.id, account_id=h.account_a.id,
                       minimum_amount=D(5)))  # fmt: skip
    h.offers = {
        "lamp": offer(h.ann, "lamp", "9.99", tags=["light", "night"]),
        "board": offer(h.ann, "board", "0.05", kind="dashboard", tags=["energy"],
                       published_at=ago(days=1)),
        "sensor": offer(h.ann, "sensor", "12.00", kind="device", stock=2),
        "draft": offer(h.ann, "draft", status="draft", published_at=None),
        "far": offer(h.far, "far", "3.00", tags=["light"], published_at=ago(days=2)),
    }  # fmt: skip
    h.add(*h.offers.values())
    h.add(
        *(
            RevenueShare(listing_id=h.offers["board"].id, creator_id=c.id, share_bp=bp)
            for c, bp in ((h.ann, 3334), (h.far, 3333), (h.wil, 3333))
        )
    )
    h.open = order(h.bob, (h.offers["lamp"], 2), (h.offers["board"], 1), fee="0.20")
    h.add(h.open)
    return h


def earned(session, where):
    found = session.execute(
        sa.select(Earning.creator_id, sa.func.sum(Earning.amount))
        .join(Earning.line)
        .where(OrderLine.order_id == where)
        .group_by(Earning.creator_id)
    )
    return dict(found.all())


def test_the_window_shows_what_is_new_of_a_kind(house):
    query = (
        sa.select(Listing.slug)
        .where(Listing.kind == "automation", Listing.status == "published")
        .order_by(Listing.published_at.desc())
    )
    with house.acting(house.bob) as session:
        assert session.scalars(query).all() == ["far", "lamp"]


def test_offers_are_found_by_a_word(house):
    query = sa.select(Listing.slug).where(Listing.tags.contains(["light"]))
    with house.acting(house.bob) as session:
        assert sorted(session.scalars(query)) == ["far", "lamp"]


def test_a_draft_is_its_creator_s_alone(house):
    drafts = sa.select(Listing.slug).where(Listing.status == "draft")
    with house.acting(house.bob) as session:
        assert session.scalars(drafts).all() == []
    with house.acting(house.alice) as session:
        assert session.scalars(drafts).all() == ["draft"]
    with house.acting(house.eve) as session:  # no longer of this household
        assert session.scalars(sa.select(Listing)).all() == []


def test_a_sale_is_shared_to_the_cent(house):
    """4 cents in three nearly equal parts: the largest remainder gets the odd one."""
    with house.service() as session:
        assert session.scalar(sa.select(settle(house.open.id))) == D("16.02")
        lamp = D("19.98") - D("4.00")
        assert earned(session, house.open.id) == {
            house.ann.id: lamp + D("0.02"), house.far.id: D("0.01"),
            house.wil.id: D("0.01"),
        }  # fmt: skip
        bought = session.get(Order, house.open.id, populate_existing=True)
        assert (bought.status, bought.paid_at is not None) == ("paid", True)


@pytest.mark.parametrize("cents", [0, 1, 2, 3, 99, 100, 101, 99_999_999])
@pytest.mark.parametrize("cut", [(10_000,), (1, 9_999), (3_334, 3_333, 3_333)])
def test_shares_always_add_up(house, cents, cut):
    creators = sorted((house.ann, house.far, house.wil), key=lambda c: c.id)
    with house.service() as session:
        thing = offer(house.ann, "thing", D(cents) / 100)
        bought = order(house.bob, (thing, 1), fee="0")
        add(session, thing)
        add(session, bought, *(
            RevenueShare(listing_id=thing.id, creator_id=c.id, share_bp=bp)
            for c, bp in zip(creators, cut, strict=False)
        ))  # fmt: skip
        assert session.scalar(sa.select(settle(bought.id))) == D(cents) / 100
        exact = [D(cents) * bp / 10_000 for bp in cut]
        whole = [int(part) for part in exact]
        order_of = sorted(range(len(cut)), key=lambda i: (whole[i] - exact[i], i))
        for i in order_of[: cents - sum(whole)]:
            whole[i] += 1
        assert earned(session, bought.id) == {
            c.id: D(part) / 100 for c, part in zip(creators, whole, strict=False)
        }


def test_a_sale_is_booked_once(house):
    with house.service() as session:
        first = session.scalar(sa.select(settle(house.open.id)))
        assert session.scalar(sa.select(settle(house.open.id))) == first
        assert sum(earned(session, house.open.id).values()) == first


def test_a_refund_takes_back_what_everybody_earned_and_only_once(house):
    with house.service() as session:
        sold = session.scalar(sa.select(settle(house.open.id)))
        for _ in range(2):
            assert session.scalar(sa.select(refund(house.open.id))) == sold
        assert set(earned(session, house.open.id).values()) == {D(0)}
        again = refusal(
            session, lambda: session.scalar(sa.select(settle(house.open.id)))
        )
        assert again == f"order {house.open.id} is refunded, and cannot be settled"


def test_stock_is_counted_and_cannot_be_sold_twice(house):
    sensor = house.offers["sensor"]
    with house.service() as session:
        first = order(house.bob, (sensor, 2))
        second = order(house.eve, (sensor, 1))
        add(session, first, second)
        session.scalar(sa.select(settle(first.id)))
        left = sa.select(Listing.stock).where(Listing.id == sensor.id)
        assert session.scalar(left) == 0
        said = refusal(session, lambda: session.scalar(sa.select(settle(second.id))))
        assert said == f"order {second.id} cannot be settled: too few left of Sensor"
        session.scalar(sa.select(refund(first.id)))
        assert session.scalar(left) == 2
        session.scalar(sa.select(settle(second.id)))
        assert session.scalar(left) == 1


def test_an_order_that_is_not_its_lines_is_not_settled(house):
    with house.service() as session:
        wrong = order(house.bob, (house.offers["lamp"], 1), total=D("9.98"))
        add(session, wrong)
        said = refusal(session, lambda: session.scalar(sa.select(settle(wrong.id))))
        assert said == f"order {wrong.id} is for 9.98, and its lines for 9.99"
        nobody = uuid.uuid4()
        said = refusal(session, lambda: session.scalar(sa.select(settle(nobody))))
        assert said == f"order {nobody} is not there, and cannot be settled"


def test_payouts_are_what_was_earned_and_each_earning_is_in_one(house):
    with house.service() as session:
        session.scalar(sa.select(settle(house.open.id)))
        # Far and Wil have not said where to.
        assert session.scalar(sa.select(pay_out(FOREVER))) == 1
        assert session.scalar(sa.select(pay_out(FOREVER))) == 0
        made = session.scalars(sa.select(Payout)).one()
        assert (made.creator_id, made.amount) == (house.ann.id, D("16.00"))
        assert made.account_id == house.account_a.id
        assert sum(e.amount for e in made.earnings) == made.amount
        # The refund comes off what is earned next.
        session.scalar(sa.select(refund(house.open.id)))
        assert session.scalar(sa.select(pay_out(FOREVER))) == 0
        due = sa.select(sa.func.sum(Earning.amount)).where(
            Earning.creator_id == house.ann.id, Earning.payout_id.is_(None)
        )
        assert session.scalar(due) == D("-16.00")


def test_too_little_waits_and_who_is_suspended_gets_nothing(house):
    with house.service() as session:
        session.scalar(sa.select(settle(house.open.id)))
        session.execute(sa.update(PayoutMethod).values(minimum_amount=D("16.01")))
        assert session.scalar(sa.select(pay_out(FOREVER))) == 0
        session.execute(sa.update(PayoutMethod).values(minimum_amount=D(16)))
        session.execute(sa.update(Creator).values(status="suspended"))
        assert session.scalar(sa.select(pay_out(FOREVER))) == 0
        session.execute(sa.update(Creator).values(status="active"))
        assert session.scalar(sa.select(pay_out(ago(days=999)))) == 0
        assert session.scalar(sa.select(pay_out(FOREVER))) == 1


def test_what_a_creator_earned_by_offer(house):
    query = (
        sa.select(Listing.slug, sa.func.sum(Earning.amount))
        .join(Earning.line).join(OrderLine.listing).group_by(Listing.slug)
    )  # fmt: skip
    with house.service() as session:
        session.scalar(sa.select(settle(house.open.id)))
        session.connection().exec_driver_sql("RESET ROLE; SET ROLE authenticated")
        claims = f'{{"sub": "{house.alice}", "role": "authenticated"}}'
        session.execute(
            sa.select(sa.func.set_config("request.jwt.claims", claims, True))
        )
        # Lines of others' orders are not hers to see; her earnings are.
        assert session.execute(query).all() == []
        mine = sa.select(sa.func.sum(Earning.amount))
        assert session.scalar(mine) == D("16.00")


def test_the_statement_of_a_creator_month_by_month(house):
    month = sa.func.date_trunc("month", Earning.earned_at)
    statement = (
        sa.select(
            sa.func.sum(Earning.amount).filter(Earning.kind == "sale"),
            sa.func.coalesce(
                sa.func.sum(Earning.amount).filter(Earning.kind == "refund"), 0
            ),
        )
        .where(Earning.creator_id == house.ann.id)
        .group_by(month)
        .order_by(month)
    )
    with house.service() as session:
        session.scalar(sa.select(settle(house.open.id)))
        session.connection().exec_driver_sql("RESET ROLE")  # earnings stay, else
        session.execute(sa.update(Earning).values(earned_at=ago(days=45)))
        other = order(house.bob, (house.offers["lamp"], 1))
        add(session, other)
        session.scalar(sa.select(settle(other.id)))
        session.scalar(sa.select(refund(other.id)))
        first, second = session.execute(statement).all()
        assert first == (D("16.00"), 0)
        assert second == (D("8.99"), D("-8.99"))


def test_what_waits_to_be_paid_out_and_to_whom_it_cannot_go(house):
    waiting = (
        sa.select(
            Creator.handle,
            sa.func.sum(Earning.amount),
            PayoutMethod.creator_id.is_(None),
        )
        .join(Earning.creator)
        .outerjoin(PayoutMethod, PayoutMethod.creator_id == Creator.id)
        .where(Earning.payout_id.is_(None))
        .group_by(Creator.handle, PayoutMethod.creator_id)
        .order_by(Creator.handle)
    )
    with house.service() as session:
        session.scalar(sa.select(settle(house.open.id)))
        assert session.execute(waiting).all() == [
            ("ann", D("16.00"), False), ("far", CENT, True), ("wil", CENT, True)
        ]  # fmt: skip
        session.scalar(sa.select(pay_out(FOREVER)))
        assert [row[0] for row in session.execute(waiting)] == ["far", "wil"]


def test_what_the_platform_has_kept(house):
    kept = (
        sa.select(sa.func.sum(OrderLine.fee), sa.func.sum(OrderLine.amount))
        .join(OrderLine.order)
        .where(Order.status == "paid")
    )
    with house.service() as session:
        assert session.execute(kept).one() == (None, None)
        total = session.scalar(sa.select(settle(house.open.id)))
        fee, amount = session.execute(kept).one()
        assert (fee, amount) == (D("4.01"), D("20.03"))
        assert amount - fee == total


def test_payouts_that_failed_are_sent_again_with_the_same_earnings(house):
    with house.service() as session:
        session.scalar(sa.select(settle(house.open.id)))
        session.scalar(sa.select(pay_out(FOREVER)))
        failed = sa.select(Payout.id, Payout.failure).where(Payout.status == "failed")
        session.execute(sa.update(Payout).values(status="failed", failure="no account"))
        ((payout, why),) = session.execute(failed).all()
        assert why == "no account"
        assert session.scalar(sa.select(pay_out(FOREVER))) == 0
        again = sa.update(Payout).where(Payout.id == payout)
        session.execute(again.values(status="sent", failure=None, sent_at=NOON))
        paid = sa.select(sa.func.sum(Earning.amount)).where(Earning.payout_id == payout)
        assert session.scalar(paid) == D("16.00")
        take = sa.update(Earning).where(Earning.payout_id == payout)
        said = refusal(session, lambda: session.execute(take.values(payout_id=None)))
        assert said == "earnings_one_payout"


def test_what_sells_best_and_how_much_of_it_comes_back(house):
    sold = sa.func.sum(OrderLine.quantity)
    back = sa.func.sum(OrderLine.quantity).filter(Order.status == "refunded")
    query = (
        sa.select(Listing.slug, sold, sa.func.coalesce(back, 0))
        .join(OrderLine.listing)
        .join(OrderLine.order)
        .where(Order.status.in_(["paid", "refunded"]))
        .group_by(Listing.slug)
        .order_by(sold.desc())
    )
    with house.service() as session:
        session.scalar(sa.select(settle(house.open.id)))
        other = order(house.eve, (house.offers["board"], 3))
        add(session, other)
        session.scalar(sa.select(settle(other.id)))
        session.scalar(sa.select(refund(other.id)))
        assert session.execute(query).all() == [("board", 4, 3), ("lamp", 2, 0)]


def test_a_review_does_not_move_to_what_was_not_bought(house):
    bought, other = house.offers["lamp"].id, house.offers["far"].id
    with house.service() as session:
        session.scalar(sa.select(settle(house.open.id)))
        add(session, Review(listing_id=bought, user_id=house.bob, rating=5))
        session.connection().exec_driver_sql("RESET ROLE; SET ROLE authenticated")
        claims = f'{{"sub": "{house.bob}", "role": "authenticated"}}'
        session.execute(
            sa.select(sa.func.set_config("request.jwt.claims", claims, True))
        )
        mine = sa.update(Review).where(Review.user_id == house.bob)
        session.execute(mine.values(rating=4))
        move = mine.values(listing_id=other)
        assert refusal(session, lambda: session.execute(move)) == "reviews_place"


def test_orders_are_seen_by_who_bought_alone(house):
    for person, seen in ((house.bob, [house.open.id]), (house.alice, [])):
        with house.acting(person) as session:
            assert session.scalars(sa.select(Order.id)).all() == seen
            lines = session.scalars(sa.select(OrderLine.order_id)).all()
            assert set(lines) == set(seen)


def test_what_was_bought_stays_visible_once_it_is_withdrawn(house):
    lamp = house.offers["lamp"].id
    with house.engine.begin() as connection:
        change = sa.update(Listing).where(Listing.id == lamp)
        connection.execute(change.values(status="withdrawn"))
    try:
        with house.acting(house.bob) as session:
            assert session.get(Listing, lamp) is not None
            assert session.get(Listing, house.offers["draft"].id) is None
    finally:
        with house.engine.begin() as connection:
            connection.execute(change.values(status="published"))


def test_only_who_bought_may_review_and_others_see_it_once_it_was_looked_at(house):
    lamp = house.offers["lamp"].id
    with house.acting(house.bob) as session:  # ordered, but not paid
        review = Review(listing_id=lamp, user_id=house.bob, rating=5)
        assert "row-level security" in refusal(session, lambda: add(session, review))
    with house.engine.begin() as connection:
        connection.execute(sa.select(settle(house.open.id)))
    try:
        with house.acting(house.bob) as session:
            review = Review(listing_id=lamp, user_id=house.bob, rating=5)
            add(session, review)
            approve = sa.update(Review).values(status="visible")
            assert "row-level security" in refusal(
                session, lambda: session.execute(approve)
            )
    finally:
        with house.engine.begin() as connection:
            connection.execute(sa.delete(Earning))
            connection.execute(sa.update(Order).values(status="pending", paid_at=None))


def test_the_rating_of_an_offer_counts_visible_reviews(house):
    lamp = house.offers["lamp"].id
    rating = sa.select(
        sa.func.count(), sa.func.round(sa.func.avg(Review.rating), 2)
    ).where(Review.listing_id == lamp, Review.status == "visible")
    with house.service() as session:
        add(
            session,
            Review(listing_id=lamp, user_id=house.alice, rating=4, status="visible"),
            Review(listing_id=lamp, user_id=house.bob, rating=5, status="visible"),
            Review(listing_id=lamp, user_id=house.eve, rating=1),
        )
        assert session.execute(rating).one() == (2, D("4.50"))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda h: offer(h.ann, "mine", status="draft"), "row-level security"),
        (lambda h: order(h.bob, (h.offers["lamp"], 1)), "permission denied"),
        (lambda h: Payout(creator_id=h.ann.id, currency="USD", amount=D(1),
                          until=NOON), "permission denied"),
        (lambda h: RevenueShare(listing_id=h.offers["far"].id, creator_id=h.ann.id,
                                share_bp=10_000), "row-level security"),
        (lambda h: PayoutMethod(creator_id=h.far.id, account_id=h.account_b.id),
         "row-level security"),
        (lambda h: Creator(user_id=h.alice, handle="not-me", display_name="x"),
         "row-level security"),
    ],
)  # fmt: skip
def test_nobody_sells_for_others_or_writes_what_the_service_writes(house, make, said):
    with house.acting(house.bob) as session:
        assert said in refusal(session, lambda: add(session, make(house)))


def test_a_change_of_an_offer_is_looked_at_again(house):
    lamp = sa.update(Listing).where(Listing.id == house.offers["lamp"].id)
    with house.acting(house.bob) as session:
        assert session.execute(lamp.values(price=0)).rowcount == 0
        become = Creator(id=uuid.uuid4(), user_id=house.bob, handle="bob",
                         display_name="Bob")  # fmt: skip
        add(session, become)
        add(session, offer(become, "new", status="in_review", published_at=None))
        publish = sa.update(Listing).where(Listing.slug == "new")
        values = {"status": "published", "published_at": NOON}
        said = refusal(session, lambda: session.execute(publish.values(**values)))
        assert "row-level security" in said
        pirate = PayoutMethod(creator_id=become.id, account_id=house.account_a.id)
        assert "row-level security" in refusal(session, lambda: add(session, pirate))


@pytest.mark.parametrize(("first", "second"), [(5_000, 4_999), (5_000, 5_001), (1, 1)])
def test_shares_that_are_not_the_whole_are_refused_at_the_end(house, first, second):
    with house.service() as session:

        def share():
            add(session, *(
                RevenueShare(listing_id=house.offers["lamp"].id, creator_id=c.id,
                             share_bp=bp)
                for c, bp in ((house.ann, first), (house.far, second))
            ))  # fmt: skip
            session.connection().exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")

        assert refusal(session, share) == "revenue_shares_add_up"


def test_shares_may_move_within_a_transaction_and_go_with_their_offer(house):
    board = house.offers["board"].id
    with house.service() as session:
        for creator, share in ((house.ann, 5_000), (house.far, 1_667)):
            session.execute(
                sa.update(RevenueShare)
                .where(RevenueShare.listing_id == board)
                .where(RevenueShare.creator_id == creator.id)
                .values(share_bp=share)
            )
        session.connection().exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
        session.execute(sa.delete(OrderLine).where(OrderLine.listing_id == board))
        session.execute(sa.delete(Listing).where(Listing.id == board))


@pytest.mark.parametrize(
    ("make", "constraint"),
    [
        (lambda h: Creator(handle="Ann!", display_name="x"), "creators_handle_check"),
        (lambda h: Creator(handle="ann", display_name="x"), "creators_handle_key"),
        (lambda h: Creator(handle="al2", display_name="x", user_id=h.alice),
         "creators_user_key"),
        (lambda h: offer(h.ann, "lamp"), "listings_creator_slug_key"),
        (lambda h: offer(h.ann, "x", "-1"), "listings_price_check"),
        (lambda h: offer(h.ann, "x", kind="pet"), "listings_kind_check"),
        (lambda h: offer(h.ann, "x", stock=-1), "listings_stock_check"),
        (lambda h: offer(h.ann, "x", published_at=None), "listings_published_check"),
        (lambda h: RevenueShare(listing_id=h.offers["lamp"].id, creator_id=h.ann.id,
                                share_bp=0), "revenue_shares_share_check"),
        (lambda h: order(h.bob, status="paid"), "orders_paid_check"),
        (lambda h: order(h.bob, status="refunded", paid_at=NOON),
         "orders_refunded_check"),
        (lambda h: order(h.bob, (h.offers["lamp"], 0)), "order_lines_quantity_check"),
        (lambda h: order(h.bob, (h.offers["lamp"], 1), fee="1.01"),
         "order_lines_fee_check"),
        (lambda h: OrderLine(order_id=h.open.id, listing_id=h.offers["far"].id,
                             quantity=2, unit_price=D(3), amount=D(5)),
         "order_lines_amount_check"),
        (lambda h: Earning(line_id=h.open.lines[0].id, creator_id=h.ann.id,
                           kind="refund", currency="USD", amount=D(1)),
         "earnings_amount_check"),
        (lambda h: Payout(creator_id=h.ann.id, currency="USD", amount=D(0), until=NOON),
         "payouts_amount_check"),
        (lambda h: Payout(creator_id=h.ann.id, currency="USD", amount=D(1), until=NOON,
                          status="sent"), "payouts_sent_check"),
        (lambda h: Review(listing_id=h.offers["lamp"].id, user_id=h.bob, rating=6),
         "reviews_rating_check"),
    ],
)  # fmt: skip
def test_bad_rows_are_refused(house, make, constraint):
    assert house.refused(make(house)) == constraint


def test_a_payout_cannot_hold_the_earnings_of_another(house):
    with house.service() as session:
        session.scalar(sa.select(settle(house.open.id)))
        payout = Payout(id=uuid.uuid4(), creator_id=house.ann.id, currency="USD",
                        amount=D(1), until=NOON)  # fmt: skip
        add(session, payout)
        theirs = sa.update(Earning).where(Earning.creator_id == house.far.id)
        change = theirs.values(payout_id=payout.id)
        assert refusal(session, lambda: session.execute(change)) == "fk_earnings_payout"


def test_who_goes_leaves_what_others_earned(house):
    with house.service() as session:
        sold = session.scalar(sa.select(settle(house.open.id)))
        session.connection().exec_driver_sql("RESET ROLE")
        session.connection().exec_driver_sql(
            "DELETE FROM core.users WHERE id = %(id)s", {"id": house.bob}
        )
        assert sum(earned(session, house.open.id).values()) == sold
        left = sa.select(Order.buyer_id).where(Order.id == house.open.id)
        assert session.scalar(left) is None


def test_the_hot_queries_have_their_index(house):
    window = (
        sa.select(Listing.id)
        .where(Listing.kind == "device", Listing.status == "published")
        .order_by(Listing.published_at.desc())
        .limit(20)
    )
    assert searched(house.plan(None, window)) == {"idx_listings_window"}
    word = sa.select(Listing.id).where(Listing.tags.contains(["light"]))
    assert searched(house.plan(None, word)) == {"idx_listings_tags"}
    mine = sa.select(Order.id).order_by(Order.placed_at.desc()).limit(20)
    assert "idx_orders_buyer_placed" in searched(house.plan(house.bob, mine))
    earnings = (
        sa.select(Earning.amount)
        .where(Earning.creator_id == house.ann.id)
        .order_by(Earning.earned_at.desc())
    )
    assert "idx_earnings_creator_earned" in searched(house.plan(None, earnings))
    due = sa.select(Earning.id).where(
        Earning.payout_id.is_(None), Earning.earned_at < NOON
    )
    assert searched(house.plan(None, due)) == {"idx_earnings_unpaid"}
    stars = (
        sa.select(Review.rating)
        .where(Review.listing_id == house.offers["lamp"].id)
        .where(Review.status == "visible")
        .order_by(Review.created_at.desc())
    )
    plan = house.plan(None, stars, "bitmapscan")
    assert searched(plan) <= {"idx_reviews_listing_visible", "reviews_listing_user_key"}
