"""The rows of a household: the same in every run, from fixed ids and seeded chance."""

import datetime as dt
import random
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID, uuid5

SPACE = UUID("6f0d9c52-6d3e-5d0b-9a57-0c3c8f2b7a11")
END = dt.date(2026, 6, 30)
"""The last day that anything happened."""

HOUSE = (
    ("Living Room", "living_room", 1),
    ("Kitchen", "kitchen", 1),
    ("Dining Room", "dining_room", 1),
    ("Hallway", "hallway", 1),
    ("Garage", "garage", 1),
    ("Garden", "outdoor", 1),
    ("Master Bedroom", "bedroom", 2),
    ("Bedroom", "bedroom", 2),
    ("Bathroom", "bathroom", 2),
    ("Office", "office", 2),
    ("Basement", "basement", 0),
)
SHOPS = (
    ("Corner Grocery", "groceries", 12, 95),
    ("City Transport", "transport", 2, 40),
    ("Bistro Lune", "restaurants", 15, 80),
    ("Power & Light", "utilities", 60, 140),
    ("Book Barn", "leisure", 8, 45),
)
WORKS = (
    ("Harbour Lights", "movie", "A. Reyes", 1999, 6_840),
    ("The Long Field", "movie", "M. Okafor", 2012, 7_320),
    ("Night Train", "movie", "S. Lindqvist", 2021, 5_940),
    ("Small Hours", "track", "The Verandas", 2018, 214),
    ("Tin Roof", "track", "The Verandas", 2018, 187),
    ("Salt and Stone", "book", "I. Marchetti", 2005, None),
)
MACHINES = (
    ("Ceiling light", "light", "Lumo", "L-100"),
    ("Front door lock", "lock", "Bolt", "B2"),
    ("Thermostat", "thermostat", "Calor", "T3"),
    ("Main meter", "meter", "Gridline", "M1"),
)

USERS = (
    "id", "email", "password_hash", "full_name", "role", "created_at", "updated_at",
)  # fmt: skip
ACCOUNTS = (
    "id", "user_id", "name", "account_type", "currency", "balance", "external_id",
    "last_4", "created_at", "updated_at",
)  # fmt: skip
TRANSACTIONS = (
    "id", "account_id", "transaction_date", "amount", "description", "merchant_name",
    "category", "external_id", "created_at", "updated_at",
)  # fmt: skip
POSITIONS = (
    "id", "account_id", "symbol", "name", "asset_type", "quantity", "cost_basis",
    "market_value", "priced_at",
)  # fmt: skip
LIBRARIES = ("id", "user_id", "name", "type", "path")
ITEMS = (
    "id", "library_id", "title", "type", "creator", "release_year", "duration_s",
    "file_path",
)  # fmt: skip
VIEWING = ("id", "user_id", "item_id", "started_at", "watched_s", "is_completed")
DEVICES = (
    "id", "name", "type", "manufacturer", "model", "serial_number", "status",
    "installed_on",
)  # fmt: skip
READINGS = ("device_id", "metric", "recorded_at", "value")

Row = tuple[Any, ...]


class Member(NamedTuple):
    """A person; ``password_hash`` is None for who signs in without a password."""

    email: str
    name: str
    role: str
    password_hash: str | None

    def key(self, what: str) -> UUID:
        """The id of something of this person's."""
        return uuid5(SPACE, f"{self.email} {what}")


Members = Sequence[Member]


def at(day: dt.date, hour: int = 12) -> dt.datetime:
    """A moment of a day."""
    return dt.datetime(day.year, day.month, day.day, hour, tzinfo=dt.UTC)


def before(days: int) -> dt.date:
    """The day so many days before the last one."""
    return END - dt.timedelta(days=days)


def users(members: Members) -> Iterator[Row]:
    """Rows of core.users."""
    since = at(before(400))
    for member in members:
        yield (
            member.key("user"), member.email, member.password_hash, member.name,
            member.role, since, since,
        )  # fmt: skip


def accounts(members: Members) -> Iterator[Row]:
    """Rows of financial.accounts: a checking account and a brokerage each."""
    since = at(before(390))
    for number, member in enumerate(members, 1):
        for name, kind, balance in (
            ("Household", "checking", Decimal("2150.75")),
            ("Investments", "brokerage", Decimal("18240.10")),
        ):
            yield (
                member.key(kind), member.key("user"), name, kind, "USD", balance,
                f"{kind}-{number}", f"{number:04}", since, since,
            )  # fmt: skip


def transactions(members: Members, days: int) -> Iterator[Row]:
    """Rows of financial.transactions: wages once a month, purchases most days."""
    for member in members:
        chance = random.Random(f"bookings of {member.email}")
        for ago in range(days, -1, -1):
            day = before(ago)
            if day.day == 1:
                yield _booking(
                    member, day, Decimal("3200.00"), "Wages", "Employer", "income"
                )
            if chance.random() < 0.7:
                shop, category, least, most = chance.choice(SHOPS)
                cents = chance.randint(least * 100, most * 100)
                amount = -Decimal(cents) / 100
                yield _booking(member, day, amount, "Card payment", shop, category)


def _booking(
    member: Member, day: dt.date, amount: Decimal, text: str, whom: str, category: str
) -> Row:
    moment, name = at(day), f"{day.isoformat()} {whom}"
    return (
        member.key(name), member.key("checking"), day, amount, text, whom, category,
        name, moment, moment,
    )  # fmt: skip


def positions(members: Members) -> Iterator[Row]:
    """Rows of financial.positions."""
    for member in members:
        for symbol, name, kind, quantity, price in (
            ("VTI", "Total market fund", "etf", "42.5", 270),
            ("BND", "Bond fund", "etf", "60", 72),
            ("CASH", "US dollars", "cash", "1180.10", 1),
        ):
            worth = (Decimal(quantity) * price).quantize(Decimal("0.01"))
            yield (
                member.key(symbol), member.key("brokerage"), symbol, name, kind,
                Decimal(quantity), (worth * 9 / 10).quantize(Decimal("0.01")), worth,
                at(END, 21),
            )  # fmt: skip


def libraries(members: Members) -> Iterator[Row]:
    """Rows of media.libraries: all belong to the first member, who shares them."""
    first = members[0]
    for name, kind in (("Films", "movies"), ("Music", "music"), ("Books", "books")):
        yield first.key(kind), first.key("user"), name, kind, f"/media/{kind}"


def items(members: Members) -> Iterator[Row]:
    """Rows of media.items."""
    first, home = members[0], {"movie": "movies", "track": "music", "book": "books"}
    for title, kind, creator, year, seconds in WORKS:
        yield (
            first.key(title), first.key(home[kind]), title, kind, creator, year,
            seconds, f"{year}/{title}",
        )  # fmt: skip


def viewing(members: Members, days: int) -> Iterator[Row]:
    """Rows of media.viewing_history: something every third evening."""
    first = members[0]
    for member in members:
        chance = random.Random(f"evenings of {member.email}")
        for ago in range(days, -1, -3):
            title, _, _, _, seconds = chance.choice(WORKS)
            whole = seconds or 1_800
            watched = whole if chance.random() < 0.6 else chance.randint(60, whole)
            yield (
                member.key(f"evening {ago}"), member.key("user"), first.key(title),
                at(before(ago), 20), watched, watched == whole,
            )  # fmt: skip


def devices() -> Iterator[Row]:
    """Rows of smart_home.devices; not in a room yet: rooms have ids of their own."""
    for number, (name, kind, maker, model) in enumerate(MACHINES, 1):
        yield (
            uuid5(SPACE, f"device {name}"), name, kind, maker, model, f"SN-{number:05}",
            "online", before(365),
        )  # fmt: skip


def readings(days: int) -> Iterator[Row]:
    """Rows of smart_home.device_readings: temperature and power, four a day."""
    chance = random.Random("readings")
    for ago in range(days, -1, -1):
        for hour in (0, 6, 12, 18):
            moment = at(before(ago), hour)
            for name, metric, least, most in (
                ("Thermostat", "temperature_c", 18, 24),
                ("Main meter", "power_w", 150, 2_400),
            ):
                device = uuid5(SPACE, f"device {name}")
                value = Decimal(chance.randint(least * 10, most * 10)) / 10
                yield device, metric, moment, value
