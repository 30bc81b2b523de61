"""Portfolio performance: what it is worth, what it has earned, where it has drifted."""

import itertools
import math
import uuid
from decimal import Decimal as D

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from models.homeops import (
    CryptoAsset,
    CryptoPosition,
    CryptoWallet,
    Portfolio,
    PortfolioAccount,
    PortfolioTarget,
    PortfolioValuation,
    Position,
    PriceQuote,
    Transaction,
)
from tests.homeops.household import (  # noqa: F401 - a fixture
    TODAY,
    add,
    ago,
    day,
    household,
    refusal,
    searched,
)

V = PortfolioValuation
# Oldest first: worth at the end of the day, paid in on it, price of the benchmark.
DAYS = (
    (5, "1000.00", "0", "100"),
    (4, "1100.00", "0", "104"),
    (3, "1595.00", "500.00", "103"),
    (2, "1435.50", "0", "99"),
    (1, "1239.95", "-200.00", "101"),
    (0, "1301.95", "0", "104.03"),
)
VALUE = sa.select(sa.func.financial.value_portfolios(TODAY))


def portfolio(user, name, **more):
    return Portfolio(id=uuid.uuid4(), user_id=user, name=name, **more)


@pytest.fixture(scope="module")
def house(household):  # noqa: F811
    broker = household.account(household.alice)
    bank = household.account(household.alice, "savings", balance=D("250.00"))
    euros = household.account(household.alice, "cash", currency="EUR", balance=D(100))
    coins = household.account(household.alice, "crypto")
    bobs = household.account(household.bob)
    whole = portfolio(household.alice, "All", benchmark_symbol="VTI")
    small = portfolio(household.alice, "Euros")
    old = portfolio(household.alice, "Old", is_archived=True)
    bobs_own = portfolio(household.bob, "All")
    household.add(whole, small, old, bobs_own)
    household.add(
        *(
            PortfolioAccount(portfolio_id=whole.id, account_id=account.id)
            for account in (broker, bank, coins)
        ),
        PortfolioAccount(portfolio_id=small.id, account_id=euros.id),
        PortfolioAccount(portfolio_id=bobs_own.id, account_id=bobs.id),
        Position(account_id=broker.id, symbol="VTI", asset_type="etf", quantity=D(3),
                 cost_basis=D(600), market_value=D("810.30")),
        Position(account_id=broker.id, symbol="CASH", asset_type="cash",
                 quantity=D("39.70"), market_value=D("39.70")),
        Position(account_id=bobs.id, symbol="NEW", asset_type="stock", quantity=D(1)),
        PriceQuote(symbol="VTI", currency="USD", quoted_at=ago(hours=1),
                   price=D("270.10"), source="feed"),
        Transaction(account_id=bank.id, transaction_date=TODAY, amount=D("75.10"),
                    category="transfer"),
        Transaction(account_id=bank.id, transaction_date=TODAY, amount=D("-20.05"),
                    category="transfer"),
        Transaction(account_id=bank.id, transaction_date=TODAY, amount=D(999),
                    category="transfer", is_pending=True),
        Transaction(account_id=bank.id, transaction_date=TODAY, amount=D(-8),
                    category="groceries"),
        PortfolioTarget(portfolio_id=whole.id, asset_type="etf", target_share=D("0.6")),
        PortfolioTarget(portfolio_id=whole.id, asset_type="crypto",
                        target_share=D("0.15"), tolerance=D("0.02")),
        PortfolioTarget(portfolio_id=whole.id, asset_type="cash",
                        target_share=D("0.25")),
    )  # fmt: skip
    bitcoin = CryptoAsset(
        id=uuid.uuid4(), symbol="BTC", name="Bitcoin", network="bitcoin", decimals=8
    )
    wallet = CryptoWallet(
        id=uuid.uuid4(), account_id=coins.id, network="bitcoin", label="Exchange",
        custody="exchange",
    )  # fmt: skip
    household.add(bitcoin, wallet)
    household.add(
        CryptoPosition(
            wallet_id=wallet.id, asset_id=bitcoin.id, quantity=D("0.00327869"),
            cost_basis=D(150), market_value=D(200),
        )
    )  # fmt: skip
    household.add(
        *(
            V(portfolio_id=whole.id, valued_on=day(n), market_value=D(worth),
              net_flow=D(flow), cost_basis=D(900), benchmark_price=D(price),
              is_final=n > 0)
            for n, worth, flow, price in DAYS
        ),
        V(portfolio_id=bobs_own.id, valued_on=TODAY, market_value=D(5),
          cost_basis=D(4)),
    )  # fmt: skip
    household.whole, household.small, household.bobs_own = whole, small, bobs_own
    household.broker, household.bobs = broker, bobs
    return household


def growth(house):
    """What a day made of what was there at its beginning, with what was paid in."""
    previous = sa.func.lag(V.market_value).over(order_by=V.valued_on)
    return (
        sa.select(
            V.valued_on,
            (V.market_value / (previous + V.net_flow)).label("factor"),
            (
                V.benchmark_price
                / sa.func.lag(V.benchmark_price).over(order_by=V.valued_on)
            ).label("benchmark"),
        )
        .where(V.portfolio_id == house.whole.id)
        .subquery()
    )


def test_the_return_leaves_out_what_was_paid_in(house):
    days = growth(house)
    twr = sa.select(
        sa.func.round(sa.func.exp(sa.func.sum(sa.func.ln(days.c.factor))), 8)
    )
    by_hand = 1.0
    for (_, before, _, _), (_, worth, flow, _) in itertools.pairwise(DAYS):
        by_hand *= float(worth) / (float(before) + float(flow))
    with house.acting(house.alice) as session:
        found = session.scalar(twr)
    assert math.isclose(float(found), by_hand, rel_tol=1e-7)
    # 10% up, 0.3% down, 10% down, 0.4% up, 5% up: and not 30% for 300 paid in.
    assert round(by_hand, 4) == 1.04


def test_the_return_beside_the_benchmarks(house):
    days = growth(house)
    total = sa.select(
        sa.func.round(sa.func.exp(sa.func.sum(sa.func.ln(days.c.benchmark))), 6)
    )
    with house.acting(house.alice) as session:
        assert session.scalar(total) == D("1.040300")


def test_the_worst_fall_from_a_height(house):
    days = growth(house)
    index = sa.select(
        days.c.valued_on,
        sa.func.exp(
            sa.func.sum(sa.func.ln(sa.func.coalesce(days.c.factor, 1))).over(
                order_by=days.c.valued_on
            )
        ).label("level"),
    ).subquery()
    peaks = sa.select(
        index.c.level,
        sa.func.max(index.c.level).over(order_by=index.c.valued_on).label("peak"),
    ).subquery()
    worst = sa.select(sa.func.round(sa.func.min(peaks.c.level / peaks.c.peak - 1), 4))
    with house.acting(house.alice) as session:
        # From 1.1 on day 4: 1595/1600 down, then a tenth.
        assert session.scalar(worst) == D(str(round(1595 / 1600 * 0.9 - 1, 4)))


def test_the_best_and_the_worst_day(house):
    days = growth(house)
    best = (
        sa.select(days.c.valued_on)
        .where(days.c.factor.is_not(None))
        .order_by(days.c.factor.desc())
    )
    with house.acting(house.alice) as session:
        found = session.scalars(best).all()
    assert (found[0], found[-1]) == (day(4), day(2))


def test_gain_in_money_over_a_period(house):
    # Worth at the end, less worth at the beginning, less what was paid in between.
    query = sa.select(
        sa.func.max(V.market_value).filter(V.valued_on == day(1))
        - sa.func.max(V.market_value).filter(V.valued_on == day(4))
        - sa.func.sum(V.net_flow).filter(V.valued_on > day(4))
    ).where(V.portfolio_id == house.whole.id, V.valued_on.between(day(4), day(1)))
    with house.acting(house.alice) as session:
        assert session.scalar(query) == D("-160.05")


def test_the_latest_worth_of_each_portfolio_of_mine(house):
    latest = (
        sa.select(Portfolio.name, V.market_value)
        .join(Portfolio.valuations)
        .ext(distinct_on(Portfolio.id))
        .order_by(Portfolio.id, V.valued_on.desc())
    )
    with house.acting(house.alice) as session:
        assert session.execute(latest).all() == [("All", D("1301.95"))]


def test_where_the_portfolio_has_drifted_from_its_aims(house):
    account = (
        sa.select(PortfolioAccount.account_id)
        .where(PortfolioAccount.portfolio_id == house.whole.id)
        .scalar_subquery()
    )
    held = sa.union_all(
        sa.select(Position.asset_type, Position.market_value.label("value")).where(
            Position.account_id.in_(account)
        ),
        sa.select(sa.literal("crypto"), CryptoPosition.market_value)
        .join(CryptoPosition.wallet)
        .where(CryptoWallet.account_id.in_(account)),
    ).subquery()
    share = sa.func.coalesce(
        sa.func.sum(held.c.value).filter(
            held.c.asset_type == PortfolioTarget.asset_type
        )
        / sa.func.sum(held.c.value),
        0,
    )
    drift = (
        sa.select(
            PortfolioTarget.asset_type,
            sa.func.round(share - PortfolioTarget.target_share, 4),
        )
        .join(held, sa.true())
        .where(PortfolioTarget.portfolio_id == house.whole.id)
        .group_by(PortfolioTarget.portfolio_id, PortfolioTarget.asset_type)
        .having(
            sa.func.abs(share - PortfolioTarget.target_share)
            > PortfolioTarget.tolerance
        )
    )
    with house.acting(house.alice) as session:
        found = dict(session.execute(drift).all())
    # 810.30 of 1050, 39.70 of 1050, 200 of 1050
    assert found == {
        "etf": round(D("810.30") / 1050 - D("0.6"), 4),
        "cash": round(D("39.70") / 1050 - D("0.25"), 4),
        "crypto": round(D(200) / 1050 - D("0.15"), 4),
    }


def test_the_nightly_job_values_what_the_accounts_hold(house):
    with house.service() as session:
        assert session.scalar(VALUE) == 3
        made = session.get_one(V, (house.whole.id, TODAY))
        assert (made.market_value, made.cash_value) == (D("1300.00"), D("289.70"))
        assert (made.cost_basis, made.net_flow) == (D("1039.70"), D("55.05"))
        assert (made.benchmark_price, made.is_final) == (D("270.10"), True)
        # Nothing is known of the new share's price yet.
        bobs = session.get_one(V, (house.bobs_own.id, TODAY))
        assert (bobs.market_value, bobs.is_final) == (D(0), False)


def test_an_account_in_another_currency_needs_a_rate(house):
    with house.service() as session:
        session.execute(VALUE)
        made = session.get_one(V, (house.small.id, TODAY))
        assert (made.market_value, made.is_final) == (D(0), False)
        rate = PriceQuote(
            symbol="EUR", currency="USD", quoted_at=ago(days=2), price=D("1.0825"),
            source="feed",
        )  # fmt: skip
        add(session, rate)
        assert session.scalar(VALUE) == 3
        session.expire_all()
        assert (made.market_value, made.is_final) == (D("108.25"), True)


def test_days_that_must_be_valued_again(house):
    again = sa.select(V.portfolio_id, V.valued_on).where(~V.is_final)
    with house.service() as session:
        assert session.execute(again).all() == [(house.whole.id, TODAY)]
    assert searched(house.plan(None, again)) == set()
    assert "idx_portfolio_valuations_unfinished" in house.plan(None, again)


def test_an_account_knows_the_portfolios_that_it_counts_to(house):
    with house.acting(house.alice) as session:
        mine = session.get_one(Portfolio, house.whole.id)
        assert {link.account.account_type for link in mine.accounts} == {
            "brokerage", "savings", "crypto",
        }  # fmt: skip
        (link,) = next(
            link.account.portfolios
            for link in mine.accounts
            if link.account_id == house.broker.id
        )
        assert link.portfolio is mine
        assert sum(t.target_share for t in mine.targets) == 1


def test_nobody_sees_anothers_portfolio(house):
    with house.acting(house.bob) as session:
        assert session.scalars(sa.select(Portfolio.id)).all() == [house.bobs_own.id]
        assert session.scalars(sa.select(V.market_value)).all() == [D(5)]
        assert session.scalars(sa.select(PortfolioTarget)).all() == []
        assert len(session.scalars(sa.select(PortfolioAccount)).all()) == 1


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda h: portfolio(h.alice, "Hers"), "row-level security"),
        (
            lambda h: PortfolioAccount(
                portfolio_id=h.bobs_own.id, account_id=h.broker.id
            ),
            "row-level security",
        ),
        (
            lambda h: PortfolioTarget(
                portfolio_id=h.whole.id, asset_type="bond", target_share=D(0)
            ),
            "row-level security",
        ),
        (
            lambda h: V(portfolio_id=h.bobs_own.id, valued_on=day(9),
                        market_value=D(9), cost_basis=D(9)),
            "permission denied",
        ),
    ],
)  # fmt: skip
def test_a_person_cannot_add_to_anothers_portfolio_nor_write_valuations(
    house, make, said
):
    with house.acting(house.bob) as session:
        assert said in refusal(session, lambda: add(session, make(house)))


def test_nobody_but_the_service_runs_the_nightly_job(house):
    with house.acting(house.alice) as session:
        assert "permission denied" in refusal(session, lambda: session.execute(VALUE))


@pytest.mark.parametrize(
    ("make", "constraint"),
    [
        (lambda h: portfolio(h.alice, "All"), "portfolios_user_name_key"),
        (lambda h: portfolio(h.alice, ""), "portfolios_name_check"),
        (lambda h: portfolio(h.alice, "X", currency="$"), "portfolios_currency_check"),
        (
            lambda h: portfolio(h.alice, "X", benchmark_symbol=""),
            "portfolios_benchmark_check",
        ),
        (
            lambda h: PortfolioTarget(
                portfolio_id=h.small.id, asset_type="art", target_share=D(1)
            ),
            "portfolio_targets_asset_type_check",
        ),
        (
            lambda h: PortfolioTarget(
                portfolio_id=h.small.id, asset_type="etf", target_share=D("1.01")
            ),
            "portfolio_targets_share_check",
        ),
        (
            lambda h: V(portfolio_id=h.whole.id, valued_on=TODAY, market_value=D(1),
                        cost_basis=D(1)),
            "portfolio_valuations_pkey",
        ),
        (
            lambda h: V(portfolio_id=h.whole.id, valued_on=day(9), market_value=D(1),
                        cost_basis=D(1), benchmark_price=D(0)),
            "portfolio_valuations_benchmark_check",
        ),
    ],
)  # fmt: skip
def test_bad_rows_are_refused(house, make, constraint):
    assert house.refused(make(house)) == constraint


def test_years_of_valuations_are_read_by_their_key(house):
    with house.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO financial.portfolio_valuations"
            " (portfolio_id, valued_on, market_value, cost_basis)"
            " SELECT %(p)s, %(today)s::date - n, 1, 1"
            " FROM generate_series(1, 3000) AS n",
            {"p": house.bobs_own.id, "today": TODAY},
        )
        connection.exec_driver_sql("ANALYZE financial.portfolio_valuations")
    period = sa.select(V.market_value).where(
        V.portfolio_id == house.bobs_own.id, V.valued_on >= day(30)
    )
    plan = house.plan(house.bob, period.order_by(V.valued_on))
    assert "portfolio_valuations_pkey" in searched(plan)
    by_account = sa.select(PortfolioAccount.portfolio_id).where(
        PortfolioAccount.account_id == house.broker.id
    )
    assert "idx_portfolio_accounts_account" in searched(house.plan(None, by_account))
    with house.engine.begin() as connection:
        connection.execute(sa.delete(V).where(V.market_value == 1))
