-- Every run of one unit, newest first.
--   :serial  the unit
SELECT run, started_utc, outcome, failed_step, plan, plan_revision, bench, station, operator, message
FROM v_run
WHERE serial = :serial
ORDER BY run DESC;
