-- People of the household who may sign in, one row a person
CREATE TABLE core.users (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- User id; what auth.uid() returns for this person
    email TEXT NOT NULL,  -- Address to sign in with, in lower case
    password_hash TEXT,  -- Hash in crypt(3) format, never the password; NULL: signs in elsewhere
    full_name TEXT NOT NULL,  -- Name shown to the household
    role TEXT NOT NULL DEFAULT 'user',  -- admin: changes what all share; user; guest: a user, to whom the application may show less
    is_active BOOLEAN NOT NULL DEFAULT true,  -- Whether the person still belongs to the household
    last_sign_in_at TIMESTAMPTZ,  -- When the person last signed in
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT users_pkey PRIMARY KEY (id),
    CONSTRAINT users_email_key UNIQUE (email),
    CONSTRAINT users_email_check CHECK (email = lower(email) AND email LIKE '_%@_%'),
    CONSTRAINT users_password_hash_check CHECK (password_hash ~ '^\$[0-9a-z-]+\$[^ ]{20,}$'),
    CONSTRAINT users_full_name_check CHECK (length(full_name) > 0),
    CONSTRAINT users_role_check CHECK (role IN ('admin', 'user', 'guest'))
);

CREATE POLICY "Members see each other" ON core.users FOR SELECT TO authenticated
    USING ((SELECT private.is_member()));

CREATE POLICY "Users change their own name" ON core.users FOR UPDATE TO authenticated
    USING ((SELECT auth.uid()) = id AND (SELECT private.is_member()))
    WITH CHECK ((SELECT auth.uid()) = id);

CREATE TRIGGER touch_users BEFORE UPDATE ON core.users
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
