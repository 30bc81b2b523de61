"""What people own on a day, added up over their accounts."""

import bisect
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from seeds.accounts import ZERO, Position
from seeds.market import CASH, CENT, SECURITIES, prices
from seeds.people import Account, Person

UNIT, PERCENT = Decimal("0.00000001"), Decimal("0.0001")
TOP = 10


@dataclass(frozen=True)
class Part:
    """What one account holds of one security on a day."""

    account: Account
    symbol: str
    quantity: Decimal
    value: Decimal
    cost: Decimal
    day_change: Decimal


def parts(person: Person, day: int) -> list[Part]:
    """Everything a person holds at the close of a day; cash is a holding, too."""
    found = []
    for account in person.accounts:
        if not account.active or (state := _state(account, day)) is None:
            continue
        positions, cash = state
        for symbol, position in sorted(positions.items()):
            found.append(_part(account, symbol, position, day))
        if cash:
            found.append(_part(account, CASH, Position(cash, cash), day))
    return found


def _state(account: Account, day: int) -> tuple[dict[str, Position], Decimal] | None:
    states = account.history.states
    place = bisect.bisect_right(states, day, key=lambda state: state[0]) - 1
    if place < 0:
        return None
    _, positions, cash = states[place]
    return positions, cash


def _part(account: Account, symbol: str, held: Position, day: int) -> Part:
    price, before = prices(symbol)[day], prices(symbol)[max(0, day - 1)]
    value = (held.quantity * price).quantize(CENT)
    change = value - (held.quantity * before).quantize(CENT)
    return Part(account, symbol, held.quantity, value, held.cost, change)


def by_symbol(held: Iterable[Part]) -> Iterator[tuple[str, list[Part]]]:
    """The parts of each security."""
    grouped = defaultdict(list)
    for part in held:
        grouped[part.symbol].append(part)
    yield from sorted(grouped.items())


def percent(part: Decimal, whole: Decimal, unit: Decimal = PERCENT) -> Decimal:
    """``part`` in percent of ``whole``; 0 of nothing."""
    return (part * 100 / whole).quantize(unit) if whole else ZERO


def shares(values: Iterable[tuple[str, Decimal]], total: Decimal) -> dict[str, Any]:
    """Percent of the total by name, largest first."""
    summed: dict[str, Decimal] = defaultdict(Decimal)
    for name, value in values:
        summed[name] += value
    ordered = sorted(summed.items(), key=lambda item: (-item[1], item[0]))
    return {name: percent(value, total, CENT) for name, value in ordered}


def sector(symbol: str) -> str:
    """Where a security belongs."""
    return "Cash" if symbol == CASH else SECURITIES[symbol].sector


def asset(symbol: str) -> str:
    """The security's type."""
    return "cash" if symbol == CASH else SECURITIES[symbol].type


def security_name(symbol: str) -> str:
    """The security's name."""
    return "US dollar" if symbol == CASH else SECURITIES[symbol].name
