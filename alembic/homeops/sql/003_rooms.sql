-- Ids that follow from the names: a room is the same one in every environment.
INSERT INTO smart_home.rooms (id, name, type, floor)
SELECT md5('smart_home.rooms ' || name)::uuid, name, type, floor
FROM (VALUES
    ('Living Room', 'living_room', 1),
    ('Kitchen', 'kitchen', 1),
    ('Dining Room', 'dining_room', 1),
    ('Hallway', 'hallway', 1),
    ('Garage', 'garage', 1),
    ('Garden', 'outdoor', 1),
    ('Master Bedroom', 'bedroom', 2),
    ('Bedroom', 'bedroom', 2),
    ('Bathroom', 'bathroom', 2),
    ('Office', 'office', 2),
    ('Basement', 'basement', 0)
) AS room (name, type, floor)
ON CONFLICT (name) DO NOTHING
