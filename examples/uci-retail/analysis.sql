-- What the shop of the UCI Online Retail data set took in December 2010. For the
-- sqlite3 shell:
--
--     sqlite3 -box -readonly out/retail.db <analysis.sql
--
-- unit_price is a text with exactly two decimals. Without its point it is a whole number
-- of pence, which SQLite sums exactly. A sum may be below zero, and -5 / 100 is 0: so
-- the sign is printed apart.

CREATE TEMP VIEW line AS
SELECT l.*, quantity * CAST(replace(unit_price, '.', '') AS INTEGER) AS pence
FROM order_lines l;

.print
.print 1. What did each country buy, after all cancellations? In pounds.
SELECT country,
       printf('%s%d.%02d', CASE WHEN sum(pence) < 0 THEN '-' ELSE '' END,
              abs(sum(pence)) / 100, abs(sum(pence)) % 100) AS amount
FROM line
GROUP BY country
ORDER BY country;

.print
.print 2. What did the cancellations take back? The orders as placed, against as they stand.
-- The first version of each order lies in its history, lines and all. ->> would make a
-- float of a price; -> gives its digits as they came (2.1), and the pence are made of them.
WITH price AS (
	SELECT o.country, i.value ->> 'quantity' AS quantity, i.value -> 'unit_price' AS digits,
	       instr((i.value -> 'unit_price') || '.', '.') AS point
	FROM orders o, json_each(o.items) i
	WHERE o.version = 1
), placed AS (
	SELECT country, sum(quantity * (100 * CAST(substr(digits, 1, point - 1) AS INTEGER)
	         + CAST(substr(substr(digits, point + 1) || '00', 1, 2) AS INTEGER))) AS pence
	FROM price
	GROUP BY country
), stands AS (
	SELECT country, sum(pence) AS pence FROM line GROUP BY country
)
SELECT p.country, printf('%d.%02d', p.pence / 100, p.pence % 100) AS placed,
       printf('%d.%02d', s.pence / 100, s.pence % 100) AS stands,
       printf('%d.%02d', (p.pence - s.pence) / 100, (p.pence - s.pence) % 100) AS taken_back
FROM placed p
JOIN stands s ON s.country = p.country
WHERE p.pence <> s.pence
ORDER BY p.pence - s.pence DESC;

.print
.print 3. Which orders were amended twice?
SELECT order_id, version, country, ev_valid_from, ev_valid_to, amended_by,
       json_array_length(items) AS lines
FROM orders
WHERE order_id IN (SELECT order_id FROM orders WHERE version = 3)
ORDER BY order_id, version;

.print
.print 4. Which articles brought most?
SELECT p.sku, p.description, sum(l.quantity) AS pieces,
       printf('%d.%02d', sum(l.pence) / 100, sum(l.pence) % 100) AS amount
FROM line l
JOIN dim_product p ON p.dim_product_key = l.sku_key
GROUP BY p.sku, p.description
ORDER BY sum(l.pence) DESC, p.sku
LIMIT 10;

.print
.print 5. On which days of the week do people buy?
SELECT d.day_name, count(DISTINCT d.date) AS days, count(DISTINCT l.order_id) AS orders,
       printf('%d.%02d', sum(l.pence) / 100, sum(l.pence) % 100) AS amount
FROM line l
JOIN dim_date d ON d.dim_date_key = l.occurred_at_key
GROUP BY d.day_of_week, d.day_name
ORDER BY d.day_of_week;
