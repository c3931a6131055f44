-- What a ticket shop asks of its checkout events. For the sqlite3 shell:
--
--     sqlite3 -box -readonly out/shop.db <analysis.sql
--
-- Amounts are texts with exactly two decimals, because SQLite would make a float of a
-- DECIMAL. Without its point such a text is a whole number of cents (öre, grosze ...),
-- which SQLite sums exactly in 64 bits: up to 92 quadrillion in the sum. Nothing here
-- goes through REAL, and a sum that does not fit is an error, not a wrong answer.
--
-- A day is a day in Amsterdam: dim_date knows which instant belongs to which.
--
-- revenue_day, conversion_day and so on are views that evschema makes of the model's measures.
-- Their sums are texts with two decimals, too.

-- The days that the logs bear, and the instant at which each ended in Amsterdam (an hour
-- before UTC's midnight in winter). The view is temporary: the database stays as it is.
CREATE TEMP VIEW log_day AS
SELECT date AS day, date || 'T23:00:00.000000Z' AS ended
FROM dim_date WHERE date BETWEEN '2026-03-01' AND '2026-03-05';

.print
.print 1. What did we take and give back? By day, kind of event and currency.
-- As it stands now: the newest version of each event, and none that was taken back.
SELECT day, event_type, currency, rows AS events, total AS amount
FROM revenue_day
ORDER BY day, event_type, currency;

.print
.print 2. What is left of it? Orders and additions, less cancellations and refunds.
-- The sign is printed apart: the cents of -0.05 are -5, and -5 / 100 is 0.
SELECT currency, sum(CASE WHEN minor < 0 THEN 0 ELSE rows END) AS came_in,
       sum(CASE WHEN minor < 0 THEN rows ELSE 0 END) AS went_out,
       printf('%s%d.%02d', CASE WHEN sum(minor) < 0 THEN '-' ELSE '' END,
              abs(sum(minor)) / 100, abs(sum(minor)) % 100) AS net
FROM (SELECT currency, rows, CAST(replace(total, '.', '') AS INTEGER) AS minor FROM revenue_day)
GROUP BY currency
ORDER BY currency;

.print
.print 3. How many carts become orders? By channel and the day of the cart.
-- related_id is the cart that a visit began with; all that follows bears it too.
SELECT o.channel, o.day, o.started AS carts, c.reached AS checked_out, o.reached AS ordered,
       printf('%d.%d%%', 100 * o.reached / o.started, 1000 * o.reached / o.started % 10)
         AS conversion
FROM conversion_day o
JOIN checkouts_day c USING (channel, day)
WHERE o.day IN (SELECT day FROM log_day)
ORDER BY o.channel, o.day;

.print
.print 4. Why do customers want their money back, and how much of it?
-- The rate: what went back of what the completed orders brought, in the same currency.
-- It is reckoned in whole units, so that times 10000 still fits an integer: where sum()
-- would stop with an error, * would go on in floats and say nothing.
WITH sold AS (
	SELECT currency, sum(CAST(replace(total, '.', '') AS INTEGER)) AS minor
	FROM revenue_day
	WHERE event_type = 'OrderCompleted'
	GROUP BY currency
), back AS (
	SELECT currency, reason, sum(rows) AS refunds,
	       sum(CAST(replace(total, '.', '') AS INTEGER)) AS minor
	FROM refunded_week
	GROUP BY currency, reason
)
SELECT b.currency, b.reason, b.refunds,
       printf('%d.%02d', b.minor / 100, b.minor % 100) AS paid_back,
       printf('%d.%02d%%', 10000 * (b.minor / 100) / (s.minor / 100) / 100,
              10000 * (b.minor / 100) / (s.minor / 100) % 100) AS rate
FROM back b
LEFT JOIN sold s ON s.currency = b.currency
ORDER BY b.currency, b.minor DESC;

.print
.print 5. What did the books say when each day ended, and what do they say of it now?
-- A version holds from ev_valid_from until just before ev_valid_to (null: still). So
-- exactly one version of an order is true at any instant; the deleted one says that
-- there is none. The first three columns never change again, whatever we learn later,
-- unless it is learnt of a time before that evening.
WITH orders AS (
	SELECT e.currency, d.date AS day, e.ev_valid_from, e.ev_valid_to, e.ev_current, e.ev_deleted,
	       CAST(replace(e.amount, '.', '') AS INTEGER) AS minor
	FROM events e
	JOIN dim_date d ON d.dim_date_key = e.event_timestamp_key
	WHERE e.event_type = 'OrderCompleted'
)
SELECT n.day, r.currency, count(*) AS orders_then,
       printf('%d.%02d', sum(r.minor) / 100, sum(r.minor) % 100) AS amount_then,
       (SELECT printf('%d (%d.%02d)', count(*), sum(c.minor) / 100, sum(c.minor) % 100)
        FROM orders c
        WHERE c.ev_current AND c.currency = r.currency AND c.day <= n.day) AS now
FROM log_day n
JOIN orders r ON r.ev_valid_from <= n.ended AND (r.ev_valid_to IS NULL OR r.ev_valid_to > n.ended)
WHERE NOT r.ev_deleted
GROUP BY n.day, r.currency
ORDER BY n.day, r.currency;

.print
.print 6. What happened to the order that was corrected most often?
-- The rows of a history are told apart by the times between which they were true.
WITH busiest AS (
	SELECT event_id FROM events WHERE event_type = 'OrderCompleted'
	GROUP BY event_id ORDER BY count(*) DESC, event_id LIMIT 1
)
SELECT version, ev_valid_from, ev_valid_to, ev_deleted, amount, currency,
       json_array_length(metadata, '$.items') AS lines
FROM events
WHERE event_id IN (SELECT event_id FROM busiest)
ORDER BY ev_valid_from, version;

.print
.print 7. What sells best? In euros.
-- A line that was removed from an order is not in order_items any more.
SELECT p.sku, replace(p.name, char(10), ' ') AS name, sum(i.qty) AS pieces,
       count(DISTINCT i.event_id) AS orders,
       printf('%d.%02d', sum(i.qty * CAST(replace(i.price, '.', '') AS INTEGER)) / 100,
              sum(i.qty * CAST(replace(i.price, '.', '') AS INTEGER)) % 100) AS sold
FROM order_items i
JOIN dim_product p ON p.dim_product_key = i.sku_key
WHERE i.currency = 'EUR'
GROUP BY p.sku, p.name
ORDER BY sum(i.qty * CAST(replace(i.price, '.', '') AS INTEGER)) DESC, p.sku
LIMIT 10;

.print
.print 8. Which were the biggest orders, to the last cent?
-- The wholesale partners settle in Swedish kronor, in sums of which a float forgets the öre.
SELECT currency, amount, channel, event_timestamp, event_id
FROM events
WHERE ev_current AND event_type = 'OrderCompleted'
ORDER BY CAST(replace(amount, '.', '') AS INTEGER) DESC, event_id
LIMIT 8;

.print
.print 9. Who are our best customers? In euros, by the name they gave last.
SELECT coalesce(u.name, '(gave no name)') AS customer, u.email,
       count(DISTINCT i.event_id) AS orders,
       printf('%d.%02d', sum(i.qty * CAST(replace(i.price, '.', '') AS INTEGER)) / 100,
              sum(i.qty * CAST(replace(i.price, '.', '') AS INTEGER)) % 100) AS bought
FROM order_items i
JOIN dim_user u ON u.dim_user_key = i.user_id_key
WHERE i.currency = 'EUR'
GROUP BY u.dim_user_key
ORDER BY sum(i.qty * CAST(replace(i.price, '.', '') AS INTEGER)) DESC, u.user_id
LIMIT 10;

.print
.print 10. Where do payments fail?
SELECT channel, sum(event_type = 'PaymentFailed') AS failed, count(*) AS tried,
       printf('%d.%d%%', 100 * sum(event_type = 'PaymentFailed') / count(*),
              1000 * sum(event_type = 'PaymentFailed') / count(*) % 10) AS rate
FROM payments
GROUP BY channel
ORDER BY channel;

.print
.print 11. Were our customers guests when they ordered, and are they now?
-- dim_user says what is so now. dim_account is of type 2, a row for each time, and the view
-- order_items_then bears what it said when the order was made.
SELECT iif(t.account_is_guest, 'guest', 'customer') AS ordered_as,
       iif(u.is_guest, 'guest', 'customer') AS is_now,
       count(DISTINCT t.event_id) AS orders, count(DISTINCT t.user_id) AS customers
FROM order_items_then t
JOIN dim_user u ON u.dim_user_key = t.user_id_key
WHERE t.account_is_guest IS NOT NULL -- else nothing had been said of it
GROUP BY 1, 2
ORDER BY 1, 2;
