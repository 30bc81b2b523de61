"""Two years of one investment account: what was paid in, bought, received, sold.

Whatever is in the account follows from its transactions: a position is what was bought
less what was sold, and the cash is the sum of all amounts.
"""

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal

from seeds.market import CENT, DAYS, SECURITIES, prices

ZERO = Decimal(0)


@dataclass(frozen=True)
class Transaction:
    """One line of the account; a negative ``amount`` flows out of the cash."""

    day: int
    kind: str
    amount: Decimal
    symbol: str | None = None
    quantity: Decimal = ZERO
    price: Decimal = ZERO
    fees: Decimal = ZERO


@dataclass(frozen=True)
class Position:
    """How much of a security, and what it cost."""

    quantity: Decimal
    cost: Decimal


@dataclass
class History:
    """An account's life; ``positions`` and ``cash`` are those of its last day."""

    transactions: list[Transaction] = field(default_factory=list)
    states: list[tuple[int, dict[str, Position], Decimal]] = field(default_factory=list)
    positions: dict[str, Position] = field(default_factory=dict)
    cash: Decimal = ZERO

    def book(self, transaction: Transaction) -> None:
        """Add a transaction and what it does."""
        self.transactions.append(transaction)
        self.cash += transaction.amount
        if transaction.kind in ("buy", "sell"):
            assert transaction.symbol is not None
            self._trade(transaction, transaction.symbol)
        self.states.append((transaction.day, dict(self.positions), self.cash))

    def _trade(self, traded: Transaction, symbol: str) -> None:
        had = self.positions.get(symbol, Position(ZERO, ZERO))
        if traded.kind == "buy":
            now = Position(had.quantity + traded.quantity, had.cost - traded.amount)
        else:
            sold = (had.cost * traded.quantity / had.quantity).quantize(CENT)
            now = Position(had.quantity - traded.quantity, had.cost - sold)
        self.positions[symbol] = now
        if not now.quantity:
            del self.positions[symbol]


@dataclass(frozen=True)
class Habits:
    """How somebody keeps an account."""

    symbols: tuple[str, ...]
    opened: int
    first_deposit: Decimal
    deposit: Decimal
    every_months: int
    decimals: int
    trade_fee: Decimal
    yearly_fee: Decimal
    sells: bool


def live(habits: Habits, chance: random.Random) -> History:
    """The account's history from the day it was opened."""
    history = History()
    history.book(Transaction(habits.opened, "deposit", habits.first_deposit))
    for symbol in habits.symbols:
        part = habits.first_deposit / len(habits.symbols)
        _buy(history, habits, habits.opened, symbol, part - habits.trade_fee)
    for month, day in enumerate(_month_starts(habits.opened), start=1):
        _receive(history, day, month)
        if month % habits.every_months == 0:
            history.book(Transaction(day, "deposit", habits.deposit))
            if habits.yearly_fee and month % 12 == 0:
                history.book(Transaction(day, "fee", -habits.yearly_fee))
            symbol = habits.symbols[month % len(habits.symbols)]
            _buy(history, habits, day, symbol, history.cash - habits.trade_fee)
        if habits.sells and chance.random() < 0.06:
            _sell(history, habits, day, chance)
    return history


def _month_starts(after: int) -> Iterator[int]:
    for day in range(after + 1, len(DAYS)):
        if DAYS[day].month != DAYS[day - 1].month:
            yield day


def _buy(
    history: History, habits: Habits, day: int, symbol: str, for_: Decimal
) -> None:
    price = prices(symbol)[day]
    unit = Decimal(1).scaleb(-habits.decimals)
    quantity = (for_ / price).quantize(unit, ROUND_DOWN)
    amount = (quantity * price).quantize(CENT) + habits.trade_fee
    if quantity > 0 and amount <= history.cash:
        history.book(
            Transaction(day, "buy", -amount, symbol, quantity, price, habits.trade_fee)
        )


def _sell(history: History, habits: Habits, day: int, chance: random.Random) -> None:
    if not history.positions:
        return
    symbol = chance.choice(sorted(history.positions))
    held, price = history.positions[symbol].quantity, prices(symbol)[day]
    unit = Decimal(1).scaleb(-habits.decimals)
    part = Decimal(chance.choice((25, 50, 100))) / 100
    quantity = (held * part).quantize(unit, ROUND_DOWN) or held
    amount = (quantity * price).quantize(CENT) - habits.trade_fee
    if amount > 0:
        history.book(
            Transaction(day, "sell", amount, symbol, quantity, price, habits.trade_fee)
        )
        if chance.random() < 0.5:
            out = amount.quantize(Decimal(1), ROUND_DOWN)
            history.book(Transaction(day, "withdrawal", -out))


def _receive(history: History, day: int, month: int) -> None:
    """Dividends every third month, interest on the cash every month."""
    if month % 3 == 0:
        for symbol, position in sorted(history.positions.items()):
            yearly = Decimal(str(SECURITIES[symbol].yield_))
            paid = (position.quantity * prices(symbol)[day] * yearly / 4).quantize(CENT)
            if paid > 0:
                history.book(Transaction(day, "dividend", paid, symbol))
    interest = (history.cash * Decimal("0.0004")).quantize(CENT)
    if interest > 0:
        history.book(Transaction(day, "interest", interest))


def settled(day: dt.date, kind: str) -> dt.date:
    """A trade settles on the next business day."""
    if kind not in ("buy", "sell"):
        return day
    return day + dt.timedelta(days=3 if day.weekday() == 4 else 1)
