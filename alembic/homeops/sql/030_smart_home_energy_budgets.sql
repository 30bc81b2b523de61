-- How much the household wants to use, one row a month and carrier
CREATE TABLE smart_home.energy_budgets (
    carrier TEXT NOT NULL,  -- As in energy_readings
    month DATE NOT NULL,  -- First day of the month
    limit_quantity NUMERIC(14, 4) NOT NULL,  -- Kilowatt-hours or cubic metres
    warn_at NUMERIC(7, 6) NOT NULL DEFAULT 0.8,  -- Share of it at which people are told, from 0 to 1
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT energy_budgets_pkey PRIMARY KEY (carrier, month),
    CONSTRAINT energy_budgets_carrier_check
        CHECK (carrier IN ('electricity', 'gas', 'water', 'heat')),
    CONSTRAINT energy_budgets_month_check CHECK (extract(day FROM month) = 1),
    CONSTRAINT energy_budgets_limit_check
        CHECK (limit_quantity > 0 AND limit_quantity <> 'NaN'),
    CONSTRAINT energy_budgets_warn_at_check CHECK (warn_at BETWEEN 0 AND 1)
);

CREATE POLICY "Members see energy budgets" ON smart_home.energy_budgets
    FOR SELECT TO authenticated
    USING ((SELECT private.is_member()));

CREATE POLICY "Admins add energy budgets" ON smart_home.energy_budgets
    FOR INSERT TO authenticated
    WITH CHECK ((SELECT private.is_admin()));

CREATE POLICY "Admins change energy budgets" ON smart_home.energy_budgets
    FOR UPDATE TO authenticated
    USING ((SELECT private.is_admin()))
    WITH CHECK ((SELECT private.is_admin()));

CREATE POLICY "Admins remove energy budgets" ON smart_home.energy_budgets
    FOR DELETE TO authenticated
    USING ((SELECT private.is_admin()));

CREATE TRIGGER touch_energy_budgets BEFORE UPDATE ON smart_home.energy_budgets
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
