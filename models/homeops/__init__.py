"""The schema of HomeOps for applications: ``from models.homeops import Transaction``.

One file a database schema or a feature of the roadmap. Importing it maps every table.
"""

from models.homeops.automation import (
    Automation,
    AutomationRun,
    DeviceAction,
    LearnedPattern,
)
from models.homeops.base import Base, managed, metadata
from models.homeops.core import SystemConfig, User
from models.homeops.crypto import (
    CryptoAsset,
    CryptoMovement,
    CryptoPosition,
    CryptoWallet,
)
from models.homeops.energy import (
    EnergyBudget,
    EnergyDay,
    EnergyReading,
    Tariff,
    TariffRate,
)
from models.homeops.financial import Account, Institution, Position, Transaction
from models.homeops.maintenance import (
    DeviceFault,
    DeviceWarranty,
    MaintenancePlan,
    MaintenanceRecord,
)
from models.homeops.media import Item, Library, ViewingSession
from models.homeops.music import Genre, ItemGenre, Mood, TrackAnalysis
from models.homeops.performance import (
    Portfolio,
    PortfolioAccount,
    PortfolioTarget,
    PortfolioValuation,
)
from models.homeops.recommendations import (
    ItemFeedback,
    ItemSimilarity,
    Recommendation,
    RecommendationRun,
)
from models.homeops.smart_home import Device, DeviceReading, Room
from models.homeops.trading import PriceQuote, TradingAlert, TradingAlertEvent
from models.homeops.viewing import PlaybackEvent, PlaybackPosition, ViewingDay

__all__ = [
    "Account",
    "Automation",
    "AutomationRun",
    "Base",
    "CryptoAsset",
    "CryptoMovement",
    "CryptoPosition",
    "CryptoWallet",
    "Device",
    "DeviceAction",
    "DeviceFault",
    "DeviceReading",
    "DeviceWarranty",
    "EnergyBudget",
    "EnergyDay",
    "EnergyReading",
    "Genre",
    "Institution",
    "Item",
    "ItemFeedback",
    "ItemGenre",
    "ItemSimilarity",
    "LearnedPattern",
    "Library",
    "MaintenancePlan",
    "MaintenanceRecord",
    "Mood",
    "PlaybackEvent",
    "PlaybackPosition",
    "Portfolio",
    "PortfolioAccount",
    "PortfolioTarget",
    "PortfolioValuation",
    "Position",
    "PriceQuote",
    "Recommendation",
    "RecommendationRun",
    "Room",
    "SystemConfig",
    "Tariff",
    "TariffRate",
    "TrackAnalysis",
    "TradingAlert",
    "TradingAlertEvent",
    "Transaction",
    "User",
    "ViewingDay",
    "ViewingSession",
    "managed",
    "metadata",
]
