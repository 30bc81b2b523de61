"""The schema of HomeOps for applications: ``from models.homeops import Transaction``.

One file a database schema. Importing it maps every table.
"""

from models.homeops.base import Base, managed, metadata
from models.homeops.core import SystemConfig, User
from models.homeops.financial import Account, Institution, Position, Transaction
from models.homeops.media import Item, Library, ViewingSession
from models.homeops.smart_home import Device, DeviceReading, Room

__all__ = [
    "Account",
    "Base",
    "Device",
    "DeviceReading",
    "Institution",
    "Item",
    "Library",
    "Position",
    "Room",
    "SystemConfig",
    "Transaction",
    "User",
    "ViewingSession",
    "managed",
    "metadata",
]
