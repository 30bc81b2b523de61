"""Rows to migrate: the old application's, bad ones included, and the new one's.

All timestamps are of 2024 or before, so that what a migration dates shows as later.
"""

import psycopg2
import sqlalchemy as sa

from rollout.embedded import url_text

LEGACY = """
    INSERT INTO auth.users (id, email, created_at, updated_at)
    SELECT ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
        'user' || n || '@example.org', '2024-01-01', '2024-01-01'
    FROM generate_series(1, 240) AS n;

    INSERT INTO public.user_onboarding (
        id, user_id, onboarding_data, status, alpaca_account_id, alpaca_account_number,
        alpaca_account_status, created_at, updated_at
    )
    SELECT md5('onboarding' || n)::uuid,
        CASE WHEN n % 31 = 0 THEN NULL
            -- Some users have two rows, or the same account twice.
            ELSE ('00000000-0000-4000-8000-' || lpad(to_hex(1 + n % 230), 12, '0'))
                ::uuid
        END,
        jsonb_build_object('step', n), 'complete',
        CASE n % 11 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN ' '
            ELSE 'acct-' || n / 2 END,
        CASE WHEN n % 22 = 0 THEN NULL WHEN n % 3 = 0 THEN 'number-' || n END,
        (ARRAY['ACTIVE', 'active ', 'SUBMITTED', 'ACCOUNT_CLOSED', 'odd', '', NULL])
            [1 + n % 7],
        CASE WHEN n % 13 > 0 THEN timestamptz '2023-01-01' + n * interval '1 hour' END,
        CASE n % 17 WHEN 0 THEN NULL WHEN 1 THEN 'infinity'
            ELSE timestamptz '2023-06-01' + n * interval '1 hour' END
    FROM generate_series(1, 300) AS n;

    INSERT INTO public.user_personalization (id, user_id, first_name, created_at)
    SELECT md5('person' || n)::uuid, md5('nobody' || n)::uuid, 'Ada', '2023-01-01'
    FROM generate_series(1, 10) AS n;
"""
"""For a database at baseline."""

NEW = """
    INSERT INTO public.user_investment_accounts (
        id, user_id, provider, provider_account_id, institution_name, account_type,
        raw_account_data, created_at, updated_at
    )
    SELECT md5('manual' || n)::uuid,
        ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
        'manual', 'mine-' || n, 'Credit Union', 'ira', '{"a": [1, null]}',
        '2024-02-01', '2024-02-01'
    FROM generate_series(1, 40) AS n;

    INSERT INTO public.user_aggregated_holdings (
        id, user_id, symbol, total_quantity, total_market_value, last_updated
    )
    SELECT md5('holding' || n)::uuid, user_id, 'SYM' || n, n / 8.0, n * 1.5,
        '2024-02-02'
    FROM (
        SELECT user_id, row_number() OVER (ORDER BY id) AS n
        FROM public.user_investment_accounts
    ) AS a;

    INSERT INTO public.user_portfolio_snapshots (
        id, user_id, snapshot_date, total_value, created_at
    )
    SELECT md5('snapshot' || id)::uuid, id, '2024-02-03', 12.34, '2024-02-03'
    FROM auth.users;

    -- Two in three of the accounts that the backfill made are touched, or booked on.
    UPDATE public.user_investment_accounts SET account_name = 'My account'
    WHERE provider = 'alpaca' AND left(id::text, 1) < '6';
    INSERT INTO public.user_investment_transactions (
        id, user_id, account_id, provider_transaction_id, provider, transaction_type,
        transaction_date, amount, created_at
    )
    SELECT md5('transaction' || id)::uuid, user_id, id, 'tx', provider, 'buy',
        '2024-02-04', -1.23, '2024-02-04'
    FROM public.user_investment_accounts WHERE left(id::text, 1) BETWEEN '4' AND 'a';

    INSERT INTO public.user_feature_flags (
        id, user_id, flag_name, enabled, created_at, updated_at
    )
    SELECT md5('flag' || id)::uuid, id, 'beta', true, '2024-02-05', '2024-02-05'
    FROM auth.users;

    UPDATE public.user_onboarding
    SET onboarding_version = 2, account_aggregation_enabled = left(id::text, 1) < '2',
        aggregation_onboarded_at = '2024-02-06'
    WHERE left(id::text, 1) < '8';
    UPDATE public.user_onboarding SET primary_provider = NULL
    WHERE left(id::text, 1) = '9';
"""
"""For a database at head."""


def insert(url: str, statements: str) -> None:
    """Execute LEGACY or NEW."""
    connection = psycopg2.connect(url_text(sa.make_url(url)))
    with connection, connection.cursor() as cursor:
        cursor.execute(statements)
    connection.close()
