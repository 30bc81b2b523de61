-- What energy costs, one row a contract's price list; valid until the next one of its kind
CREATE TABLE smart_home.tariffs (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    carrier TEXT NOT NULL,  -- electricity, gas, water or heat
    direction TEXT NOT NULL DEFAULT 'import',  -- import: bought; export: sold to the grid
    name TEXT NOT NULL,  -- Name of the contract, for people
    currency TEXT NOT NULL DEFAULT 'USD',  -- ISO 4217 code of its prices
    valid_from DATE NOT NULL,  -- First day on which it counts
    standing_charge NUMERIC(12, 6) NOT NULL DEFAULT 0,  -- Money a day, whatever is used
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT tariffs_pkey PRIMARY KEY (id),
    CONSTRAINT tariffs_carrier_from_key UNIQUE (carrier, direction, valid_from),
    CONSTRAINT tariffs_carrier_check CHECK (carrier IN ('electricity', 'gas', 'water', 'heat')),
    CONSTRAINT tariffs_direction_check CHECK (direction IN ('import', 'export')),
    CONSTRAINT tariffs_name_check CHECK (length(name) > 0),
    CONSTRAINT tariffs_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT tariffs_standing_charge_check
        CHECK (standing_charge >= 0 AND standing_charge <> 'NaN')
);

CREATE POLICY "Members see tariffs" ON smart_home.tariffs
    FOR SELECT TO authenticated
    USING ((SELECT private.is_member()));

CREATE POLICY "Admins add tariffs" ON smart_home.tariffs
    FOR INSERT TO authenticated
    WITH CHECK ((SELECT private.is_admin()));

CREATE POLICY "Admins change tariffs" ON smart_home.tariffs
    FOR UPDATE TO authenticated
    USING ((SELECT private.is_admin()))
    WITH CHECK ((SELECT private.is_admin()));

CREATE POLICY "Admins remove tariffs" ON smart_home.tariffs
    FOR DELETE TO authenticated
    USING ((SELECT private.is_admin()));

CREATE TRIGGER touch_tariffs BEFORE UPDATE ON smart_home.tariffs
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
