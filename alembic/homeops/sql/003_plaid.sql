INSERT INTO financial.institutions (id, name, type, api_config)
SELECT md5('financial.institutions Plaid')::uuid, 'Plaid', 'aggregator',
    '{"environment": "production"}'::jsonb
WHERE NOT EXISTS (
    SELECT FROM financial.institutions WHERE name = 'Plaid' AND type = 'aggregator'
)
