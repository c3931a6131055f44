-- The same as pricing.sqlite.sql, for PostgreSQL.

CREATE TABLE IF NOT EXISTS tariff (concert VARCHAR(40) PRIMARY KEY, base NUMERIC(12,2) NOT NULL, usual BIGINT NOT NULL);
CREATE INDEX IF NOT EXISTS sales_by_time ON sales (sold_at);

CREATE OR REPLACE VIEW last_hour AS
SELECT concert, channel, sum(qty)::bigint AS tickets, count(*) AS orders
FROM sales
WHERE sold_at > (SELECT max(sold_at) FROM sales) - interval '1 hour'
GROUP BY concert, channel;

CREATE OR REPLACE VIEW prices AS
SELECT t.concert, coalesce(sum(h.tickets), 0)::bigint AS tickets,
	least(t.base * (10 + (coalesce(sum(h.tickets), 0)::bigint) / t.usual) / 10, t.base * 2)::numeric(12,2) AS price
FROM tariff AS t LEFT JOIN last_hour AS h ON h.concert = t.concert
GROUP BY t.concert, t.base, t.usual;
