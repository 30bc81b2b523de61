-- Accounts at institutions, and cash, one row an account of one person
CREATE TABLE financial.accounts (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    user_id UUID NOT NULL,  -- Owner, core.users.id; the row goes when the user goes
    institution_id UUID,  -- Where it is kept; NULL for cash and the like
    name TEXT NOT NULL,  -- Name shown to the owner
    account_type TEXT NOT NULL,  -- checking, savings, credit_card, loan, mortgage, brokerage, retirement, crypto, cash or other
    currency TEXT NOT NULL DEFAULT 'USD',  -- ISO 4217 code of balance and transactions
    balance NUMERIC(15, 2) NOT NULL DEFAULT 0,  -- Last known balance, in the account's currency; debts are negative
    external_id TEXT,  -- Account id at the institution
    last_4 TEXT,  -- Last digits of the account number, for people
    is_active BOOLEAN NOT NULL DEFAULT true,  -- Whether the account counts
    last_synced_at TIMESTAMPTZ,  -- When the institution was last asked
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT accounts_pkey PRIMARY KEY (id),
    CONSTRAINT accounts_external_id_key UNIQUE (user_id, institution_id, external_id),
    CONSTRAINT fk_accounts_user FOREIGN KEY (user_id)
        REFERENCES core.users (id) ON DELETE CASCADE,
    CONSTRAINT fk_accounts_institution FOREIGN KEY (institution_id)
        REFERENCES financial.institutions (id),
    CONSTRAINT accounts_name_check CHECK (length(name) > 0),
    CONSTRAINT accounts_account_type_check CHECK (
        account_type IN (
            'checking', 'savings', 'credit_card', 'loan', 'mortgage', 'brokerage',
            'retirement', 'crypto', 'cash', 'other'
        )
    ),
    CONSTRAINT accounts_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT accounts_balance_check CHECK (balance <> 'NaN'),
    CONSTRAINT accounts_last_4_check CHECK (last_4 ~ '^[0-9]{1,4}$')
);

CREATE INDEX idx_accounts_institution ON financial.accounts (institution_id);

CREATE POLICY "Users manage their accounts" ON financial.accounts FOR ALL TO authenticated
    USING ((SELECT auth.uid()) = user_id) WITH CHECK ((SELECT auth.uid()) = user_id);

CREATE TRIGGER touch_accounts BEFORE UPDATE ON financial.accounts
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
