"""Trading alerts: setting them, firing them once, telling and showing what fired."""

import uuid
from decimal import Decimal as D

import pytest
import sqlalchemy as sa

from models.homeops import Account, PriceQuote, TradingAlert, TradingAlertEvent
from tests.homeops.household import (  # noqa: F401 - a fixture
    NOON,
    add,
    ago,
    household,
    refusal,
    searched,
)

FIRE = sa.select(sa.func.financial.fire_trading_alerts(NOON))


def alert(user, **more):
    values = {"symbol": "VTI", "condition": "price_below", "threshold": D(250)}
    return TradingAlert(id=uuid.uuid4(), user_id=user, **values | more)


def quote(symbol, price, quoted_at, **more):
    return PriceQuote(
        symbol=symbol, currency="USD", price=D(price), quoted_at=quoted_at,
        source="feed", **more,
    )  # fmt: skip


@pytest.fixture(scope="module")
def house(household):  # noqa: F811
    account = household.account(household.alice)
    bobs = household.account(household.bob)
    dip = alert(household.alice, account_id=account.id, channels=["push", "email"])
    rise = alert(
        household.alice, symbol="BTC", condition="rise_percent", threshold=D(10),
        reference_price=D(60_000), is_recurring=True, cooldown_s=3_600,
    )  # fmt: skip
    top = alert(household.alice, condition="price_above", threshold=D(300))
    paused = alert(household.alice, status="paused", threshold=D(999))
    over = alert(household.alice, threshold=D(999), expires_at=ago(days=1))
    bobs_dip = alert(household.bob, account_id=bobs.id, threshold=D("249.99"))
    household.add(dip, rise, top, paused, over, bobs_dip)
    household.add(
        quote("VTI", "260", ago(days=2)),
        quote("VTI", "249.50", ago(hours=1)),
        quote("VTI", "999", NOON.replace(hour=18)),
        quote("BTC", "65999.99", ago(hours=2)),
        quote("BTC", "66000", ago(minutes=5)),
        quote("OLD", "1", ago(days=30)),
    )
    told = TradingAlertEvent(
        id=uuid.uuid4(), alert_id=rise.id, fired_at=ago(days=3),
        quoted_at=ago(days=3), price=D(67_000), condition="rise_percent",
        threshold=D(10), delivery="sent", delivered_at=ago(days=3), attempts=1,
    )  # fmt: skip
    failed = TradingAlertEvent(
        id=uuid.uuid4(), alert_id=rise.id, fired_at=ago(days=9), quoted_at=ago(days=9),
        price=D(66_500), condition="rise_percent", threshold=D(10), attempts=2,
    )  # fmt: skip
    household.add(told, failed)
    for name in ("dip", "rise", "top", "paused", "over", "bobs_dip", "account", "bobs"):
        setattr(household, name, locals()[name])
    household.told, household.failed = told, failed
    return household


def test_the_latest_price_fires_what_waits_for_it(house):
    with house.service() as session:
        assert session.scalar(FIRE) == 3
        new = sa.select(TradingAlertEvent.alert_id, TradingAlertEvent.price)
        fired = session.execute(new.where(TradingAlertEvent.fired_at == NOON)).all()
        assert sorted(fired) == sorted(
            [
                (house.dip.id, D("249.50")),
                (house.bobs_dip.id, D("249.50")),
                (house.rise.id, D(66_000)),
            ]
        )
        status = dict(
            session.execute(sa.select(TradingAlert.id, TradingAlert.status)).all()
        )
    assert status == {
        house.dip.id: "triggered", house.bobs_dip.id: "triggered",
        house.rise.id: "active", house.top.id: "active",
        house.paused.id: "paused", house.over.id: "expired",
    }  # fmt: skip


def test_an_alert_does_not_fire_again_for_the_same_price_or_in_its_pause(house):
    with house.service() as session:
        assert session.scalar(FIRE) == 3
        assert session.scalar(FIRE) == 0
        add(session, quote("BTC", "70000", NOON.replace(minute=30)))
        fire = sa.func.financial.fire_trading_alerts
        assert session.scalar(sa.select(fire(NOON.replace(minute=45)))) == 0
        assert session.scalar(sa.select(fire(NOON.replace(hour=13)))) == 1
        assert session.scalar(sa.select(fire(NOON.replace(hour=15)))) == 0


def test_a_price_of_last_month_fires_nothing(house):
    with house.service() as session:
        add(session, alert(house.bob, symbol="OLD", threshold=D(5)))
        session.execute(FIRE)
        seen = sa.select(sa.func.count()).where(TradingAlertEvent.price == 1)
        assert session.scalar(seen) == 0


def test_two_runs_at_once_fire_an_alert_once(house):
    with house.engine.connect() as one, house.engine.connect() as two:
        assert one.scalar(FIRE) == 3
        assert two.scalar(FIRE) == 0  # and does not wait for the other one
        one.rollback()
        two.rollback()


def test_alerts_of_mine_by_state(house):
    count = sa.select(TradingAlert.status, sa.func.count()).group_by(
        TradingAlert.status
    )
    with house.acting(house.alice) as session:
        assert dict(session.execute(count).all()) == {"active": 4, "paused": 1}


def test_how_far_each_alert_is_from_firing(house):
    latest = (
        sa.select(PriceQuote.price)
        .where(
            PriceQuote.symbol == TradingAlert.symbol,
            PriceQuote.currency == TradingAlert.currency,
            PriceQuote.quoted_at <= NOON,
        )
        .order_by(PriceQuote.quoted_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    gap = sa.func.round((TradingAlert.threshold / latest - 1) * 100, 2)
    query = sa.select(TradingAlert.id, gap).where(
        TradingAlert.condition.in_(["price_above", "price_below"]),
        TradingAlert.status == "active",
        TradingAlert.id != house.over.id,
    )
    with house.acting(house.alice) as session:
        found = dict(session.execute(query).all())
    assert found == {house.dip.id: D("0.20"), house.top.id: D("20.24")}


def test_what_fired_and_is_not_seen_yet_the_latest_first(house):
    unseen = (
        sa.select(TradingAlertEvent)
        .where(TradingAlertEvent.acknowledged_at.is_(None))
        .order_by(TradingAlertEvent.fired_at.desc())
    )
    with house.acting(house.alice) as session:
        found = session.scalars(unseen).all()
        assert [event.id for event in found] == [house.told.id, house.failed.id]
        found[0].acknowledged_at = NOON
        session.flush()
        assert [event.id for event in session.scalars(unseen)] == [house.failed.id]


def test_what_is_still_to_be_sent_the_oldest_first_and_where_to(house):
    queue = (
        sa.select(TradingAlertEvent.id, TradingAlert.channels)
        .join(TradingAlertEvent.alert)
        .where(TradingAlertEvent.delivery == "pending", TradingAlertEvent.attempts < 5)
        .order_by(TradingAlertEvent.fired_at)
        .with_for_update(of=TradingAlertEvent, skip_locked=True)
    )
    with house.service() as session:
        assert session.execute(queue).all() == [(house.failed.id, ["push"])]
        session.get_one(TradingAlertEvent, house.failed.id).delivery = "sent"
        assert "trading_alert_events_delivered_check" in refusal(session, session.flush)


def test_the_history_of_one_alert(house):
    with house.acting(house.alice) as session:
        rise = session.get_one(TradingAlert, house.rise.id)
        assert {event.id for event in rise.events} == {house.told.id, house.failed.id}
        assert rise.user.full_name == "alice"
        # What was said then is what was true then, whatever the alert is now.
        rise.threshold = D(25)
        session.flush()
        session.expire_all()
        assert {event.threshold for event in rise.events} == {D(10)}


def test_the_alerts_of_an_account_go_with_it(house):
    with house.acting(house.alice) as session:
        account = session.get_one(Account, house.account.id)
        assert [a.id for a in account.trading_alerts] == [house.dip.id]
        session.delete(account)
        session.flush()
        assert session.scalars(
            sa.select(TradingAlert.id).where(TradingAlert.id == house.dip.id)
        ).all() == []  # fmt: skip


def test_prices_of_a_day_for_a_chart(house):
    chart = sa.select(
        sa.func.min(PriceQuote.price), sa.func.max(PriceQuote.price), sa.func.count()
    ).where(
        PriceQuote.symbol == "BTC",
        PriceQuote.quoted_at.between(ago(days=1), NOON),
    )
    with house.acting(house.bob) as session:
        assert session.execute(chart).one() == (D("65999.99"), D(66_000), 2)


def test_symbols_that_the_price_feed_must_ask_for(house):
    wanted = (
        sa.select(TradingAlert.symbol)
        .where(TradingAlert.status == "active")
        .distinct()
        .order_by(TradingAlert.symbol)
    )
    with house.service() as session:
        assert session.scalars(wanted).all() == ["BTC", "VTI"]


def test_nobody_sees_or_touches_anothers_alerts(house):
    with house.acting(house.bob) as session:
        assert session.scalars(sa.select(TradingAlert.id)).all() == [house.bobs_dip.id]
        assert session.scalars(sa.select(TradingAlertEvent)).all() == []
        change = sa.update(TradingAlert).where(TradingAlert.user_id == house.alice)
        assert session.execute(change.values(status="paused")).rowcount == 0
        seen = sa.update(TradingAlertEvent).values(acknowledged_at=NOON)
        assert session.execute(seen).rowcount == 0


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda h: alert(h.alice), "row-level security"),
        (lambda h: alert(h.bob, account_id=h.account.id), "row-level security"),
        (lambda h: quote("VTI", 1, NOON), "permission denied"),
        (
            lambda h: TradingAlertEvent(
                alert_id=h.bobs_dip.id, quoted_at=NOON, price=D(1),
                condition="price_below", threshold=D(1),
            ),
            "permission denied",
        ),
    ],
)  # fmt: skip
def test_a_person_cannot_write_for_others_nor_what_the_service_writes(
    house, make, said
):
    with house.acting(house.bob) as session:
        assert said in refusal(session, lambda: add(session, make(house)))


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"condition": "moon"}, "trading_alerts_condition_check"),
        ({"threshold": D(0)}, "trading_alerts_threshold_check"),
        ({"reference_price": D(1)}, "trading_alerts_reference_price_check"),
        ({"condition": "rise_percent"}, "trading_alerts_reference_price_check"),
        (
            {"condition": "fall_percent", "reference_price": D(1), "threshold": D(101)},
            "trading_alerts_fall_check",
        ),
        (
            {"condition": "rise_percent", "reference_price": D(-1)},
            "trading_alerts_reference_price_positive_check",
        ),
        ({"status": "lost"}, "trading_alerts_status_check"),
        ({"channels": []}, "trading_alerts_channels_check"),
        ({"channels": ["pigeon"]}, "trading_alerts_channels_check"),
        ({"cooldown_s": -1}, "trading_alerts_cooldown_check"),
        ({"currency": "usd"}, "trading_alerts_currency_check"),
        ({"symbol": ""}, "trading_alerts_symbol_check"),
        ({"user_id": uuid.uuid4()}, "fk_trading_alerts_user"),
        ({"account_id": uuid.uuid4()}, "fk_trading_alerts_account"),
    ],
)
def test_a_bad_alert_is_refused(house, values, constraint):
    assert house.refused(alert(house.alice)) == "nothing was refused"
    user = values.get("user_id", house.alice)
    rest = {name: value for name, value in values.items() if name != "user_id"}
    assert house.refused(alert(user, **rest)) == constraint


def test_a_bad_price_is_refused_and_a_second_one_of_the_moment(house):
    assert house.refused(quote("VTI", "-1", NOON)) == "price_quotes_price_check"
    again = quote("VTI", "1", ago(days=2))
    assert house.refused(again) == "price_quotes_pkey"
    with house.service() as session:  # The model refuses NaN before; SQL must, too.
        insert = sa.text(
            "INSERT INTO financial.price_quotes"
            " VALUES ('X', 'USD', now(), 'NaN', 1, 'feed')"
        )
        assert (
            refusal(session, lambda: session.execute(insert))
            == "price_quotes_price_check"
        )


def test_the_hot_queries_have_their_index(house):
    with house.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO financial.price_quotes"
            " SELECT s, 'USD', %(noon)s::timestamptz - n * interval '1 hour', 1, 1, 'f'"
            " FROM generate_series(50, 1050) AS n, unnest(ARRAY['A', 'B', 'C']) AS s",
            {"noon": NOON},
        )
        connection.exec_driver_sql("ANALYZE financial.price_quotes")
    latest = (
        sa.select(PriceQuote.price)
        .where(PriceQuote.symbol == "B", PriceQuote.currency == "USD")
        .order_by(PriceQuote.quoted_at.desc())
        .limit(1)
    )
    assert searched(house.plan(None, latest)) == {"price_quotes_pkey"}
    assert "Sort" not in house.plan(None, latest)
    old = sa.select(PriceQuote.symbol).where(PriceQuote.quoted_at < ago(days=40))
    assert searched(house.plan(None, old)) == {"idx_price_quotes_quoted"}
    mine = sa.select(TradingAlert.id).where(TradingAlert.status == "paused")
    assert "idx_trading_alerts_user_status" in searched(house.plan(house.alice, mine))
    waiting = sa.select(TradingAlert.id).where(
        TradingAlert.status == "active",
        TradingAlert.symbol == "B",
        TradingAlert.currency == "USD",
    )
    assert searched(house.plan(None, waiting)) == {"idx_trading_alerts_watched"}
    shown = sa.select(TradingAlertEvent.id).where(
        TradingAlertEvent.alert_id == house.rise.id
    )
    assert "idx_trading_alert_events_alert_fired" in searched(house.plan(None, shown))
