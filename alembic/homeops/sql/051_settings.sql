INSERT INTO core.system_config (key, value, category, description) VALUES
    ('marketplace.fee_bp', '1000', 'marketplace', 'What the platform keeps of a sale, in hundredths of a percent'),
    ('marketplace.reports_to_hide', '3', 'marketplace', 'Open reports from which a post or a review is hidden until somebody has looked')
ON CONFLICT (key) DO NOTHING
