INSERT INTO media.moods (name, valence, arousal) VALUES
    ('euphoric', 0.9, 0.9),
    ('cheerful', 0.85, 0.6),
    ('romantic', 0.7, 0.35),
    ('peaceful', 0.7, 0.1),
    ('dreamy', 0.5, 0.25),
    ('melancholic', 0.25, 0.25),
    ('sombre', 0.1, 0.2),
    ('tense', 0.3, 0.75),
    ('aggressive', 0.2, 0.95)
ON CONFLICT (name) DO NOTHING
