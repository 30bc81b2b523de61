"""A thousand users as the old application leaves them: the good, the odd, the broken.

Deterministic: the same rows in every run.
"""

import datetime as dt
import json
import random
import uuid
from collections.abc import Iterator
from typing import Any, NamedTuple

USERS = 1_000
NOW = dt.datetime(2026, 6, 30, 16, 0, tzinfo=dt.UTC)

FIRST_NAMES = [
    "Ada",
    "Ben",
    "Carla",
    "Dmitri",
    "Elif",
    "Femi",
    "Grace",
    "Hiro",
    "Ines",
    "Jonas",
    "Kavya",
    "Leo",
    "Mei",
    "Noor",
]
LAST_NAMES = [
    "Adler",
    "Brandt",
    "Costa",
    "Diaz",
    "Endo",
    "Fischer",
    "Gupta",
    "Haddad",
    "Ito",
    "Jansen",
    "Kim",
    "Lopez",
]

STATUSES = {
    "ACTIVE": 640, "SUBMITTED": 60, "APPROVAL_PENDING": 40, "ONBOARDING": 40,
    "ACTION_REQUIRED": 30, "ACCOUNT_UPDATED": 25, "ACCOUNT_CLOSED": 35, "REJECTED": 25,
    "DISABLED": 15, "active ": 12, "APPROVED": 10, "KYC_SUBMITTED": 8, None: 10,
}  # fmt: skip
"""Alpaca's words and how often they come; some as somebody typed them."""


class User(NamedTuple):
    """A row of auth.users."""

    id: str
    email: str
    created_at: dt.datetime


class Onboarding(NamedTuple):
    """A row of public.user_onboarding."""

    id: str
    user_id: str | None
    onboarding_data: str
    status: str
    alpaca_account_id: str | None
    alpaca_account_number: str | None
    alpaca_account_status: str | None
    created_at: dt.datetime | None
    updated_at: dt.datetime | None


def users(seed: int = 42) -> list[User]:
    """The users that sign in."""
    chance = random.Random(seed)
    made = []
    for number in range(USERS):
        first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
        email = f"{first}.{last}{number}@example.com".lower()
        joined = NOW - dt.timedelta(days=chance.randint(1, 900), minutes=number)
        made.append(User(_uuid(chance), email, joined))
    return made


def onboarding(people: list[User], seed: int = 43) -> Iterator[Onboarding]:
    """Their onboarding rows: most have an account, some have what nobody expects."""
    chance = random.Random(seed)
    for number, user in enumerate(people):
        row = _usual(chance, user)
        yield row
        if number % 90 == 7:  # opened again, the same account once more
            yield row._replace(id=_uuid(chance), alpaca_account_status="SUBMITTED")
        if number % 75 == 11:  # a second account of the same user
            yield _usual(chance, user)
    for _ in range(6):  # a user deleted by hand, and the row left behind
        yield _usual(chance, people[0])._replace(user_id=None)


def _usual(chance: random.Random, user: User) -> Onboarding:
    status = chance.choices(list(STATUSES), list(STATUSES.values()))[0]
    opened = user.created_at + dt.timedelta(hours=chance.randint(1, 72))
    account_id: str | None = _uuid(chance)
    number: str | None = f"{chance.randint(10**8, 10**9 - 1)}"
    kind = chance.random()
    if kind < 0.05:  # stopped half-way: no account yet
        account_id = number = status = None
    elif kind < 0.10:  # from before ids were kept
        account_id = None
    elif kind < 0.11:  # an emptied form
        account_id, number = "", "  "
    return Onboarding(
        id=_uuid(chance),
        user_id=user.id,
        onboarding_data=json.dumps({"step": chance.choice(["kyc", "funding", "done"])}),
        status="completed" if status == "ACTIVE" else "in_progress",
        alpaca_account_id=account_id,
        alpaca_account_number=number,
        alpaca_account_status=status,
        created_at=opened,
        updated_at=opened + dt.timedelta(days=chance.randint(0, 30)),
    )


def holdings() -> list[dict[str, Any]]:
    """What one user holds after the move, as providers report it."""
    rows = [
        (
            "VTI",
            "Vanguard Total Stock Market ETF",
            "etf",
            "112.5",
            "31500.00",
            "24750.00",
        ),
        ("AAPL", "Apple Inc.", "equity", "40", "9180.00", "6020.00"),
        ("BND", "Vanguard Total Bond Market ETF", "etf", "85", "6222.00", "6375.50"),
    ]
    keys = ("symbol", "security_name", "security_type", "total_quantity",
            "total_market_value", "total_cost_basis")  # fmt: skip
    return [dict(zip(keys, row, strict=True)) for row in rows]


def _uuid(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))
