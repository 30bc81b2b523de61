"""Made-up users with their accounts, each from its number alone."""

import datetime as dt
import functools
import random
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from seeds.accounts import Habits, History, live
from seeds.market import DAYS

NAMESPACE = uuid.UUID("6f1d2d5e-6a0e-5a5b-9d0b-2f4f6f0c7a11")
FIRST = """\
Ada Amir Ben Bao Carla Chen Dmitri Diya Elif Emma Femi Finn Grace Goran Hiro Hana Ines
Ivan Jonas Julia Kavya Kofi Leo Lucia Mei Marta Noor Nils Olga Omar Priya Pablo Quinn
Rosa Ravi Sofia Sam Tara Tomas Uma Vera Wei Yara Zoe"""
LAST = """\
Adler Ahmed Brandt Bianchi Costa Cohen Diaz Dubois Endo Eriksen Fischer Ferrari Gupta
Garcia Haddad Hansen Ito Ivanov Jansen Jones Kim Kaya Lopez Lindqvist Moreau Mbeki
Nguyen Novak Okafor Olsen Park Petrov Rossi Rahman Singh Silva Tanaka Weber"""


class Kind(NamedTuple):
    """A kind of account that people have, and how often it comes."""

    weight: int
    provider: str
    institution: str
    name: str
    type: str
    subtype: str
    symbols: tuple[str, ...]
    decimals: int
    trade_fee: str
    yearly_fee: str


# weight|provider|institution|name|type|subtype|symbols|decimals|trade fee|yearly fee
TABLE = """\
0|alpaca|Alpaca Securities|Alpaca Brokerage Account|brokerage|margin|\
AAPL MSFT NVDA TSLA SPY QQQ KO COST|4|0|0
20|plaid|Vanguard|Brokerage Account|brokerage|brokerage|\
VTI VXUS BND VNQ SCHD JNJ JPM|4|0|25
18|plaid|Fidelity Investments|401(k) Savings Plan|401k|401k|FXAIX FZROX VTTSX BND|4|0|40
14|plaid|Charles Schwab|Roth IRA|roth_ira|roth|SCHD VTI VXUS XOM UNH|3|0|0
10|plaid|Vanguard|Traditional IRA|ira|ira|VTTSX BND VTI|4|0|20
8|plaid|E*TRADE|Individual Brokerage|brokerage|brokerage|\
AAPL JPM XOM 912828ZQ6 UNH COST|0|4.95|0
7|plaid|HealthEquity|Health Savings Account|hsa|hsa|VTI BND|4|0|36
6|manual|Hardware wallet|Cold storage|brokerage|crypto exchange|BTC ETH|8|0|0
5|manual|State 529 Plan|College fund|529|529|VTTSX BND|3|0|15
"""


def _kind(line: str) -> Kind:
    weight, provider, institution, name, type_, subtype, symbols, decimals, *fees = (
        line.split("|")
    )
    return Kind(
        int(weight), provider, institution, name, type_, subtype,
        tuple(symbols.split()), int(decimals), *fees,
    )  # fmt: skip


ALPACA, *KINDS = map(_kind, TABLE.splitlines())


@dataclass(frozen=True)
class Account:
    """One account; ``status`` is Alpaca's word for it, None elsewhere."""

    id: uuid.UUID
    kind: Kind
    number: str
    item: str | None
    status: str | None
    sync_status: str
    active: bool
    primary: bool
    opened: dt.datetime
    history: History


@dataclass(frozen=True)
class Person:
    """One user."""

    number: int
    id: uuid.UUID
    first: str
    last: str
    joined: dt.datetime
    accounts: tuple[Account, ...]

    def key(self, what: str) -> uuid.UUID:
        """The id of something of this user's."""
        return uuid.uuid5(self.id, what)


@functools.cache
def people(count: int, world: str) -> tuple[Person, ...]:
    """The first ``count`` people of a world; the same ones in every run."""
    return tuple(_person(number, world) for number in range(1, count + 1))


def _person(number: int, world: str) -> Person:
    chance = random.Random(f"{world} {number}")
    id_ = uuid.uuid5(NAMESPACE, f"{world} user {number}")
    first, last = chance.choice(FIRST.split()), chance.choice(LAST.split())
    joined = _moment(chance.randint(0, len(DAYS) - 90), chance)
    wanted = chance.choices((0, 1, 2, 3, 4), (4, 30, 36, 20, 10))[0]
    kinds = chance.sample(KINDS, k=min(wanted, 4), counts=[k.weight for k in KINDS])
    kinds = list(dict.fromkeys(kinds))
    if kinds and chance.random() < 0.6:
        kinds[0] = ALPACA
    accounts: list[Account] = []
    for place, kind in enumerate(kinds):
        primary = not any(account.primary for account in accounts)
        accounts.append(_account(id_, place, kind, joined, chance, primary))
    return Person(number, id_, first, last, joined, tuple(accounts))


def _account(
    user: uuid.UUID,
    place: int,
    kind: Kind,
    joined: dt.datetime,
    chance: random.Random,
    primary: bool,
) -> Account:
    sync, status = chance.choices(
        (
            ("success", "ACTIVE"),
            ("error", "REJECTED"),
            ("disabled", "ACCOUNT_CLOSED"),
            ("pending", "SUBMITTED"),
        ),
        (90, 4, 3, 3),
    )[0]
    active, first = sync == "success", _day_after(joined.date())
    opened = 0 if chance.random() < 0.5 else first
    item = f"item-{chance.getrandbits(64):016x}"
    history = live(_habits(kind, opened, chance), chance) if active else History()
    return Account(
        id=uuid.uuid5(user, f"account {place}"),
        kind=kind,
        number=f"{chance.randint(10**8, 10**9 - 1)}",
        item=item if kind.provider == "plaid" else None,
        status=status if kind.provider == "alpaca" else None,
        sync_status=sync,
        active=active,
        primary=primary and active,
        opened=_moment(opened, chance),
        history=history,
    )


def _habits(kind: Kind, opened: int, chance: random.Random) -> Habits:
    count = chance.randint(2, min(5, len(kind.symbols)))
    first = Decimal(round(10 ** chance.uniform(3.3, 4.9), -2))
    return Habits(
        symbols=tuple(chance.sample(kind.symbols, count)),
        opened=opened,
        first_deposit=first,
        deposit=Decimal(chance.choice((100, 250, 500, 800, 1500))),
        every_months=chance.choice((1, 1, 1, 3)),
        decimals=kind.decimals,
        trade_fee=Decimal(kind.trade_fee),
        yearly_fee=Decimal(kind.yearly_fee),
        sells=kind.type in ("brokerage", "ira"),
    )


def _day_after(date: dt.date) -> int:
    return next(i for i, day in enumerate(DAYS) if day > date)


def _moment(day: int, chance: random.Random) -> dt.datetime:
    """Some time on a day."""
    midnight = dt.datetime.combine(DAYS[day], dt.time(), dt.UTC)
    return midnight + dt.timedelta(seconds=chance.randint(13 * 3600, 23 * 3600))
