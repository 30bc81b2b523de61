INSERT INTO core.system_config (key, value, category, description) VALUES
    ('system.version', '"1.0.0"', 'core', 'HomeOps system version'),
    ('system.timezone', '"UTC"', 'core', 'Time zone in which days begin and end'),
    ('system.locale', '"en-US"', 'core', 'Language and formats shown to people'),
    ('ai.default_model', '"gpt-4"', 'ai', 'Default AI model'),
    ('ai.enabled', 'true', 'ai', 'Whether anything is sent to an AI model'),
    ('financial.base_currency', '"USD"', 'financial', 'ISO 4217 code that totals are shown in'),
    ('financial.sync_interval_s', '21600', 'financial', 'Seconds between two looks at an institution'),
    ('media.scan_interval_s', '86400', 'media', 'Seconds between two scans of a library'),
    ('smart_home.reading_retention_days', '365', 'smart_home', 'Days for which readings are kept'),
    ('security.session_timeout_s', '86400', 'security', 'Seconds after which a session ends'),
    ('security.max_sign_in_attempts', '5', 'security', 'Failed attempts before a pause')
ON CONFLICT (key) DO NOTHING
