"""The portfolio's tables, filled from made-up people: columns, and rows for each."""

import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from models.exact_json import dumps
from seeds.accounts import ZERO, settled
from seeds.market import CENT, DAYS, END, sp500
from seeds.people import Account, Person
from seeds.portfolios import (
    TOP,
    UNIT,
    Part,
    asset,
    by_symbol,
    parts,
    percent,
    sector,
    security_name,
    shares,
)

Row = Sequence[Any]
Everyone = Sequence[Person]
CLOSE = dt.datetime.combine(END, dt.time(20), dt.UTC)

HOLDING_COLUMNS = (
    "id", "user_id", "symbol", "security_name", "security_type", "total_quantity",
    "total_market_value", "total_cost_basis", "average_cost_basis",
    "unrealized_gain_loss", "unrealized_gain_loss_percent", "day_change_value",
    "day_change_percent", "account_contributions", "institution_breakdown",
    "account_count", "last_updated", "price_as_of", "data_source",
)  # fmt: skip
SNAPSHOT_COLUMNS = (
    "id", "user_id", "snapshot_date", "snapshot_type", "total_value",
    "total_cost_basis", "total_gain_loss", "total_gain_loss_percent", "account_count",
    "provider_breakdown", "account_type_breakdown", "sp500_value", "top_holdings",
    "sector_allocation", "asset_allocation", "created_at",
)  # fmt: skip
TRANSACTION_COLUMNS = (
    "id", "user_id", "account_id", "provider_transaction_id", "provider", "symbol",
    "security_name", "security_type", "transaction_type", "transaction_date",
    "settlement_date", "quantity", "price", "amount", "fees", "currency_code",
    "description", "category", "created_at",
)  # fmt: skip


def holdings(everyone: Everyone) -> Iterator[Row]:
    """What each user holds on the last day, a row a security."""
    for person in everyone:
        for symbol, held in by_symbol(parts(person, len(DAYS) - 1)):
            yield _holding(person, symbol, held)


def _holding(person: Person, symbol: str, held: Sequence[Part]) -> Row:
    quantity = sum((p.quantity for p in held), ZERO)
    value = sum((p.value for p in held), ZERO)
    cost = sum((p.cost for p in held), ZERO)
    change = sum((p.day_change for p in held), ZERO)
    providers = {p.account.kind.provider for p in held}
    return (
        person.key(f"holding {symbol}"), person.id, symbol, security_name(symbol),
        asset(symbol), quantity, value, cost, (cost / quantity).quantize(UNIT),
        value - cost, percent(value - cost, cost), change,
        percent(change, value - change), dumps([_contribution(p) for p in held]),
        dumps(_institutions(held)), len({p.account.id for p in held}), CLOSE, CLOSE,
        providers.pop() if len(providers) == 1 else "aggregated",
    )  # fmt: skip


def _contribution(part: Part) -> dict[str, Any]:
    return {
        "account_id": str(part.account.id),
        "quantity": part.quantity,
        "market_value": part.value,
        "cost_basis": part.cost,
    }


def _institutions(held: Sequence[Part]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in held:
        name = part.account.kind.institution
        share = found.setdefault(name, {"quantity": ZERO, "value": ZERO})
        share["quantity"] += part.quantity
        share["value"] += part.value
    return found


def snapshot_days(person: Person) -> Iterator[tuple[int, str]]:
    """Monthly for everybody, daily for one in five, weekly for two in five."""
    for day, date in enumerate(DAYS):
        last = day + 1 == len(DAYS)
        if person.number % 5 == 0:
            yield day, "daily"
        elif person.number % 5 < 3 and (
            last or DAYS[day + 1].weekday() < date.weekday()
        ):
            yield day, "weekly"
        if last or DAYS[day + 1].month != date.month:
            yield day, "monthly"


def snapshots(everyone: Everyone) -> Iterator[Row]:
    """Two years of what each portfolio was worth."""
    for person in everyone:
        for day, kind in snapshot_days(person):
            if held := parts(person, day):
                yield _snapshot(person, day, kind, held)


def _snapshot(person: Person, day: int, kind: str, held: Sequence[Part]) -> Row:
    value = sum((p.value for p in held), ZERO)
    cost = sum((p.cost for p in held), ZERO)
    providers: dict[str, Any] = {}
    types: dict[str, Decimal] = {}
    accounts = {p.account.id: p.account for p in held}
    for account in accounts.values():
        share = providers.setdefault(
            account.kind.provider, {"accounts": 0, "value": ZERO}
        )
        share["accounts"] += 1
        own = sum((p.value for p in held if p.account is account), ZERO)
        share["value"] += own
        types[account.kind.type] = types.get(account.kind.type, ZERO) + own
    return (
        person.key(f"snapshot {DAYS[day]} {kind}"), person.id, DAYS[day], kind, value,
        cost, value - cost, percent(value - cost, cost), len(accounts),
        dumps(providers), dumps(types), sp500()[day], dumps(_top(held, value)),
        dumps(shares(((sector(p.symbol), p.value) for p in held), value)),
        dumps(shares(((asset(p.symbol), p.value) for p in held), value)),
        dt.datetime.combine(DAYS[day], dt.time(21), dt.UTC),
    )  # fmt: skip


def _top(held: Sequence[Part], total: Decimal) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {
            "symbol": symbol,
            "market_value": (value := sum((p.value for p in found), ZERO)),
            "quantity": sum((p.quantity for p in found), ZERO),
            "percent": percent(value, total, CENT),
        }
        for symbol, found in by_symbol(held)
    ]
    return sorted(rows, key=lambda row: -row["market_value"])[:TOP]


def transactions(everyone: Everyone) -> Iterator[Row]:
    """Everything that happened in the accounts."""
    for person in everyone:
        for account in person.accounts:
            for number, booked in enumerate(account.history.transactions):
                date, symbol = DAYS[booked.day], booked.symbol
                yield (
                    uuid.uuid5(account.id, f"transaction {number}"), person.id,
                    account.id, f"{account.number}-{number:05d}",
                    account.kind.provider, symbol,
                    security_name(symbol) if symbol else None,
                    asset(symbol) if symbol else None, booked.kind, date,
                    settled(date, booked.kind), booked.quantity, booked.price,
                    booked.amount, booked.fees, "USD",
                    f"{booked.kind.replace('_', ' ')} {symbol or ''}".strip(),
                    "cash" if symbol is None else "investment",
                    dt.datetime.combine(date, dt.time(22), dt.UTC),
                )  # fmt: skip


def accounts_of(everyone: Everyone) -> Iterator[tuple[Person, Account]]:
    """Every account with its owner."""
    for person in everyone:
        for account in person.accounts:
            yield person, account
