INSERT INTO smart_home.rooms (name, type, floor) VALUES
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
ON CONFLICT (name) DO NOTHING
