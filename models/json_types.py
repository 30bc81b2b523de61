"""Shapes of the JSONB columns.

Amounts are US dollars. Numbers with a fraction are read as ``Decimal``, others as
``int``: both exact, so ``Number`` is either. The database does not enforce the shapes.
"""

from decimal import Decimal
from typing import Any, NotRequired, TypeAlias, TypedDict

__all__ = [
    "AccountContribution",
    "AccountTypeBreakdown",
    "Allocation",
    "InstitutionBreakdown",
    "InstitutionShare",
    "JsonObject",
    "Number",
    "ProviderBreakdown",
    "ProviderShare",
    "TopHolding",
]

Number: TypeAlias = Decimal | int

JsonObject: TypeAlias = dict[str, Any]
"""Whatever the provider sent; fractions are read as ``float``."""


class AccountContribution(TypedDict):
    """What one account adds to a holding."""

    account_id: str
    quantity: Number
    market_value: Number
    cost_basis: Number


class InstitutionShare(TypedDict):
    """What one institution adds to a holding."""

    quantity: Number
    value: Number


class ProviderShare(TypedDict):
    """What one provider adds to a portfolio."""

    accounts: int
    value: Number


class TopHolding(TypedDict):
    """One of the ten largest holdings of a day; ``percent`` of the portfolio, 0-100."""

    symbol: str
    market_value: Number
    quantity: NotRequired[Number]
    percent: NotRequired[Number]


InstitutionBreakdown: TypeAlias = dict[str, InstitutionShare]
"""By institution name."""

ProviderBreakdown: TypeAlias = dict[str, ProviderShare]
"""By provider."""

AccountTypeBreakdown: TypeAlias = dict[str, Number]
"""Value in US dollars by account type."""

Allocation: TypeAlias = dict[str, Number]
"""Percent of the portfolio, 0-100, by sector or asset class."""
