"""Cryptocurrencies of ``financial`` (1.1.0): coins, wallets, what moved."""

import uuid
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.homeops.base import Amount, Base, UpdatedAt, listed, refers
from models.homeops.exact import Coins
from models.types import CreatedAt, Timestamp, UuidPk

if TYPE_CHECKING:
    from models.homeops.financial import Account

__all__ = ["CryptoAsset", "CryptoMovement", "CryptoPosition", "CryptoWallet"]


class CryptoAsset(Base):
    """A coin or token on one network."""

    __tablename__ = "crypto_assets"
    __table_args__ = (
        UniqueConstraint(
            "network",
            "contract_address",
            name="crypto_assets_contract_key",
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint("length(symbol) > 0", name="crypto_assets_symbol_check"),
        CheckConstraint("length(name) > 0", name="crypto_assets_name_check"),
        CheckConstraint(
            "network ~ '^[a-z][a-z0-9_-]*$'", name="crypto_assets_network_check"
        ),
        CheckConstraint(
            "length(contract_address) > 0", name="crypto_assets_contract_check"
        ),
        CheckConstraint(
            "decimals BETWEEN 0 AND 18", name="crypto_assets_decimals_check"
        ),
        Index("idx_crypto_assets_symbol", "symbol"),
        {
            "schema": "financial",
            "comment": "Coins and tokens, one row a coin on a network",
            "info": {"rls": "members"},
        },
    )

    id: Mapped[UuidPk]
    symbol: Mapped[str] = mapped_column(
        comment="Symbol, as in price_quotes; several tokens may share one"
    )
    name: Mapped[str] = mapped_column(comment="Name of the coin")
    network: Mapped[str] = mapped_column(
        comment="Chain that it is on: bitcoin, ethereum, solana"
    )
    contract_address: Mapped[str | None] = mapped_column(
        comment="Contract of a token; NULL for the network's own coin"
    )
    decimals: Mapped[int] = mapped_column(
        comment="Decimals of its smallest unit: 8 for a satoshi, 18 for a wei"
    )
    is_stablecoin: Mapped[bool] = mapped_column(
        server_default=text("false"), comment="Whether it is tied to a currency"
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    positions: Mapped[list["CryptoPosition"]] = relationship(
        back_populates="asset", passive_deletes="all"
    )
    movements: Mapped[list["CryptoMovement"]] = relationship(
        back_populates="asset", passive_deletes="all"
    )

    shown = ("id", "symbol", "network")


class CryptoWallet(Base):
    """An address, or a place at an exchange, where an account keeps coins."""

    __tablename__ = "crypto_wallets"
    __table_args__ = (
        UniqueConstraint(
            "account_id", "network", "address", name="crypto_wallets_address_key"
        ),
        refers("account_id", "financial.accounts.id", name="fk_crypto_wallets_account"),
        CheckConstraint(
            "network ~ '^[a-z][a-z0-9_-]*$'", name="crypto_wallets_network_check"
        ),
        CheckConstraint("length(label) > 0", name="crypto_wallets_label_check"),
        listed(
            "custody",
            "exchange",
            "software",
            "hardware",
            "watch_only",
            name="crypto_wallets_custody_check",
        ),
        CheckConstraint(
            "(custody = 'exchange') = (address IS NULL) AND"
            " length(coalesce(address, 'exchange')) BETWEEN 8 AND 120",
            name="crypto_wallets_address_check",
        ),
        CheckConstraint("last_block >= 0", name="crypto_wallets_block_check"),
        {
            "schema": "financial",
            "comment": "Where coins are kept, one row an address or a place at an"
            " exchange",
            "info": {"rls": "owner"},
        },
    )

    id: Mapped[UuidPk]
    account_id: Mapped[uuid.UUID] = mapped_column(
        comment="Account that it belongs to; the row goes with it"
    )
    network: Mapped[str] = mapped_column(
        comment="Chain that it is on, as in crypto_assets"
    )
    label: Mapped[str] = mapped_column(comment="Name shown to the owner")
    custody: Mapped[str] = mapped_column(
        comment="exchange, software, hardware or watch_only"
    )
    address: Mapped[str | None] = mapped_column(
        comment="Public address; NULL at an exchange; never a key"
    )
    last_synced_at: Mapped[Timestamp | None] = mapped_column(
        comment="When the chain or the exchange was last asked"
    )
    last_block: Mapped[int | None] = mapped_column(
        BigInteger, comment="Height up to which the chain was read; NULL at an exchange"
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    account: Mapped["Account"] = relationship(back_populates="crypto_wallets")
    positions: Mapped[list["CryptoPosition"]] = relationship(
        back_populates="wallet", passive_deletes="all"
    )
    movements: Mapped[list["CryptoMovement"]] = relationship(
        back_populates="wallet", passive_deletes="all"
    )

    shown = ("id", "account_id", "network", "label")


class CryptoPosition(Base):
    """Coins that a wallet holds now, to the last decimal."""

    __tablename__ = "crypto_positions"
    __table_args__ = (
        UniqueConstraint(
            "wallet_id", "asset_id", name="crypto_positions_wallet_asset_key"
        ),
        refers(
            "wallet_id",
            "financial.crypto_wallets.id",
            name="fk_crypto_positions_wallet",
        ),
        refers(
            "asset_id",
            "financial.crypto_assets.id",
            name="fk_crypto_positions_asset",
            ondelete=None,
        ),
        CheckConstraint(
            "quantity >= 0 AND quantity <> 'NaN'",
            name="crypto_positions_quantity_check",
        ),
        CheckConstraint(
            "staked_quantity BETWEEN 0 AND quantity",
            name="crypto_positions_staked_check",
        ),
        CheckConstraint(
            "'NaN'::numeric NOT IN (coalesce(cost_basis, 0),"
            " coalesce(market_value, 0))",
            name="crypto_positions_money_check",
        ),
        Index("idx_crypto_positions_asset", "asset_id"),
        {
            "schema": "financial",
            "comment": "Coins that wallets hold now, one row a coin of a wallet",
            "info": {"rls": "owner"},
        },
    )

    id: Mapped[UuidPk]
    wallet_id: Mapped[uuid.UUID] = mapped_column(
        comment="Wallet that holds it; the row goes with it"
    )
    asset_id: Mapped[uuid.UUID] = mapped_column(
        comment="Coin; cannot go while it is held"
    )
    quantity: Mapped[Coins] = mapped_column(comment="Coins held, those staked included")
    staked_quantity: Mapped[Coins] = mapped_column(
        server_default=text("0"),
        comment="Coins of these that are staked, and cannot be sold at once",
    )
    cost_basis: Mapped[Amount | None] = mapped_column(
        comment="What they cost in all, in the account's currency"
    )
    market_value: Mapped[Amount | None] = mapped_column(
        comment="What they are worth in all, in the account's currency"
    )
    priced_at: Mapped[Timestamp | None] = mapped_column(
        comment="When the value was true"
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    wallet: Mapped["CryptoWallet"] = relationship(back_populates="positions")
    asset: Mapped["CryptoAsset"] = relationship(back_populates="positions")

    shown = ("id", "wallet_id", "asset_id")


class CryptoMovement(Base):
    """Coins that came into a wallet or left it; positions are the sum of these."""

    __tablename__ = "crypto_movements"
    __table_args__ = (
        UniqueConstraint(
            "wallet_id", "tx_hash", "tx_index", name="crypto_movements_tx_key"
        ),
        refers(
            "wallet_id",
            "financial.crypto_wallets.id",
            name="fk_crypto_movements_wallet",
        ),
        refers(
            "asset_id",
            "financial.crypto_assets.id",
            name="fk_crypto_movements_asset",
            ondelete=None,
        ),
        listed(
            "kind",
            "buy",
            "sell",
            "transfer_in",
            "transfer_out",
            "reward",
            "fee",
            name="crypto_movements_kind_check",
        ),
        CheckConstraint(
            "quantity <> 'NaN' AND sign(quantity) = CASE WHEN kind IN ('buy',"
            " 'transfer_in', 'reward') THEN 1 ELSE -1 END",
            name="crypto_movements_quantity_check",
        ),
        CheckConstraint(
            "value >= 0 AND value <> 'NaN'", name="crypto_movements_value_check"
        ),
        CheckConstraint(
            "value IS NOT NULL OR kind NOT IN ('buy', 'sell')",
            name="crypto_movements_value_known_check",
        ),
        CheckConstraint("tx_index >= 0", name="crypto_movements_tx_index_check"),
        Index(
            "idx_crypto_movements_wallet_time", "wallet_id", text("occurred_at DESC")
        ),
        Index("idx_crypto_movements_asset", "asset_id", "occurred_at"),
        {
            "schema": "financial",
            "comment": "Coins that came into wallets or left them, one row a"
            " movement; tax is counted from these",
            "info": {"rls": "owner"},
        },
    )

    id: Mapped[UuidPk]
    wallet_id: Mapped[uuid.UUID] = mapped_column(comment="Wallet; the row goes with it")
    asset_id: Mapped[uuid.UUID] = mapped_column(
        comment="Coin; cannot go while there are movements of it"
    )
    kind: Mapped[str] = mapped_column(
        comment="buy, sell, transfer_in, transfer_out, reward or fee"
    )
    quantity: Mapped[Coins] = mapped_column(
        comment="Coins; what leaves the wallet is negative"
    )
    value: Mapped[Amount | None] = mapped_column(
        comment="What they were worth then in all, never negative, in the"
        " account's currency"
    )
    occurred_at: Mapped[Timestamp] = mapped_column(
        comment="When it was booked or in a block"
    )
    tx_hash: Mapped[str | None] = mapped_column(
        comment="Transaction on the chain, or the exchange's id of the trade"
    )
    tx_index: Mapped[int] = mapped_column(
        server_default=text("0"),
        comment="Number of the movement within the transaction",
    )
    note: Mapped[str | None] = mapped_column(
        comment="What the owner wanted to remember"
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    wallet: Mapped["CryptoWallet"] = relationship(back_populates="movements")
    asset: Mapped["CryptoAsset"] = relationship(back_populates="movements")

    shown = ("id", "wallet_id", "asset_id", "kind", "occurred_at")
