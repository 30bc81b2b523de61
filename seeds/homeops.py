"""Seeds of HomeOps: ``rollout --schema homeops seed dev|staging|production``.

dev         the document's two users and test institutions, and a household that looks
            lived in: accounts, half a year of bookings, libraries, devices, readings
staging     the same shape, smaller; nobody has a name or a password
production  reference data only: rooms, settings, the aggregator

Every row is put in only where it is missing. No password is in this file: development
users have hashes (bcrypt) of the document's passwords, the others none.
"""

from collections.abc import Sequence

from rollout.seeding import Rows
from seeds import (
    homeops_ai,
    homeops_automation,
    homeops_crypto,
    homeops_energy,
    homeops_maintenance,
    homeops_marketplace,
    homeops_music,
    homeops_performance,
    homeops_recommendations,
    homeops_trading,
    homeops_viewing,
)
from seeds import homeops_rows as rows
from seeds.homeops_rows import HOUSE, Member

PEOPLE = "core.users"

DEV = (
    Member(
        "admin@homeops.local", "Admin User", "admin",
        "$2a$10$jV1E2Bo3eMM48ZOqOniD6eWzeCCCLsSMZ2vUCPcnAcdK2pKf3o44W",
    ),
    Member(
        "user@homeops.local", "Test User", "user",
        "$2a$10$/mK.ApNqdrJscBSWzgAARe8/3yeCH8xSgqgvQtkofQk6ybDhSgrye",
    ),
)  # fmt: skip
STAGING = (
    Member("user-1@staging.invalid", "User 1", "admin", None),
    Member("user-2@staging.invalid", "User 2", "user", None),
    Member("user-3@staging.invalid", "User 3", "guest", None),
)
DEV_DAYS, STAGING_DAYS = 180, 30
FEATURES = (
    homeops_trading,
    homeops_performance,
    homeops_crypto,
    homeops_recommendations,
    homeops_viewing,
    homeops_music,
    homeops_energy,
    homeops_automation,
    homeops_maintenance,
    homeops_marketplace,
    homeops_ai,
)
"""Of the roadmap, in the order of their revisions."""


def dev() -> list[Rows]:
    """Development data."""
    banks = (("Test Bank", "bank", "{}"), ("Test Broker", "broker", "{}"))
    config = (
        ("system.environment", '"development"', "core", "Which environment this is"),
    )
    return [*reference(config, banks), *of_household(DEV, DEV_DAYS)]


def staging() -> list[Rows]:
    """Staging data: smaller, and nobody has a name."""
    banks = (("Institution 1", "bank", "{}"), ("Institution 2", "broker", "{}"))
    config = (("system.environment", '"staging"', "core", "Which environment this is"),)
    return [*reference(config, banks), *of_household(STAGING, STAGING_DAYS)]


def production() -> list[Rows]:
    """Reference data: safe beside real rows."""
    config = (
        ("system.environment", '"production"', "core", "Which environment this is"),
        (
            "security.encryption_enabled",
            "true",
            "security",
            "Whether data are encrypted",
        ),
    )
    return reference(
        config, (("Plaid", "aggregator", '{"environment": "production"}'),)
    )


def reference(
    config: Sequence[Sequence[str]], institutions: Sequence[Sequence[str]]
) -> list[Rows]:
    """What every household has; found by its name, whatever its id."""
    columns = ("key", "value", "category", "description")
    return [
        Rows("core.system_config", columns, lambda: config),
        Rows(
            "smart_home.rooms", ("name", "type", "floor"), lambda: HOUSE, key=("name",)
        ),
        Rows(
            "financial.institutions", ("name", "type", "api_config"),
            lambda: institutions, key=("name", "type"),
        ),
    ]  # fmt: skip


def of_household(members: Sequence[Member], days: int) -> list[Rows]:
    """All tables of one household, in an order that foreign keys allow."""
    tables = (
        ("core.users", rows.USERS, lambda: rows.users(members)),
        ("financial.accounts", rows.ACCOUNTS, lambda: rows.accounts(members)),
        ("financial.transactions", rows.TRANSACTIONS,
         lambda: rows.transactions(members, days)),
        ("financial.positions", rows.POSITIONS, lambda: rows.positions(members)),
        ("media.libraries", rows.LIBRARIES, lambda: rows.libraries(members)),
        ("media.items", rows.ITEMS, lambda: rows.items(members)),
        ("media.viewing_history", rows.VIEWING, lambda: rows.viewing(members, days)),
        ("smart_home.devices", rows.DEVICES, rows.devices),
        ("smart_home.device_readings", rows.READINGS, lambda: rows.readings(days)),
    )  # fmt: skip
    first = [Rows(name, columns, make) for name, columns, make in tables]
    return first + [
        each for feature in FEATURES for each in feature.of_household(members, days)
    ]
