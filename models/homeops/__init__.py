"""The schema of HomeOps for applications: ``from models.homeops import Transaction``.

One file a database schema or a feature of the roadmap. Importing it maps every table.
"""

from models.homeops.assistant import (
    Conversation,
    EmbeddingModel,
    ItemEmbedding,
    Message,
    MessageEmbedding,
)
from models.homeops.automation import (
    Automation,
    AutomationRun,
    DeviceAction,
    LearnedPattern,
)
from models.homeops.base import Base, managed, metadata
from models.homeops.community import ContentReport, Post, PostReaction, Review
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
from models.homeops.marketplace import Creator, Listing, PayoutMethod, RevenueShare
from models.homeops.media import Item, Library, ViewingSession
from models.homeops.music import Genre, ItemGenre, Mood, TrackAnalysis
from models.homeops.performance import (
    Portfolio,
    PortfolioAccount,
    PortfolioTarget,
    PortfolioValuation,
)
from models.homeops.predictions import (
    Forecast,
    ForecastAccuracy,
    ForecastPoint,
    PredictionModel,
)
from models.homeops.recommendations import (
    ItemFeedback,
    ItemSimilarity,
    Recommendation,
    RecommendationRun,
)
from models.homeops.sales import Earning, Order, OrderLine, Payout
from models.homeops.smart_home import Device, DeviceReading, Room
from models.homeops.trading import PriceQuote, TradingAlert, TradingAlertEvent
from models.homeops.viewing import PlaybackEvent, PlaybackPosition, ViewingDay

__all__ = [
    "Account",
    "Automation",
    "AutomationRun",
    "Base",
    "ContentReport",
    "Conversation",
    "Creator",
    "CryptoAsset",
    "CryptoMovement",
    "CryptoPosition",
    "CryptoWallet",
    "Device",
    "DeviceAction",
    "DeviceFault",
    "DeviceReading",
    "DeviceWarranty",
    "Earning",
    "EmbeddingModel",
    "EnergyBudget",
    "EnergyDay",
    "EnergyReading",
    "Forecast",
    "ForecastAccuracy",
    "ForecastPoint",
    "Genre",
    "Institution",
    "Item",
    "ItemEmbedding",
    "ItemFeedback",
    "ItemGenre",
    "ItemSimilarity",
    "LearnedPattern",
    "Library",
    "Listing",
    "MaintenancePlan",
    "MaintenanceRecord",
    "Message",
    "MessageEmbedding",
    "Mood",
    "Order",
    "OrderLine",
    "Payout",
    "PayoutMethod",
    "PlaybackEvent",
    "PlaybackPosition",
    "Portfolio",
    "PortfolioAccount",
    "PortfolioTarget",
    "PortfolioValuation",
    "Position",
    "Post",
    "PostReaction",
    "PredictionModel",
    "PriceQuote",
    "Recommendation",
    "RecommendationRun",
    "RevenueShare",
    "Review",
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
