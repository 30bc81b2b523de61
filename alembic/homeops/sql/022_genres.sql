INSERT INTO media.genres (kind, name) VALUES
    ('music', 'Classical'), ('music', 'Electronic'), ('music', 'Folk'),
    ('music', 'Hip-hop'), ('music', 'Jazz'), ('music', 'Pop'), ('music', 'Rock'),
    ('video', 'Comedy'), ('video', 'Documentary'), ('video', 'Drama'),
    ('video', 'Science fiction'), ('video', 'Thriller'),
    ('book', 'Crime'), ('book', 'History'), ('book', 'Novel'), ('book', 'Science')
ON CONFLICT (kind, name) DO NOTHING
