-- First-pass yield by day (UTC): of the units that got their first verdict on that day, the share
-- that passed. A verdict is PASS or FAIL of a whole run without injected faults; what the bench,
-- a person or a power cut ended is no verdict, and the unit's next run counts as its first.
--   :from_unix_ms  from here on
--   :to_unix_ms    up to, not including
--   :plan          only this plan; NULL for all plans together
--   :is_virtual    0 the steel benches, 1 the virtual ones
SELECT
    date(day_no * 86400, 'unixepoch') AS day_utc,
    unit_count,
    passed_count,
    100.0 * passed_count / unit_count AS first_pass_yield_percent
FROM (
    SELECT
        run_end.ended_unix_ms / 86400000 AS day_no,
        count(*) AS unit_count,
        sum(run_end.outcome = 0) AS passed_count
    FROM run_end
    CROSS JOIN run ON run.id = run_end.run
    WHERE run_end.is_first_verdict = 1
        AND run_end.ended_unix_ms >= :from_unix_ms
        AND run_end.ended_unix_ms < :to_unix_ms
        AND run.is_virtual = :is_virtual
        AND (:plan IS NULL OR run.plan = (SELECT id FROM text WHERE text = :plan))
    GROUP BY day_no
)
ORDER BY day_no;
