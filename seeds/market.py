"""A made-up market: securities, and their prices on two years of trading days.

Every number follows from a name, so it is the same on every machine.
"""

import datetime as dt
import functools
import math
import random
from decimal import Decimal
from typing import NamedTuple

START, END = dt.date(2024, 7, 1), dt.date(2026, 6, 30)
CENT = Decimal("0.01")
CASH = "CUR:USD"
DAYS_A_YEAR = 252


class Security(NamedTuple):
    """What can be held; ``yield_`` is paid out a year, in parts of the price."""

    symbol: str
    name: str
    type: str
    sector: str
    first_price: float
    drift: float
    volatility: float
    yield_: float


# symbol|name|type|sector|first price|drift|volatility|yield
TABLE = """\
VTI|Vanguard Total Stock Market ETF|etf|Broad market|265|0.11|0.15|0.013
VXUS|Vanguard Total International Stock ETF|etf|International|61|0.07|0.15|0.03
BND|Vanguard Total Bond Market ETF|etf|Bonds|72|0.01|0.05|0.036
SPY|SPDR S&P 500 ETF Trust|etf|Broad market|545|0.12|0.15|0.012
QQQ|Invesco QQQ Trust|etf|Technology|480|0.15|0.2|0.006
SCHD|Schwab US Dividend Equity ETF|etf|Broad market|26|0.06|0.13|0.035
VNQ|Vanguard Real Estate ETF|etf|Real estate|84|0.03|0.18|0.038
FXAIX|Fidelity 500 Index Fund|mutual_fund|Broad market|190|0.12|0.15|0.012
VTTSX|Vanguard Target Retirement 2060 Fund|mutual_fund|Balanced|50|0.09|0.12|0.02
FZROX|Fidelity ZERO Total Market Index Fund|mutual_fund|Broad market|19|0.11|0.15|0.011
AAPL|Apple Inc.|equity|Technology|215|0.12|0.26|0.005
MSFT|Microsoft Corporation|equity|Technology|450|0.1|0.22|0.007
NVDA|NVIDIA Corporation|equity|Technology|124|0.3|0.45|0.0
JPM|JPMorgan Chase & Co.|equity|Financials|202|0.14|0.22|0.022
JNJ|Johnson & Johnson|equity|Health care|147|0.05|0.16|0.032
UNH|UnitedHealth Group Incorporated|equity|Health care|509|-0.1|0.3|0.016
COST|Costco Wholesale Corporation|equity|Consumer staples|850|0.1|0.2|0.005
XOM|Exxon Mobil Corporation|equity|Energy|115|0.03|0.23|0.034
TSLA|Tesla, Inc.|equity|Consumer discretionary|198|0.15|0.55|0.0
KO|The Coca-Cola Company|equity|Consumer staples|64|0.05|0.14|0.03
912828ZQ6|US Treasury Note 0.625% 05/15/2030|bond|Bonds|81|0.03|0.05|0.0077
BTC|Bitcoin|crypto|Digital assets|62800|0.25|0.55|0.0
ETH|Ether|crypto|Digital assets|3440|0.05|0.65|0.0
"""


def _securities() -> dict[str, Security]:
    found = {}
    for line in TABLE.splitlines():
        symbol, name, type_, sector, *numbers = line.split("|")
        found[symbol] = Security(symbol, name, type_, sector, *map(float, numbers))
    return found


SECURITIES = _securities()


HOLIDAYS = {(1, 1), (7, 4), (12, 25)}


def _trading_days() -> list[dt.date]:
    every = (START + dt.timedelta(days=n) for n in range((END - START).days + 1))
    return [d for d in every if d.weekday() < 5 and (d.month, d.day) not in HOLIDAYS]


DAYS = _trading_days()


@functools.cache
def prices(symbol: str) -> list[Decimal]:
    """Closing prices, one a day of DAYS; cash is always 1."""
    if symbol == CASH:
        return [Decimal(1)] * len(DAYS)
    security = SECURITIES[symbol]
    return _walk(symbol, security.first_price, security.drift, security.volatility)


@functools.cache
def sp500() -> list[Decimal]:
    """The index, one value a day of DAYS."""
    return _walk("S&P 500", 5475.09, 0.12, 0.15)


def _walk(name: str, first: float, drift: float, volatility: float) -> list[Decimal]:
    """A geometric random walk."""
    chance, value, walked = random.Random(f"price of {name}"), first, []
    step = 1 / DAYS_A_YEAR
    for _ in DAYS:
        walked.append(Decimal(f"{value:.2f}"))
        shock = volatility * math.sqrt(step) * chance.gauss(0, 1)
        value *= math.exp((drift - volatility**2 / 2) * step + shock)
    return walked
