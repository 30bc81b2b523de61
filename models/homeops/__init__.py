"""The schema of HomeOps for applications: ``from models.homeops import Transaction``.

One file a database schema or a feature of the roadmap. Importing it maps every table.
"""

from models.homeops.base import Base, managed, metadata
from models.homeops.core import SystemConfig, User
from models.homeops.crypto import (
    CryptoAsset,
    CryptoMovement,
    CryptoPosition,
    CryptoWallet,
)
from models.homeops.financial import Account, Institution, Position, Transaction
from models.homeops.media import Item, Library, ViewingSession
from models.homeops.performance import (
    Portfolio,
    PortfolioAccount,
    PortfolioTarget,
    PortfolioValuation,
)
from models.homeops.smart_home import Device, DeviceReading, Room
from models.homeops.trading import PriceQuote, TradingAlert, TradingAlertEvent

__all__ = [
    "Account",
    "Base",
    "CryptoAsset",
    "CryptoMovement",
    "CryptoPosition",
    "CryptoWallet",
    "Device",
    "DeviceReading",
    "Institution",
    "Item",
    "Library",
    "Portfolio",
    "PortfolioAccount",
    "PortfolioTarget",
    "PortfolioValuation",
    "Position",
    "PriceQuote",
    "Room",
    "SystemConfig",
    "TradingAlert",
    "TradingAlertEvent",
    "Transaction",
    "User",
    "ViewingSession",
    "managed",
    "metadata",
]
