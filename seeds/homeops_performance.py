"""Portfolios of the household: one each, valued at the end of every day."""

import random
from collections.abc import Iterator
from decimal import Decimal

from rollout.seeding import Rows
from seeds.homeops_rows import Members, Row, at, before
from seeds.homeops_trading import prices

PORTFOLIOS = ("id", "user_id", "name", "currency", "benchmark_symbol", "created_at")
ACCOUNTS = ("portfolio_id", "account_id")
VALUATIONS = (
    "portfolio_id", "valued_on", "market_value", "cash_value", "cost_basis",
    "net_flow", "benchmark_price", "is_final",
)  # fmt: skip
TARGETS = ("portfolio_id", "asset_type", "target_share", "tolerance")
CENT = Decimal("0.01")


def of_household(members: Members, days: int) -> list[Rows]:
    """Rows of the tables of portfolio performance."""
    return [
        Rows("financial.portfolios", PORTFOLIOS, lambda: portfolios(members)),
        Rows("financial.portfolio_accounts", ACCOUNTS, lambda: accounts(members)),
        Rows(
            "financial.portfolio_valuations",
            VALUATIONS,
            lambda: valuations(members, days),
        ),
        Rows("financial.portfolio_targets", TARGETS, lambda: targets(members)),
    ]


def portfolios(members: Members) -> Iterator[Row]:
    """What everybody keeps for old age."""
    for member in members:
        yield (
            member.key("portfolio"), member.key("user"), "Retirement", "USD", "VTI",
            at(before(390)),
        )  # fmt: skip


def accounts(members: Members) -> Iterator[Row]:
    """The brokerage account is in it."""
    for member in members:
        yield member.key("portfolio"), member.key("brokerage")


def valuations(members: Members, days: int) -> Iterator[Row]:
    """Worth a day: it moves with the fund, and 500 are paid in on the 15th."""
    fund = dict(prices("VTI", days))
    for member in members:
        chance = random.Random(f"valuations of {member.email}")
        worth, cost, last = Decimal("14000.00"), Decimal("13100.00"), None
        for ago in range(days, -1, -1):
            day = before(ago)
            flow = Decimal("500.00") if day.day == 15 else Decimal(0)
            if last is not None:
                noise = Decimal(chance.randint(-20, 20)) / 10_000
                worth = ((worth + flow) * (fund[day] / last + noise)).quantize(CENT)
                cost += flow
            last = fund[day]
            yield (
                member.key("portfolio"), day, worth, Decimal("1180.10"), cost,
                flow if ago < days else Decimal(0), last, ago > 0,
            )  # fmt: skip


def targets(members: Members) -> Iterator[Row]:
    """Mostly funds."""
    for member in members:
        for kind, share in (("etf", "0.85"), ("bond", "0.1"), ("cash", "0.05")):
            yield member.key("portfolio"), kind, Decimal(share), Decimal("0.05")
