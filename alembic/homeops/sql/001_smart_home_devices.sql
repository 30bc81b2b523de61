-- Lamps, sensors, locks, thermostats and other devices, one row a device
CREATE TABLE smart_home.devices (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    room_id UUID,  -- Where it is; NULL if it is in no room
    name TEXT NOT NULL,  -- Name of the device, once in the house
    type TEXT NOT NULL,  -- light, switch, sensor, thermostat, lock, camera, meter or another
    manufacturer TEXT,  -- Who made it
    model TEXT,  -- Model, in the maker's words
    serial_number TEXT,  -- Serial number, once for a maker
    status TEXT NOT NULL DEFAULT 'unknown',  -- online, offline, error, retired or unknown
    config JSONB NOT NULL DEFAULT '{}',  -- Settings of the device; no secrets
    installed_on DATE,  -- Day on which it was put in
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT devices_pkey PRIMARY KEY (id),
    CONSTRAINT devices_name_key UNIQUE (name),
    CONSTRAINT devices_serial_number_key UNIQUE (manufacturer, serial_number),
    CONSTRAINT fk_devices_room FOREIGN KEY (room_id)
        REFERENCES smart_home.rooms (id) ON DELETE SET NULL,
    CONSTRAINT devices_name_check CHECK (length(name) > 0),
    CONSTRAINT devices_type_check CHECK (type ~ '^[a-z][a-z0-9_]*$'),
    CONSTRAINT devices_status_check
        CHECK (status IN ('online', 'offline', 'error', 'retired', 'unknown'))
);

CREATE INDEX idx_devices_room ON smart_home.devices (room_id);

CREATE POLICY "Members see devices" ON smart_home.devices FOR SELECT TO authenticated
    USING ((SELECT private.is_member()));

CREATE POLICY "Admins add devices" ON smart_home.devices FOR INSERT TO authenticated
    WITH CHECK ((SELECT private.is_admin()));

CREATE POLICY "Admins change devices" ON smart_home.devices FOR UPDATE TO authenticated
    USING ((SELECT private.is_admin())) WITH CHECK ((SELECT private.is_admin()));

CREATE POLICY "Admins remove devices" ON smart_home.devices FOR DELETE TO authenticated
    USING ((SELECT private.is_admin()));

CREATE TRIGGER touch_devices BEFORE UPDATE ON smart_home.devices
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
