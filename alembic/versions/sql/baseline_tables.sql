-- On a plain PostgreSQL: the old application's tables, as the specification lists them.
DO $tables$
DECLARE
    table_name text;
BEGIN
    IF to_regclass('public.user_onboarding') IS NOT NULL THEN
        RETURN;
    END IF;
    CREATE TABLE public.user_onboarding (
        id UUID NOT NULL,
        user_id UUID,
        onboarding_data JSONB,
        status TEXT,
        alpaca_account_id TEXT,
        alpaca_account_number TEXT,
        alpaca_account_status TEXT,
        created_at TIMESTAMPTZ,
        updated_at TIMESTAMPTZ,
        CONSTRAINT user_onboarding_pkey PRIMARY KEY (id),
        CONSTRAINT user_onboarding_user_id_fkey FOREIGN KEY (user_id)
            REFERENCES auth.users (id)
    );
    CREATE TABLE public.user_bank_connections (
        id UUID NOT NULL,
        user_id UUID,
        alpaca_account_id TEXT,
        relationship_id TEXT,
        bank_name TEXT,
        bank_account_type TEXT,
        last_4 TEXT,
        created_at TIMESTAMPTZ,
        updated_at TIMESTAMPTZ,
        CONSTRAINT user_bank_connections_pkey PRIMARY KEY (id),
        CONSTRAINT user_bank_connections_user_id_fkey FOREIGN KEY (user_id)
            REFERENCES auth.users (id)
    );
    CREATE TABLE public.user_transfers (
        id UUID NOT NULL,
        user_id UUID,
        alpaca_account_id TEXT,
        relationship_id TEXT,
        transfer_id TEXT,
        amount DECIMAL(15, 2),
        status TEXT,
        created_at TIMESTAMPTZ,
        updated_at TIMESTAMPTZ,
        CONSTRAINT user_transfers_pkey PRIMARY KEY (id),
        CONSTRAINT user_transfers_user_id_fkey FOREIGN KEY (user_id)
            REFERENCES auth.users (id)
    );
    CREATE TABLE public.user_personalization (
        id UUID NOT NULL,
        user_id UUID,
        first_name TEXT,
        investment_goals TEXT[],
        risk_tolerance TEXT,
        investment_timeline TEXT,
        experience_level TEXT,
        monthly_investment_goal INTEGER,
        market_interests TEXT[],
        created_at TIMESTAMPTZ,
        updated_at TIMESTAMPTZ,
        CONSTRAINT user_personalization_pkey PRIMARY KEY (id)
    );

    FOREACH table_name IN ARRAY ARRAY[
        'user_onboarding', 'user_bank_connections', 'user_transfers',
        'user_personalization'
    ] LOOP
        EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', table_name);
        EXECUTE format(
            'CREATE POLICY "Users can manage their own rows" ON public.%I '
            'FOR ALL TO authenticated USING ((SELECT auth.uid()) = user_id) '
            'WITH CHECK ((SELECT auth.uid()) = user_id)', table_name
        );
        EXECUTE format(
            'REVOKE ALL ON public.%I FROM PUBLIC, anon, authenticated, service_role',
            table_name
        );
        EXECUTE format(
            'GRANT SELECT, INSERT, UPDATE, DELETE ON public.%I '
            'TO authenticated, service_role', table_name
        );
    END LOOP;
END
$tables$
