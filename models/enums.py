"""The closed sets of values. Each is TEXT in the database, held by a CHECK.

``Provider``, ``SyncStatus``, ``SnapshotType`` and ``TransactionType`` make the CHECK
constraints: a new member needs a revision. The other enums name the usual values of
columns that take any text, because providers invent new ones.
"""

from enum import StrEnum

__all__ = [
    "AccountType",
    "DataSource",
    "Provider",
    "SecurityType",
    "SnapshotType",
    "SyncStatus",
    "TransactionType",
]


class Provider(StrEnum):
    """Where an account is kept."""

    PLAID = "plaid"
    ALPACA = "alpaca"
    MANUAL = "manual"


class SyncStatus(StrEnum):
    """How the last exchange with the provider went."""

    PENDING = "pending"
    SYNCING = "syncing"
    SUCCESS = "success"
    ERROR = "error"
    DISABLED = "disabled"


class SnapshotType(StrEnum):
    """Why a snapshot was taken: on a schedule, or by hand."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    MANUAL = "manual"


class TransactionType(StrEnum):
    """What a transaction did."""

    BUY = "buy"
    SELL = "sell"
    DIVIDEND = "dividend"
    INTEREST = "interest"
    FEE = "fee"
    TAX = "tax"
    TRANSFER_IN = "transfer_in"
    TRANSFER_OUT = "transfer_out"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    SPLIT = "split"
    MERGER = "merger"
    SPINOFF = "spinoff"
    OTHER = "other"


class DataSource(StrEnum):
    """Usual values of ``user_aggregated_holdings.data_source``; not enforced."""

    PLAID = "plaid"
    ALPACA = "alpaca"
    MANUAL = "manual"
    AGGREGATED = "aggregated"


class AccountType(StrEnum):
    """Usual values of ``user_investment_accounts.account_type``; not enforced."""

    BROKERAGE = "brokerage"
    K401 = "401k"
    IRA = "ira"
    ROTH_IRA = "roth_ira"
    COLLEGE_529 = "529"
    HSA = "hsa"


class SecurityType(StrEnum):
    """Usual values of the ``security_type`` columns; not enforced."""

    EQUITY = "equity"
    BOND = "bond"
    ETF = "etf"
    MUTUAL_FUND = "mutual_fund"
    CRYPTO = "crypto"
    OPTION = "option"
    CASH = "cash"
