INSERT INTO financial.institutions (name, type, api_config)
SELECT 'Plaid', 'aggregator', '{"environment": "production"}'::jsonb
WHERE NOT EXISTS (
    SELECT FROM financial.institutions WHERE name = 'Plaid' AND type = 'aggregator'
)
