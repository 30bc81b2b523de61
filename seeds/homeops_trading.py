"""Trading alerts of the household: prices, what is watched, what has fired."""

import datetime as dt
import math
import random
from collections.abc import Iterator
from decimal import Decimal

from rollout.seeding import Rows
from seeds.homeops_rows import END, Members, Row, at, before

QUOTES = ("symbol", "currency", "quoted_at", "price", "volume", "source")
ALERTS = (
    "id", "user_id", "account_id", "symbol", "condition", "threshold",
    "reference_price", "status", "is_recurring", "channels", "note", "expires_at",
    "last_fired_at", "created_at",
)  # fmt: skip
EVENTS = (
    "id", "alert_id", "fired_at", "quoted_at", "price", "condition", "threshold",
    "delivery", "attempts", "delivered_at", "acknowledged_at",
)  # fmt: skip

LISTED = {"VTI": ("270.00", "0.009"), "BND": ("72.00", "0.002")}
COINS = {"BTC": ("61200.00", "0.025"), "ETH": ("3050.00", "0.03")}
"""Price on the last day, and by how much a day's price differs from the next."""


def of_household(members: Members, days: int) -> list[Rows]:
    """Rows of the tables of trading alerts."""
    return [
        Rows("financial.price_quotes", QUOTES, lambda: quotes(days)),
        Rows("financial.trading_alerts", ALERTS, lambda: alerts(members)),
        Rows("financial.trading_alert_events", EVENTS, lambda: events(members)),
    ]


def prices(symbol: str, days: int) -> Iterator[tuple[dt.date, Decimal]]:
    """A price a day, the last day first: a walk backwards from a known price."""
    last, swing = (LISTED | COINS)[symbol]
    chance, price = random.Random(f"prices of {symbol}"), float(last)
    for ago in range(days + 1):
        yield before(ago), Decimal(str(price)).quantize(Decimal("0.01"))
        price *= math.exp(-chance.gauss(0.0004, float(swing)))


def quotes(days: int) -> Iterator[Row]:
    """Closing prices; exchanges of shares rest at week-ends, coins do not."""
    for symbol in (*LISTED, *COINS):
        chance = random.Random(f"volumes of {symbol}")
        for day, price in prices(symbol, days):
            volume = Decimal(chance.randint(80_000, 900_000))
            if symbol in COINS:
                yield symbol, "USD", at(day, 23), price, volume, "exchange"
            elif day.weekday() < 5:
                yield symbol, "USD", at(day, 21), price, volume, "feed"


def alerts(members: Members) -> Iterator[Row]:
    """Alerts in every state: waiting, paused, fired, over."""
    since = at(before(60))
    later, past = at(END + dt.timedelta(days=180)), at(before(5))
    for member in members:
        fund = member.key("brokerage")
        for name, account, symbol, condition, threshold, reference, *rest in (
            ("dip", fund, "VTI", "fall_percent", "8", "281.50",
             "active", True, "{push,email}", "Buy more", None, at(before(20), 21)),
            ("top", fund, "VTI", "price_above", "300", None,
             "active", False, "{push}", None, later, None),
            ("bonds", fund, "BND", "price_below", "71.5", None,
             "triggered", False, "{email}", None, None, at(before(9), 21)),
            ("coin", None, "BTC", "rise_percent", "20", "60000",
             "active", False, "{push,sms}", "Sell a tenth", later, None),
            ("ether", None, "ETH", "price_below", "2400", None,
             "paused", False, "{push}", None, None, None),
            ("old", None, "ETH", "price_above", "5000", None,
             "expired", False, "{push}", None, past, None),
        ):  # fmt: skip
            yield (
                member.key(f"alert {name}"), member.key("user"), account, symbol,
                condition, Decimal(threshold), reference and Decimal(reference), *rest,
                since,
            )  # fmt: skip


def events(members: Members) -> Iterator[Row]:
    """What fired: one sent and seen, one sent, one that could not be sent."""
    for member in members:
        for name, ago, price, condition, threshold, delivery, attempts, seen in (
            ("dip", 48, "258.40", "fall_percent", "8", "sent", 1, True),
            ("dip", 20, "257.95", "fall_percent", "8", "failed", 3, False),
            ("bonds", 9, "71.48", "price_below", "71.5", "sent", 1, False),
        ):
            fired = at(before(ago), 21)
            yield (
                member.key(f"alert {name} {ago}"), member.key(f"alert {name}"), fired,
                fired, Decimal(price), condition, Decimal(threshold), delivery,
                attempts,
                fired + dt.timedelta(seconds=4) if delivery == "sent" else None,
                fired + dt.timedelta(hours=2) if seen else None,
            )  # fmt: skip
