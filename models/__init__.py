"""The portfolio schema for applications: ``from models import UserInvestmentAccount``.

Importing it maps every table; ``models.tenant`` runs queries as one user.
"""

from models.accounts import UserInvestmentAccount
from models.auth import AuthUser
from models.autogenerate import managed, plain_type
from models.banking import UserBankConnection, UserTransfer
from models.base import Base, metadata
from models.enums import (
    AccountType,
    DataSource,
    Provider,
    SecurityType,
    SnapshotType,
    SyncStatus,
    TransactionType,
)
from models.feature_flags import UserFeatureFlag
from models.holdings import UserAggregatedHolding
from models.migration_log import MigrationLog
from models.onboarding import UserOnboarding
from models.personalization import UserPersonalization
from models.snapshots import UserPortfolioSnapshot
from models.transactions import UserInvestmentTransaction

__all__ = [
    "AccountType",
    "AuthUser",
    "Base",
    "DataSource",
    "MigrationLog",
    "Provider",
    "SecurityType",
    "SnapshotType",
    "SyncStatus",
    "TransactionType",
    "UserAggregatedHolding",
    "UserBankConnection",
    "UserFeatureFlag",
    "UserInvestmentAccount",
    "UserInvestmentTransaction",
    "UserOnboarding",
    "UserPersonalization",
    "UserPortfolioSnapshot",
    "UserTransfer",
    "managed",
    "metadata",
    "plain_type",
]
