INSERT INTO core.system_config (key, value, category, description) VALUES
    ('smart_home.learning_days', '28', 'smart_home', 'Days that habits are looked for in'),
    ('smart_home.learning_min_days', '3', 'smart_home', 'On how many of them a habit must show'),
    ('smart_home.learning_confidence', '0.6', 'smart_home', 'Share of days from which a habit is suggested')
ON CONFLICT (key) DO NOTHING
