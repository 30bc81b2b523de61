"""Cryptocurrencies: what is held where, to the last decimal, and what it has earned."""

import uuid
from decimal import Decimal as D

import pytest
import sqlalchemy as sa

from models.homeops import (
    CryptoAsset,
    CryptoMovement,
    CryptoPosition,
    CryptoWallet,
    PriceQuote,
)
from tests.homeops.household import (  # noqa: F401 - a fixture
    NOON,
    add,
    ago,
    household,
    refusal,
    searched,
)

M, P, W, A = CryptoMovement, CryptoPosition, CryptoWallet, CryptoAsset
ADDRESS = "0x" + "0a" * 20
WEI = D("0.000000000000000001")
# Days ago, wallet, coin, kind, coins, worth of them.
STORY = (
    (400, "exchange", "ETH", "buy", D("1.0"), D("1000.00")),
    (300, "exchange", "ETH", "buy", D("2.0"), D("4000.00")),
    (200, "exchange", "ETH", "sell", D("-1.5"), D("4500.00")),
    (100, "exchange", "ETH", "transfer_out", D("-1.0"), None),
    (100, "cold", "ETH", "transfer_in", D("1.0"), None),
    (50, "cold", "ETH", "reward", WEI * 7, D("0.00")),
    (40, "cold", "ETH", "reward", D("0.01"), D("30.50")),
    (10, "exchange", "ETH", "fee", D("-0.002"), D("6.10")),
    (5, "exchange", "BTC", "buy", D("0.12345678"), D("7500.00")),
)


def coin(symbol, **more):
    values = {"name": symbol, "network": symbol.lower(), "decimals": 18}
    return A(id=uuid.uuid4(), symbol=symbol, **values | more)


def wallet(account, label="exchange", **more):
    values = {"network": "ethereum", "custody": "exchange"}
    return W(id=uuid.uuid4(), account_id=account.id, label=label, **values | more)


@pytest.fixture(scope="module")
def house(household):  # noqa: F811
    h = household
    h.account_a, h.account_b = h.account(h.alice, "crypto"), h.account(h.bob, "crypto")
    h.coins = {
        "ETH": coin("ETH", network="ethereum"),
        "BTC": coin("BTC", network="bitcoin", decimals=8),
        "USDC": coin("USDC", network="ethereum", contract_address="0xa0b8", decimals=6,
                     is_stablecoin=True),
    }  # fmt: skip
    h.wallets = {
        "exchange": wallet(h.account_a),
        "cold": wallet(h.account_a, "cold", custody="hardware", address=ADDRESS,
                       last_block=100, last_synced_at=ago(days=3)),
        "bob": wallet(h.account_b, last_synced_at=ago(hours=1)),
    }  # fmt: skip
    h.add(*h.coins.values(), *h.wallets.values())
    h.add(
        *(
            M(wallet_id=h.wallets[where].id, asset_id=h.coins[what].id, kind=kind,
              quantity=coins, value=value, occurred_at=ago(days=days),
              tx_hash=f"0x{n:064x}")
            for n, (days, where, what, kind, coins, value) in enumerate(STORY)
        ),
        *(
            P(wallet_id=h.wallets[where].id, asset_id=h.coins[what].id, quantity=coins,
              staked_quantity=staked, market_value=value, cost_basis=cost)
            for where, what, coins, staked, value, cost in (
                ("exchange", "ETH", D("0.498"), D(0), D("1500.00"), D("996.00")),
                ("cold", "ETH", D("1.01") + 7 * WEI, D("0.9"), D("3000.00"), D(2000)),
                ("exchange", "BTC", D("0.12345678"), D(0), D("7600.00"), D("7500.00")),
                ("bob", "ETH", D("5"), D(0), D("15000.00"), None),
                ("bob", "USDC", D("10.5"), D(0), None, None),
            )
        ),
        PriceQuote(symbol="ETH", currency="USD", quoted_at=ago(days=1), price=D(3000),
                   source="feed"),
        PriceQuote(symbol="BTC", currency="USD", quoted_at=ago(days=1), price=D(61_000),
                   source="feed"),
    )  # fmt: skip
    return h


def test_what_i_hold_over_all_wallets_to_the_last_wei(house):
    held = (
        sa.select(A.symbol, sa.func.sum(P.quantity), sa.func.sum(P.staked_quantity))
        .join(P.asset)
        .group_by(A.symbol)
    )
    with house.acting(house.alice) as session:
        found = {symbol: rest for symbol, *rest in session.execute(held)}
    assert found == {
        "ETH": [D("1.508000000000000007"), D("0.9")],
        "BTC": [D("0.12345678"), D(0)],
    }


def test_what_can_be_sold_at_once(house):
    free = sa.select(sa.func.sum(P.quantity - P.staked_quantity)).join(P.asset)
    with house.acting(house.alice) as session:
        found = session.scalar(free.where(A.symbol == "ETH"))
    assert found == D("0.608000000000000007")


def test_worth_at_the_latest_price(house):
    latest = (
        sa.select(PriceQuote.price)
        .where(PriceQuote.symbol == A.symbol, PriceQuote.currency == "USD")
        .order_by(PriceQuote.quoted_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    worth = sa.select(sa.func.round(sa.func.sum(P.quantity * latest), 2)).join(P.asset)
    with house.acting(house.alice) as session:
        assert session.scalar(worth) == round(
            D("1.508") * 3000 + D("0.12345678") * 61_000, 2
        )


def test_positions_are_the_sum_of_the_movements(house):
    moved = (
        sa.select(M.wallet_id, M.asset_id, sa.func.sum(M.quantity).label("coins"))
        .group_by(M.wallet_id, M.asset_id)
        .subquery()
    )
    off = sa.select(P.wallet_id, P.asset_id, P.quantity - moved.c.coins).join(
        moved,
        (moved.c.wallet_id == P.wallet_id) & (moved.c.asset_id == P.asset_id),
    )
    with house.service() as session:
        found = session.execute(off).all()
        assert {left for *_, left in found} == {D(0)}
        assert len(found) == 3


def test_the_gain_of_a_sale_counts_the_oldest_coins_first(house):
    """FIFO: each lot and each sale is a stretch of one line of coins bought."""
    end = sa.func.sum(sa.func.abs(M.quantity)).over(
        partition_by=(M.asset_id, M.kind), order_by=(M.occurred_at, M.id)
    )
    stretch = (
        sa.select(
            M.kind, M.asset_id, M.value, sa.func.abs(M.quantity).label("coins"),
            (end - sa.func.abs(M.quantity)).label("first"), end.label("last"),
            M.occurred_at,
        )
        .where(M.kind.in_(["buy", "sell"]))
        .cte("stretch")
    )  # fmt: skip
    lot, sale = stretch.alias("lot"), stretch.alias("sale")
    both = sa.func.least(lot.c.last, sale.c.last) - sa.func.greatest(
        lot.c.first, sale.c.first
    )
    gains = (
        sa.select(
            sa.func.round(both, 8),
            sa.func.round(both * (sale.c.value / sale.c.coins), 2),
            sa.func.round(both * (lot.c.value / lot.c.coins), 2),
        )
        .join_from(sale, lot, (lot.c.asset_id == sale.c.asset_id) & (both > 0))
        .where(sale.c.kind == "sell", lot.c.kind == "buy")
        .order_by(lot.c.occurred_at)
    )
    with house.acting(house.alice) as session:
        found = session.execute(gains).all()
    # 1.5 sold for 3000 each: 1.0 that cost 1000 each, 0.5 that cost 2000 each.
    assert found == [
        (D("1.0"), D("3000.00"), D("1000.00")),
        (D("0.5"), D("1500.00"), D("1000.00")),
    ]


def test_rewards_of_a_year_are_income_at_their_worth_then(house):
    income = (
        sa.select(sa.func.sum(M.value), sa.func.sum(M.quantity))
        .join(M.asset)
        .where(M.kind == "reward", M.occurred_at >= ago(days=365))
    )
    with house.acting(house.alice) as session:
        assert session.execute(income).one() == (D("30.50"), D("0.01") + 7 * WEI)


def test_what_fees_have_cost(house):
    with house.acting(house.alice) as session:
        assert session.scalar(
            sa.select(sa.func.sum(M.value)).where(M.kind == "fee")
        ) == D("6.10")


def test_transfers_between_my_wallets_go_out_and_come_in(house):
    out, back = sa.orm.aliased(M), sa.orm.aliased(M)
    pairs = sa.select(out.wallet_id, back.wallet_id, back.quantity).join(
        back,
        (back.kind == "transfer_in")
        & (back.asset_id == out.asset_id)
        & (back.quantity == -out.quantity)
        & (back.occurred_at >= out.occurred_at)
        & (back.occurred_at < out.occurred_at + sa.text("interval '1 day'")),
    )
    with house.acting(house.alice) as session:
        assert session.execute(pairs.where(out.kind == "transfer_out")).all() == [
            (house.wallets["exchange"].id, house.wallets["cold"].id, D(1))
        ]


def test_the_balance_of_a_wallet_after_each_movement(house):
    balance = sa.func.sum(M.quantity).over(order_by=M.occurred_at)
    history = (
        sa.select(balance)
        .join(M.asset)
        .where(M.wallet_id == house.wallets["exchange"].id, A.symbol == "ETH")
        .order_by(M.occurred_at)
    )
    with house.acting(house.alice) as session:
        assert session.scalars(history).all() == [
            D(1), D(3), D("1.5"), D("0.5"), D("0.498"),
        ]  # fmt: skip


def test_gain_that_is_not_realized_yet(house):
    gain = sa.select(
        A.symbol, sa.func.sum(P.market_value) - sa.func.sum(P.cost_basis)
    ).join(P.asset)
    with house.acting(house.alice) as session:
        assert dict(session.execute(gain.group_by(A.symbol)).all()) == {
            "ETH": D("1504.00"), "BTC": D("100.00"),
        }  # fmt: skip


def test_what_a_chains_reader_has_to_go_on_with(house):
    chain = (
        sa.select(W.address, W.last_block)
        .where(W.network == "ethereum", W.custody != "exchange")
        .order_by(W.last_synced_at.nulls_first())
    )
    with house.service() as session:
        assert session.execute(chain).all() == [(ADDRESS, 100)]


def test_reading_a_block_twice_adds_nothing(house):
    again = {
        "wallet_id": house.wallets["cold"].id, "asset_id": house.coins["ETH"].id,
        "kind": "reward", "quantity": 7 * WEI, "occurred_at": NOON,
        "tx_hash": f"0x{5:064x}",
    }  # fmt: skip
    insert = sa.dialects.postgresql.insert(M).values(again)
    with house.service() as session:
        count = sa.select(sa.func.count(M.id))
        before = session.scalar(count)
        session.execute(
            insert.on_conflict_do_nothing(constraint="crypto_movements_tx_key")
        )
        assert session.scalar(count) == before
        session.execute(insert.values(tx_index=1))
        assert session.scalar(count) == before + 1


def test_nobody_sees_anothers_coins(house):
    with house.acting(house.bob) as session:
        assert session.scalars(sa.select(W.id)).all() == [house.wallets["bob"].id]
        assert session.scalars(sa.select(M)).all() == []
        assert session.scalar(sa.select(sa.func.sum(P.quantity))) == D("15.5")
        assert session.scalar(sa.select(sa.func.count(A.id))) == 3
    with house.acting(house.eve) as session:
        assert session.scalars(sa.select(A)).all() == []
        assert session.scalars(sa.select(P)).all() == []


def test_a_person_cannot_put_coins_into_anothers_wallet_nor_make_coins(house):
    theirs = house.wallets["cold"].id
    for row, said in (
        (wallet(house.account_a), "row-level security"),
        (
            P(wallet_id=theirs, asset_id=house.coins["BTC"].id, quantity=D(1)),
            "row-level security",
        ),
        (coin("DOGE"), "permission denied"),
    ):
        with house.acting(house.bob) as session:
            found = refusal(session, lambda: add(session, row))  # noqa: B023
            assert said in found


@pytest.mark.parametrize(
    ("make", "constraint"),
    [
        (lambda h: coin("X", decimals=19), "crypto_assets_decimals_check"),
        (lambda h: coin("X", network="Ether"), "crypto_assets_network_check"),
        (lambda h: coin("X", network="ethereum"), "crypto_assets_contract_key"),
        (lambda h: wallet(h.account_a, custody="friend", address=ADDRESS),
         "crypto_wallets_custody_check"),
        (lambda h: wallet(h.account_a, custody="hardware"),
         "crypto_wallets_address_check"),
        (
            lambda h: wallet(h.account_b, address=ADDRESS),
            "crypto_wallets_address_check",
        ),
        (
            lambda h: wallet(h.account_a, custody="software", address=ADDRESS),
            "crypto_wallets_address_key",
        ),
        (
            lambda h: P(wallet_id=h.wallets["bob"].id, asset_id=h.coins["BTC"].id,
                        quantity=D(-1)),
            "crypto_positions_quantity_check",
        ),
        (
            lambda h: P(wallet_id=h.wallets["bob"].id, asset_id=h.coins["BTC"].id,
                        quantity=D(1), staked_quantity=D(2)),
            "crypto_positions_staked_check",
        ),
        (
            lambda h: P(wallet_id=h.wallets["bob"].id, asset_id=h.coins["ETH"].id,
                        quantity=D(1)),
            "crypto_positions_wallet_asset_key",
        ),
        (lambda h: move(h, "gift", D(1)), "crypto_movements_kind_check"),
        (lambda h: move(h, "sell", D(1), D(1)), "crypto_movements_quantity_check"),
        (lambda h: move(h, "buy", D(-1), D(1)), "crypto_movements_quantity_check"),
        (lambda h: move(h, "reward", D(0)), "crypto_movements_quantity_check"),
        (lambda h: move(h, "buy", D(1)), "crypto_movements_value_known_check"),
        (lambda h: move(h, "buy", D(1), D(-1)), "crypto_movements_value_check"),
    ],
)  # fmt: skip
def test_bad_rows_are_refused(house, make, constraint):
    assert house.refused(make(house)) == constraint


def move(h, kind, quantity, value=None):
    return M(
        wallet_id=h.wallets["bob"].id, asset_id=h.coins["BTC"].id, kind=kind,
        quantity=quantity, value=value, occurred_at=NOON,
    )  # fmt: skip


def test_a_coin_cannot_go_while_it_is_held(house):
    with house.service() as session:
        gone = sa.delete(A).where(A.symbol == "BTC")
        assert refusal(session, lambda: session.execute(gone)) in {
            "fk_crypto_positions_asset", "fk_crypto_movements_asset",
        }  # fmt: skip


def test_an_amount_is_never_rounded_on_its_way(house):
    row = move(house, "reward", WEI / 10)
    with house.service() as session:
        with pytest.raises(sa.exc.StatementError, match="Coins keeps 18 decimals"):
            add(session, row)
        session.rollback()


def test_the_hot_queries_have_their_index(house):
    with house.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO financial.crypto_movements"
            " (wallet_id, asset_id, kind, quantity, occurred_at)"
            " SELECT %(w)s, %(a)s, 'reward', 1, %(t)s::timestamptz - n * interval '1 h'"
            " FROM generate_series(1, 4000) AS n",
            {"w": house.wallets["bob"].id, "a": house.coins["USDC"].id, "t": NOON},
        )
        connection.exec_driver_sql("ANALYZE financial.crypto_movements")
    latest = (
        sa.select(M.quantity)
        .where(M.wallet_id == house.wallets["bob"].id)
        .order_by(M.occurred_at.desc())
        .limit(20)
    )
    plan = house.plan(house.bob, latest)
    assert "idx_crypto_movements_wallet_time" in searched(plan)
    by_coin = sa.select(sa.func.sum(M.quantity)).where(
        M.asset_id == house.coins["BTC"].id, M.occurred_at >= ago(days=9)
    )
    assert "idx_crypto_movements_asset" in searched(house.plan(None, by_coin))
    holders = sa.select(P.id).where(P.asset_id == house.coins["BTC"].id)
    assert "idx_crypto_positions_asset" in searched(house.plan(None, holders))
    with house.engine.begin() as connection:
        connection.execute(sa.delete(M).where(M.asset_id == house.coins["USDC"].id))
