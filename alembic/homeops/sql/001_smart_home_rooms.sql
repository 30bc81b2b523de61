-- Rooms of the house, one row a room
CREATE TABLE smart_home.rooms (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    name TEXT NOT NULL,  -- Name of the room, once in the house
    type TEXT NOT NULL,  -- living_room, kitchen, bedroom, bathroom, office, garage, outdoor or another
    floor INTEGER NOT NULL DEFAULT 1,  -- Storey; 1 is at street level, 0 and below are basements
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT rooms_pkey PRIMARY KEY (id),
    CONSTRAINT rooms_name_key UNIQUE (name),
    CONSTRAINT rooms_name_check CHECK (length(name) > 0),
    CONSTRAINT rooms_type_check CHECK (type ~ '^[a-z][a-z0-9_]*$'),
    CONSTRAINT rooms_floor_check CHECK (floor BETWEEN -10 AND 200)
);

CREATE POLICY "Members see rooms" ON smart_home.rooms FOR SELECT TO authenticated
    USING ((SELECT private.is_member()));

CREATE POLICY "Admins add rooms" ON smart_home.rooms FOR INSERT TO authenticated
    WITH CHECK ((SELECT private.is_admin()));

CREATE POLICY "Admins change rooms" ON smart_home.rooms FOR UPDATE TO authenticated
    USING ((SELECT private.is_admin())) WITH CHECK ((SELECT private.is_admin()));

CREATE POLICY "Admins remove rooms" ON smart_home.rooms FOR DELETE TO authenticated
    USING ((SELECT private.is_admin()));

CREATE TRIGGER touch_rooms BEFORE UPDATE ON smart_home.rooms
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
