INSERT INTO media.genres (kind, name, parent_id)
SELECT 'music', narrower.name, broader.id
FROM (VALUES
    ('Ambient', 'Electronic'), ('House', 'Electronic'), ('Bebop', 'Jazz'),
    ('Indie rock', 'Rock'), ('Shoegaze', 'Rock'), ('Baroque', 'Classical')
) AS narrower (name, broader)
JOIN media.genres AS broader
    ON broader.kind = 'music' AND broader.name = narrower.broader
ON CONFLICT (kind, name) DO NOTHING
