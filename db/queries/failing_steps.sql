-- Pareto of failing steps: how often each step failed a unit, the most frequent first, with the
-- running share. Attempts that a retry made good count too: they cost time and hide trouble.
--   :from_unix_ms  runs started from here on
--   :to_unix_ms    up to, not including
SELECT
    step_name,
    fail_count,
    run_count,
    100.0 * sum(fail_count) OVER (ORDER BY fail_count DESC, step_name) / sum(fail_count) OVER ()
        AS running_percent
FROM (
    SELECT
        (SELECT text FROM text WHERE id = step.name) AS step_name,
        count(*) AS fail_count,
        count(DISTINCT step.run) AS run_count
    FROM step
    JOIN run ON run.id = step.run
    WHERE step.outcome = 1
        AND run.started_unix_ms >= :from_unix_ms
        AND run.started_unix_ms < :to_unix_ms
    GROUP BY step.name
)
ORDER BY fail_count DESC, step_name;
