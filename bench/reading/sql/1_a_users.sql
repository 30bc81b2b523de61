-- Who has how many rows of each kind. u is a user's place between 0 and 1.
CREATE TABLE bench.users AS
SELECT
    n,
    md5('user ' || n)::uuid AS id,
    transactions,
    CASE WHEN n <= :heavy THEN 5 ELSE 1 + n % 4 END AS accounts,
    least(300, 4 + transactions / 20) AS holdings,
    least(1500, 4 + transactions / 6) AS snapshots,
    n % 4 AS flags
FROM (
    SELECT
        n,
        CASE
            WHEN n <= :heavy THEN :rows / 100
            ELSE (45 * u ^ (-2.0 / 3) - 44)::int
        END AS transactions
    FROM (
        SELECT n, (n - :heavy - 0.5) / (:rows / 100 - :heavy) AS u
        FROM generate_series(1, :rows / 100) AS n
    ) AS places
) AS counts;
ALTER TABLE bench.users ADD PRIMARY KEY (n);

INSERT INTO auth.users (id, email, created_at)
SELECT id, 'user' || n || '@example.com', '2021-01-01'
FROM bench.users;
