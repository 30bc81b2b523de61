"""Cryptocurrencies of the household: coins at an exchange and on a hardware wallet."""

from collections.abc import Iterator
from decimal import Decimal
from uuid import uuid5

from rollout.seeding import Rows
from seeds.homeops_rows import ACCOUNTS, END, SPACE, Members, Row, at, before

ASSETS = (
    "id", "symbol", "name", "network", "contract_address", "decimals", "is_stablecoin",
)  # fmt: skip
WALLETS = (
    "id", "account_id", "network", "label", "custody", "address", "last_synced_at",
    "last_block",
)  # fmt: skip
POSITIONS = (
    "id", "wallet_id", "asset_id", "quantity", "staked_quantity", "cost_basis",
    "market_value", "priced_at",
)  # fmt: skip
MOVEMENTS = (
    "id", "wallet_id", "asset_id", "kind", "quantity", "value", "occurred_at",
    "tx_hash",
)  # fmt: skip

COINS = (
    ("BTC", "Bitcoin", "bitcoin", None, 8, False),
    ("ETH", "Ether", "ethereum", None, 18, False),
    ("USDC", "USD Coin", "ethereum", "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48", 6,
     True),
    ("SOL", "Solana", "solana", None, 9, False),
)  # fmt: skip
STORY = (
    (350, "exchange", "ETH", "buy", "2.4", "5808.00"),
    (300, "exchange", "BTC", "buy", "0.15", "6420.00"),
    (210, "exchange", "ETH", "fee", "-0.0021", "5.31"),
    (210, "exchange", "ETH", "transfer_out", "-1.5", "3795.00"),
    (210, "ledger", "ETH", "transfer_in", "1.5", "3795.00"),
    (120, "ledger", "ETH", "reward", "0.012345678901234567", "35.43"),
    (80, "exchange", "BTC", "sell", "-0.05", "2905.00"),
    (30, "ledger", "ETH", "reward", "0.011876543210987654", "36.10"),
    (12, "exchange", "USDC", "buy", "450.25", "450.25"),
)
"""Days ago, wallet, coin, what happened, coins, what they were worth."""
PRICES = {"BTC": 61_200, "ETH": 3_050, "USDC": 1}


def of_household(members: Members, days: int) -> list[Rows]:
    """Rows of the tables of cryptocurrencies; all of the story, whatever ``days``."""
    return [
        Rows("financial.accounts", ACCOUNTS, lambda: accounts(members)),
        Rows("financial.crypto_assets", ASSETS, assets),
        Rows("financial.crypto_wallets", WALLETS, lambda: wallets(members)),
        Rows("financial.crypto_positions", POSITIONS, lambda: positions(members)),
        Rows("financial.crypto_movements", MOVEMENTS, lambda: movements(members)),
    ]


def accounts(members: Members) -> Iterator[Row]:
    """An account for coins each."""
    since = at(before(380))
    for number, member in enumerate(members, 1):
        yield (
            member.key("crypto"), member.key("user"), "Coins", "crypto", "USD",
            Decimal(0), f"crypto-{number}", None, since, since,
        )  # fmt: skip


def assets() -> Iterator[Row]:
    """Four coins."""
    for symbol, *rest in COINS:
        yield uuid5(SPACE, f"coin {symbol}"), symbol, *rest


def wallets(members: Members) -> Iterator[Row]:
    """A place at an exchange, and an address of their own."""
    for number, member in enumerate(members, 1):
        yield (
            member.key("exchange"), member.key("crypto"), "ethereum", "Exchange",
            "exchange", None, at(END), None,
        )  # fmt: skip
        yield (
            member.key("ledger"), member.key("crypto"), "ethereum", "Hardware wallet",
            "hardware", f"0x{number:040x}", at(END), 20_417_331,
        )  # fmt: skip


def positions(members: Members) -> Iterator[Row]:
    """What the movements come to."""
    for member in members:
        held: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}
        for _, wallet, coin, _, quantity, value in STORY:
            sign = 1 if Decimal(quantity) > 0 else -1
            coins, cost = held.get((wallet, coin), (Decimal(0), Decimal(0)))
            held[wallet, coin] = coins + Decimal(quantity), cost + sign * Decimal(value)
        for (wallet, coin), (coins, cost) in held.items():
            staked = Decimal(1) if wallet == "ledger" else Decimal(0)
            yield (
                member.key(f"{wallet} {coin}"), member.key(wallet),
                uuid5(SPACE, f"coin {coin}"), coins, staked, cost,
                (coins * PRICES[coin]).quantize(Decimal("0.01")), at(END, 23),
            )  # fmt: skip


def movements(members: Members) -> Iterator[Row]:
    """The story, for everybody."""
    for member in members:
        for number, (ago, wallet, coin, kind, quantity, value) in enumerate(STORY):
            name = f"movement {number}"
            yield (
                member.key(name), member.key(wallet), uuid5(SPACE, f"coin {coin}"),
                kind, Decimal(quantity), Decimal(value), at(before(ago), 15),
                f"0x{member.key(name).hex}",
            )  # fmt: skip
