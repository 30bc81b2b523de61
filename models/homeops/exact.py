"""Exact numbers of the roadmap's features, each with the decimals that it needs."""

from decimal import Decimal
from typing import Annotated

from sqlalchemy.orm import mapped_column

from models.types import ExactNumeric

__all__ = [
    "Coins",
    "Fraction",
    "Measure",
    "Metered",
    "Predicted",
    "Price",
    "Rate",
    "Total",
]

Price = Annotated[Decimal, mapped_column(ExactNumeric("Price", 24, 8))]
"""Of one unit of anything traded, a coin worth a millionth of a cent included."""

Total = Annotated[Decimal, mapped_column(ExactNumeric("Total", 38, 2))]
"""A sum of amounts, however many: each of them may be the greatest that there is."""

Coins = Annotated[Decimal, mapped_column(ExactNumeric("Coins", 38, 18))]
"""Amounts of a cryptocurrency: the 18 decimals of a wei."""

Fraction = Annotated[Decimal, mapped_column(ExactNumeric("Fraction", 7, 6))]
"""A share, a score or a probability, from 0 to 1."""

Metered = Annotated[Decimal, mapped_column(ExactNumeric("Metered", 14, 4))]
"""What a meter counts: kilowatt-hours, cubic metres."""

Rate = Annotated[Decimal, mapped_column(ExactNumeric("Rate", 12, 6))]
"""Money for one unit of what a meter counts."""

Measure = Annotated[Decimal, mapped_column(ExactNumeric("Measure", 6, 2))]
"""A measured value with two decimals: beats a minute, decibels."""

Predicted = Annotated[Decimal, mapped_column(ExactNumeric("Predicted", 18, 4))]
"""What a model expects, in any unit."""
