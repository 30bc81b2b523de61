-- On a plain PostgreSQL: the least of Supabase that the portfolio refers to.
DO $auth$
DECLARE
    role_name text;
BEGIN
    IF to_regclass('auth.users') IS NOT NULL THEN
        RETURN;
    END IF;
    FOREACH role_name IN ARRAY ARRAY['anon', 'authenticated', 'service_role'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = role_name) THEN
            BEGIN
                EXECUTE format(
                    'CREATE ROLE %I NOLOGIN NOINHERIT %s', role_name,
                    CASE role_name WHEN 'service_role' THEN 'BYPASSRLS' ELSE '' END
                );
            EXCEPTION
                WHEN duplicate_object OR unique_violation THEN
                    NULL;  -- roles belong to the whole server: another database made it
                WHEN insufficient_privilege THEN
                    RAISE EXCEPTION 'the role % is missing and may not be created', role_name
                        USING HINT = 'Nothing was created. As an administrator, run: '
                            'CREATE ROLE anon NOLOGIN NOINHERIT; '
                            'CREATE ROLE authenticated NOLOGIN NOINHERIT; '
                            'CREATE ROLE service_role NOLOGIN NOINHERIT BYPASSRLS; '
                            'GRANT anon, authenticated, service_role TO '
                            || quote_ident(current_user);
            END;
        END IF;
    END LOOP;

    CREATE SCHEMA auth;
    GRANT USAGE ON SCHEMA auth TO anon, authenticated, service_role;
    GRANT USAGE ON SCHEMA public TO anon, authenticated, service_role;

    CREATE TABLE auth.users (
        id UUID NOT NULL DEFAULT gen_random_uuid(),
        email TEXT,
        raw_app_meta_data JSONB,
        raw_user_meta_data JSONB,
        last_sign_in_at TIMESTAMPTZ,
        created_at TIMESTAMPTZ DEFAULT now(),
        updated_at TIMESTAMPTZ DEFAULT now(),
        CONSTRAINT users_pkey PRIMARY KEY (id)
    );
    CREATE TABLE auth.sessions (
        id UUID NOT NULL DEFAULT gen_random_uuid(),
        user_id UUID NOT NULL,
        created_at TIMESTAMPTZ DEFAULT now(),
        updated_at TIMESTAMPTZ DEFAULT now(),
        CONSTRAINT sessions_pkey PRIMARY KEY (id),
        CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id)
            REFERENCES auth.users (id) ON DELETE CASCADE
    );
    CREATE INDEX sessions_user_id_idx ON auth.sessions (user_id);
    ALTER TABLE auth.users ENABLE ROW LEVEL SECURITY;
    ALTER TABLE auth.sessions ENABLE ROW LEVEL SECURITY;
    REVOKE ALL ON auth.users, auth.sessions FROM PUBLIC, anon, authenticated, service_role;

    -- After a transaction that set it, the setting reads '' and not NULL.
    CREATE FUNCTION auth.jwt() RETURNS jsonb LANGUAGE sql STABLE AS $jwt$
        SELECT nullif(current_setting('request.jwt.claims', true), '')::jsonb
    $jwt$;
    CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS $uid$
        SELECT (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid
    $uid$;
    CREATE FUNCTION auth.role() RETURNS text LANGUAGE sql STABLE AS $role$
        SELECT nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role'
    $role$;
END
$auth$
