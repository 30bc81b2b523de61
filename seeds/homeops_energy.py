"""Energy of the household: a tariff by the time of day, and the main meter's hours."""

import datetime as dt
import random
from collections.abc import Iterator
from decimal import Decimal
from uuid import uuid5

from rollout.seeding import Rows
from seeds.homeops_rows import END, SPACE, Members, Row, at, before

TARIFFS = (
    "id", "carrier", "direction", "name", "currency", "valid_from", "standing_charge",
)  # fmt: skip
RATES = ("tariff_id", "day_type", "starts_at", "unit_price")
READINGS = (
    "device_id", "direction", "started_at", "interval_s", "carrier", "quantity",
    "is_estimated",
)  # fmt: skip
DAYS = (
    "device_id", "direction", "used_on", "carrier", "quantity", "cost", "currency",
    "reading_count", "estimated_count",
)  # fmt: skip
BUDGETS = ("carrier", "month", "limit_quantity", "warn_at")

METER = uuid5(SPACE, "device Main meter")
TARIFF = uuid5(SPACE, "tariff 2026")
BY_HOUR = (3, 2, 2, 2, 3, 4, 7, 9, 7, 5, 5, 6, 8, 6, 5, 5, 6, 9, 12, 13, 11, 9, 6, 4)
"""How the use of a day is spread over its hours, in hundredths or so."""
HOURLY_DAYS = 21
PRICES = (("weekday", "00:00", "0.182"), ("weekday", "07:00", "0.316"),
          ("weekday", "22:00", "0.182"), ("weekend", "00:00", "0.182"))  # fmt: skip


def of_household(members: Members, days: int) -> list[Rows]:
    """Rows of the tables of energy monitoring: one household, whoever lives in it."""
    return [
        Rows("smart_home.tariffs", TARIFFS, tariffs),
        Rows("smart_home.tariff_rates", RATES, rates),
        Rows("smart_home.energy_readings", READINGS, lambda: readings(days)),
        Rows("smart_home.energy_days", DAYS, lambda: energy_days(days)),
        Rows("smart_home.energy_budgets", BUDGETS, budgets),
    ]


def tariffs() -> Iterator[Row]:
    """One contract."""
    yield (
        TARIFF, "electricity", "import", "City Power Day & Night", "USD",
        dt.date(2025, 1, 1), Decimal("0.41"),
    )  # fmt: skip


def rates() -> Iterator[Row]:
    """Cheaper by night and at the week-end."""
    for kind, starts, price in PRICES:
        yield TARIFF, kind, starts, Decimal(price)


def readings(days: int) -> Iterator[Row]:
    """An hour a row, of the last three weeks."""
    chance = random.Random("energy readings")
    for ago in range(min(days, HOURLY_DAYS), -1, -1):
        for hour, usual in enumerate(BY_HOUR):
            used = Decimal(usual * chance.randint(70, 130)) / 1_000
            yield (
                METER, "import", at(before(ago), hour), 3_600, "electricity", used,
                chance.random() < 0.01,
            )  # fmt: skip


def energy_days(days: int) -> Iterator[Row]:
    """The roll-up of the readings."""
    sums: dict[dt.date, list[Decimal]] = {}
    for _, _, started, _, _, quantity, estimated in readings(days):
        kind = "weekday" if started.weekday() < 5 else "weekend"
        price = [p for k, s, p in PRICES if k == kind and int(s[:2]) <= started.hour][
            -1
        ]
        values = quantity, quantity * Decimal(price), Decimal(1), Decimal(estimated)
        known = sums.get(started.date(), [Decimal(0)] * 4)
        sums[started.date()] = [a + b for a, b in zip(known, values, strict=True)]
    for day, (quantity, cost, count, estimated) in sums.items():
        yield (
            METER, "import", day, "electricity", quantity,
            cost.quantize(Decimal("0.01")), "USD", int(count), int(estimated),
        )  # fmt: skip


def budgets() -> Iterator[Row]:
    """Of the last months."""
    for month in range(4, END.month + 1):
        first = dt.date(END.year, month, 1)
        yield "electricity", first, Decimal(480), Decimal("0.8")
