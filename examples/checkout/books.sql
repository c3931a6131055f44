-- One line when a day has been loaded: the orders of the first day, as the books have them now.
SELECT printf('%s is in. Of the %d orders of 2026-03-01 in euros the books now say %d.%02d',
              :day, count(*), sum(minor) / 100, sum(minor) % 100)
FROM (SELECT CAST(replace(e.amount, '.', '') AS INTEGER) AS minor
      FROM events e
      JOIN dim_date d ON d.dim_date_key = e.event_timestamp_key
      WHERE e.ev_current AND e.event_type = 'OrderCompleted' AND e.currency = 'EUR'
        AND d.date = '2026-03-01');
