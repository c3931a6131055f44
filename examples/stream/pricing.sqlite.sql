-- What sells now, and what the next ticket costs: views over what the stream keeps up to date.
-- For SQLite; pricing.postgres.sql is the same for PostgreSQL.

-- What a ticket costs at least, and how many an hour are usual for that concert.
CREATE TABLE IF NOT EXISTS tariff (concert TEXT PRIMARY KEY, base NUMERIC NOT NULL, usual INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS sales_by_time ON sales (sold_at);

-- Tickets sold in the hour before the newest sale, by concert and channel. A sale that was corrected
-- counts as corrected, and one that was cancelled no more.
DROP VIEW IF EXISTS last_hour;
CREATE VIEW last_hour AS
SELECT concert, channel, sum(qty) AS tickets, count(*) AS orders
FROM sales
WHERE sold_at > strftime('%Y-%m-%dT%H:%M:%f000Z', (SELECT max(sold_at) FROM sales), '-1 hour')
GROUP BY concert, channel;

-- The rule: for each time that the usual number was sold, a tenth more, at most twice the base.
DROP VIEW IF EXISTS prices;
CREATE VIEW prices AS
SELECT t.concert, coalesce(sum(h.tickets), 0) AS tickets,
	min(t.base * (10 + coalesce(sum(h.tickets), 0) / t.usual) / 10.0, t.base * 2.0) AS price
FROM tariff AS t LEFT JOIN last_hour AS h ON h.concert = t.concert
GROUP BY t.concert, t.base, t.usual;
