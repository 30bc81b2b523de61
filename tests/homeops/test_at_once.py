"""Two sessions at once: nothing is booked twice, nothing is lost.

The first one's transaction is open, with every lock that it took, when the second one
begins.
"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg2
import pytest

from tests.rollout.ops.interrupt import until

pytestmark = pytest.mark.slow

ANN, BOB = (f"00000000-0000-4000-8000-00000000000{n}" for n in (1, 2))
SHOP = f"""
    INSERT INTO core.users (id, email, full_name)
    VALUES ('{ANN}', 'ann@homeops.local', 'Ann'), ('{BOB}', 'bob@homeops.local', 'Bob');
    INSERT INTO financial.accounts (id, user_id, name, account_type)
    VALUES ('{ANN}', '{ANN}', 'Giro', 'checking');
    INSERT INTO marketplace.creators (id, user_id, handle, display_name)
    VALUES ('{ANN}', '{ANN}', 'ann', 'Ann'), ('{BOB}', '{BOB}', 'bob', 'Bob');
    INSERT INTO marketplace.payout_methods (creator_id, account_id, minimum_amount)
    VALUES ('{ANN}', '{ANN}', 1);
    INSERT INTO marketplace.listings (
        id, creator_id, slug, kind, title, description, price, stock, status,
        published_at
    )
    VALUES ('{ANN}', '{ANN}', 'lamp', 'device', 'Lamp', 'It shines.', 10, 3,
        'published', now())
"""
ORDER = f"""
    WITH o AS (
        INSERT INTO marketplace.orders (buyer_id, total)
        VALUES ('{BOB}', 10 * %s) RETURNING id
    )
    INSERT INTO marketplace.order_lines
        (order_id, listing_id, quantity, unit_price, amount)
    SELECT id, '{ANN}', %s, 10, 10 * %s FROM o RETURNING order_id
"""
SETTLE = "SELECT marketplace.settle_order(%s)"
REFUND = "SELECT marketplace.refund_order(%s)"
PAY = "SELECT marketplace.make_payouts('2100-01-01')"
STOCK = f"SELECT stock FROM marketplace.listings WHERE id = '{ANN}'"
EARNED = "SELECT coalesce(sum(amount), 0) FROM marketplace.earnings"
WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


class Two:
    """What one session does while another one's transaction is open."""

    def __init__(self, database):
        self.database = database

    def session(self):
        connection = self.database.another()
        with connection.cursor() as cursor:
            cursor.execute("SET ROLE service_role; SET statement_timeout = '20s'")
        connection.commit()
        return connection

    def meet(self, first, second, *, meanwhile=lambda: None, ends="commit", waits=True):
        """Do ``first``, then ``second`` beside it; end the first; what each returned.

        A refusal is returned as what the server said.
        """
        with (
            closing(self.session()) as one,
            closing(self.session()) as two,
            ThreadPoolExecutor(1) as pool,
        ):
            found = done(one, *first)
            result = pool.submit(done, two, *second)
            try:
                if waits:
                    until(lambda: result.done() or self.database.value(WAITING) == 1)
                    assert not result.done(), "it did not wait"
                meanwhile()
                if not waits:
                    result.result()  # with the first one's transaction still open
            finally:
                getattr(one, ends)()
            other = result.result()
            two.commit()
            return found, other


def done(connection, statement, *values):
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return cursor.fetchone()[0] if cursor.description else cursor.rowcount
    except psycopg2.Error as error:
        connection.rollback()
        return error.diag.message_primary


@pytest.fixture
def shop(homeops):
    homeops.run(SHOP)
    return homeops


@pytest.fixture
def two(shop):
    return Two(shop)


def order(database, many=1):
    return database.value(ORDER, many, many, many)


def test_an_order_that_two_settle_is_booked_once(shop, two):
    bought = order(shop)
    assert two.meet((SETTLE, bought), (SETTLE, bought)) == (10, 10)
    assert (shop.value(EARNED), shop.value(STOCK)) == (10, 2)


def test_the_last_one_is_sold_to_one_of_two(shop, two):
    first, second = order(shop, 2), order(shop, 2)
    sold, refused = two.meet((SETTLE, first), (SETTLE, second))
    assert sold == 20
    assert refused == f"order {second} cannot be settled: too few left of Lamp"
    assert (shop.value(EARNED), shop.value(STOCK)) == (20, 1)


def test_if_the_first_one_gives_up_the_second_one_gets_it(shop, two):
    first, second = order(shop, 2), order(shop, 2)
    two.meet((SETTLE, first), (SETTLE, second), ends="rollback")
    paid = "SELECT id FROM marketplace.orders WHERE status = 'paid'"
    assert [str(id_) for (id_,) in shop.rows(paid)] == [str(second)]
    assert (shop.value(EARNED), shop.value(STOCK)) == (20, 1)


POST = f"""
    INSERT INTO marketplace.posts (author_id, kind, title, body, status, published_at)
    VALUES ('{BOB}', 'guide', 'x', 'x', 'visible', now()) RETURNING id
"""
REPORT = f"""
    INSERT INTO marketplace.content_reports (reporter_id, reason, post_id)
    VALUES ('{ANN}', 'spam', %s)
"""
WITHDRAW = f"""
    SET LOCAL ROLE authenticated;
    SET LOCAL request.jwt.claims = '{{"sub": "{BOB}"}}';
    UPDATE marketplace.posts SET status = 'draft' WHERE id = %s
"""


def test_of_a_report_and_a_draft_of_the_post_there_is_one(shop, two):
    post = shop.value(POST)
    _, refused = two.meet((WITHDRAW, post), (REPORT, post))
    assert refused == f"post {post} is a draft, and cannot be reported"
    post = shop.value(POST)
    _, refused = two.meet((REPORT, post), (WITHDRAW, post))
    assert refused == f"post {post} is reported, and stays until that is decided"


@pytest.fixture
def shade(shop):
    """A second offer: what puts it into an order."""
    made = shop.value(f"""
        INSERT INTO marketplace.listings (
            creator_id, slug, kind, title, description, price, status, published_at
        )
        VALUES ('{ANN}', 'shade', 'device', 'Shade', 'For the lamp.', 10, 'published',
            now()) RETURNING id
    """)
    return f"""
        INSERT INTO marketplace.order_lines (order_id, listing_id, unit_price, amount)
        VALUES (%s, '{made}', 10, 10)
    """


def test_nothing_comes_into_an_order_that_is_being_settled(shop, two, shade):
    bought = order(shop)
    sold, refused = two.meet((SETTLE, bought), (shade, bought))
    assert sold == 10
    assert refused == f"order {bought} is paid, and its lines stay as they are"


def test_what_comes_into_an_order_first_is_counted_by_who_settles_it(shop, two, shade):
    bought = order(shop)
    _, refused = two.meet((shade, bought), (SETTLE, bought))
    assert refused == f"order {bought} is for 10.00, and its lines for 20.00"
    assert shop.value(EARNED) == 0


def test_of_two_sales_both_are_counted(shop, two):
    assert two.meet((SETTLE, order(shop)), (SETTLE, order(shop))) == (10, 10)
    assert (shop.value(EARNED), shop.value(STOCK)) == (20, 1)


def test_a_refund_beside_the_sale_takes_back_all_of_it(shop, two):
    bought = order(shop, 3)
    assert two.meet((SETTLE, bought), (REFUND, bought)) == (30, 30)
    assert (shop.value(EARNED), shop.value(STOCK)) == (0, 3)


def test_an_order_that_two_refund_goes_back_once(shop, two):
    bought = order(shop)
    shop.value(SETTLE, bought)
    assert two.meet((REFUND, bought), (REFUND, bought)) == (10, 10)
    assert (shop.value(EARNED), shop.value(STOCK)) == (0, 3)


PAID = """
    SELECT count(*), sum(p.amount), sum((
        SELECT sum(e.amount) FROM marketplace.earnings AS e WHERE e.payout_id = p.id
    )) FROM marketplace.payouts AS p
"""


@pytest.mark.parametrize(("ends", "second"), [("commit", 0), ("rollback", 1)])
def test_what_was_earned_is_paid_out_once(ends, second, shop, two):
    shop.value(SETTLE, order(shop))
    assert two.meet((PAY,), (PAY,), ends=ends) == (1, second)
    assert shop.rows(PAID) == [(1, 10, 10)]


def test_what_is_earned_while_payouts_are_made_is_in_the_next(shop, two):
    shop.value(SETTLE, order(shop))
    late = order(shop, 2)
    assert two.meet((PAY,), (SETTLE, late), waits=False) == (1, 20)
    assert shop.value(PAY) == 1
    assert shop.rows(PAID) == [(2, 30, 30)]


def test_what_is_in_a_payout_stays_in_it(shop):
    shop.value(SETTLE, order(shop))
    shop.value(PAY)
    for payout in ("NULL", "gen_random_uuid()"):
        with pytest.raises(psycopg2.errors.CheckViolation) as refused:
            shop.run(f"UPDATE marketplace.earnings SET payout_id = {payout}")
        assert refused.value.diag.constraint_name == "earnings_one_payout"
    assert shop.run("UPDATE marketplace.earnings SET earned_at = now()") == 1


def test_two_who_give_shares_cannot_give_more_than_the_whole(shop, two):
    share = f"""
        INSERT INTO marketplace.revenue_shares (listing_id, creator_id, share_bp)
        VALUES ('{ANN}', %s, 10000);
        SET CONSTRAINTS ALL IMMEDIATE
    """
    _, refused = two.meet((share, ANN), (share, BOB))
    assert refused == f"the shares of offer {ANN} are 20000 of 10000"
    shares = "SELECT creator_id::text FROM marketplace.revenue_shares"
    assert shop.rows(shares) == [(ANN,)]


MOVED = f"""
    INSERT INTO financial.crypto_movements (
        wallet_id, asset_id, kind, quantity, value, occurred_at, tx_hash
    )
    VALUES ('{ANN}', '{ANN}', 'buy', %s, 1, now(), %s)
    ON CONFLICT ON CONSTRAINT crypto_movements_tx_key DO NOTHING;
    SELECT financial.recount_crypto_wallet('{ANN}')
"""
HELD = "SELECT quantity, staked_quantity FROM financial.crypto_positions"


@pytest.fixture
def wallet(shop):
    shop.run(f"""
        INSERT INTO financial.crypto_assets (id, symbol, name, network, decimals)
        VALUES ('{ANN}', 'ETH', 'Ether', 'ethereum', 18);
        INSERT INTO financial.crypto_wallets (id, account_id, network, label, custody)
        VALUES ('{ANN}', '{ANN}', 'ethereum', 'Exchange', 'exchange')
    """)
    return shop


@pytest.mark.parametrize("held_before", [True, False])
def test_coins_that_two_put_into_a_wallet_are_all_in_it(held_before, wallet, two):
    if held_before:
        wallet.value(MOVED, 1, "0")
    assert two.meet((MOVED, 2, "a"), (MOVED, 4, "b")) == (1, 1)
    assert wallet.rows(HELD) == [(6 + held_before, 0)]


def test_a_trade_that_two_readers_report_is_counted_once(wallet, two):
    assert two.meet((MOVED, 2, "a"), (MOVED, 2, "a")) == (1, 1)
    assert wallet.rows(HELD) == [(2, 0)]


def test_a_position_without_movements_stays_as_it_was_entered(wallet):
    wallet.run(f"""
        INSERT INTO financial.crypto_positions (wallet_id, asset_id, quantity)
        VALUES ('{ANN}', '{ANN}', 5)
    """)
    recount = f"SELECT financial.recount_crypto_wallet('{ANN}')"
    assert wallet.value(recount) == 0
    assert wallet.rows(HELD) == [(5, 0)]
    wallet.run("UPDATE financial.crypto_positions SET staked_quantity = 4")
    assert wallet.value(MOVED, 3, "a") == 1
    assert wallet.rows(HELD) == [(3, 3)]


FIRE = "SELECT financial.fire_trading_alerts('2026-01-02')"
FIRED = "SELECT count(*) FROM financial.trading_alert_events"


@pytest.fixture
def alert(shop):
    shop.run(f"""
        INSERT INTO financial.price_quotes (symbol, currency, quoted_at, price, source)
        VALUES ('ABC', 'USD', '2026-01-01', 12, 'test');
        INSERT INTO financial.trading_alerts (user_id, symbol, condition, threshold)
        VALUES ('{ANN}', 'ABC', 'price_above', 10)
    """)
    return shop


def test_an_alert_that_two_look_at_fires_once_and_nobody_waits(alert, two):
    assert two.meet((FIRE,), (FIRE,), waits=False) == (1, 0)
    assert alert.value(FIRED) == 1


def test_an_alert_that_its_owner_is_changing_fires_the_next_time(alert, two):
    change = "UPDATE financial.trading_alerts SET threshold = 11"
    assert two.meet((change,), (FIRE,), waits=False) == (1, 0)
    assert alert.value(FIRE) == 1


ROLL_UPS = {
    "media.viewing_days": (
        "SELECT media.roll_up_viewing(max(started_at)::date) "
        "FROM media.viewing_history",
        """
        INSERT INTO media.viewing_history (user_id, item_id, started_at, watched_s)
        SELECT user_id, item_id, started_at + interval '1 s', 1
        FROM media.viewing_history ORDER BY started_at DESC LIMIT 1
        """,
    ),
    "smart_home.energy_days": (
        "SELECT smart_home.roll_up_energy(max(started_at)::date) "
        "FROM smart_home.energy_readings",
        """
        INSERT INTO smart_home.energy_readings
            (device_id, direction, started_at, interval_s, carrier, quantity)
        SELECT device_id, direction, started_at + interval '1 s', 1, carrier, 1
        FROM smart_home.energy_readings ORDER BY started_at DESC LIMIT 1
        """,
    ),
    "smart_home.learned_patterns": (
        "SELECT smart_home.learn_patterns(max(occurred_at)::date) "
        "FROM smart_home.device_actions",
        "DELETE FROM smart_home.device_actions WHERE id IN (SELECT id FROM "
        "smart_home.device_actions WHERE cause = 'person' ORDER BY occurred_at DESC "
        "LIMIT 3)",
    ),
    "financial.portfolio_valuations": (
        "SELECT financial.value_portfolios(max(valued_on)) "
        "FROM financial.portfolio_valuations",
        "UPDATE financial.positions SET market_value = market_value + 1",
    ),
    "ai.forecast_accuracies": (
        "SELECT ai.measure_forecasts()",
        "UPDATE ai.forecast_points SET actual = value + 1 WHERE actual IS NOT NULL",
    ),
}


@pytest.mark.parametrize("table", ROLL_UPS)
def test_of_two_roll_ups_the_last_one_counts_what_came_meanwhile(table, lived_in):
    roll_up, late = ROLL_UPS[table]
    rows = f"""
        SELECT to_jsonb(t) - '{{computed_at,updated_at,measured_at}}'::text[]
        FROM {table} AS t ORDER BY 1
    """
    lived_in.value(roll_up)
    before = lived_in.rows(rows)
    Two(lived_in).meet((roll_up,), (roll_up,), meanwhile=lambda: lived_in.run(late))
    after = lived_in.rows(rows)
    assert after != before
    lived_in.value(roll_up)
    assert lived_in.rows(rows) == after
