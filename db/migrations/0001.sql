-- Schema version 1: the record of a station. See db/README.md for the chain's exact bytes.
-- Runs inside one transaction of the program; a released migration is never edited.

PRAGMA application_id = 1262830924; -- "KEEL" as four ASCII letters
PRAGMA user_version = 1;

-- Every text that comes back often, once: serials, names, hashes in hex, card lists.
CREATE TABLE text (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
) STRICT;

-- How a run or a step can end; the numbers stand in the chain and never change.
CREATE TABLE outcome (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO outcome (id, name) VALUES
    (0, 'PASS'), (1, 'FAIL'), (2, 'ERROR'), (3, 'ABORTED'), (4, 'INTERRUPTED'), (5, 'SKIPPED');

-- What a measurement is judged by, once: unit, rule, limits (infinite where open).
CREATE TABLE spec (
    id INTEGER PRIMARY KEY,
    unit INTEGER NOT NULL REFERENCES text (id),
    rule INTEGER NOT NULL REFERENCES text (id),
    low REAL,
    high REAL,
    is_comparison INTEGER NOT NULL CHECK (is_comparison IN (0, 1)),
    UNIQUE (low, high, unit, rule, is_comparison)
) STRICT;

-- What is known when a run starts.
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    serial INTEGER NOT NULL REFERENCES text (id),
    product INTEGER NOT NULL REFERENCES text (id),
    plan INTEGER NOT NULL REFERENCES text (id),
    plan_revision INTEGER NOT NULL REFERENCES text (id),
    plan_kind INTEGER NOT NULL REFERENCES text (id),
    station INTEGER NOT NULL REFERENCES text (id),
    operator INTEGER NOT NULL REFERENCES text (id),
    bench INTEGER NOT NULL REFERENCES text (id),
    is_virtual INTEGER NOT NULL CHECK (is_virtual IN (0, 1)),
    seed INTEGER NOT NULL CHECK (seed >= 0),
    fault INTEGER NOT NULL REFERENCES text (id),
    without INTEGER NOT NULL REFERENCES text (id),
    plan_sha256 INTEGER NOT NULL REFERENCES text (id),
    limits_sha256 INTEGER NOT NULL REFERENCES text (id),
    image_sha256 INTEGER NOT NULL REFERENCES text (id),
    program_version INTEGER NOT NULL REFERENCES text (id),
    cards INTEGER NOT NULL REFERENCES text (id), -- JSON
    started_unix_ms INTEGER NOT NULL,
    link INTEGER NOT NULL -- in chain
) STRICT;
CREATE INDEX run_by_serial ON run (serial, product, plan);

-- How a run ended; a run without this row is running or its process died.
CREATE TABLE run_end (
    run INTEGER PRIMARY KEY REFERENCES run (id),
    outcome INTEGER NOT NULL REFERENCES outcome (id) CHECK (outcome <> 5),
    message TEXT NOT NULL,
    failed_step INTEGER NOT NULL REFERENCES text (id),
    bench_ns INTEGER NOT NULL,
    ended_unix_ms INTEGER CHECK (outcome = 4 OR ended_unix_ms IS NOT NULL), -- NULL: unknown
    unit_id TEXT NOT NULL,
    -- 1 when this is the first PASS or FAIL of its unit with its plan, nothing left out, no fault
    -- injected, on the same kind of bench: what first-pass yield counts.
    is_first_verdict INTEGER NOT NULL CHECK (is_first_verdict IN (0, 1)),
    link INTEGER NOT NULL -- in chain
) STRICT;
CREATE INDEX run_end_first ON run_end (ended_unix_ms, outcome) WHERE is_first_verdict = 1;

-- One attempt at a step; its number grows in the order of the chain.
CREATE TABLE step (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES run (id),
    group_name INTEGER NOT NULL REFERENCES text (id),
    name INTEGER NOT NULL REFERENCES text (id),
    claims INTEGER NOT NULL REFERENCES text (id),
    attempt INTEGER NOT NULL CHECK (attempt >= 1),
    outcome INTEGER NOT NULL REFERENCES outcome (id),
    message TEXT NOT NULL,
    start_ns INTEGER NOT NULL,
    end_ns INTEGER NOT NULL,
    link INTEGER NOT NULL -- in chain
) STRICT;
CREATE INDEX step_by_run ON step (run);
CREATE INDEX step_failed ON step (name, run) WHERE outcome = 1;

-- NULL stands where the value was not a number. Of a comparison, value is shown - reference.
CREATE TABLE measurement (
    step INTEGER NOT NULL REFERENCES step (id),
    no INTEGER NOT NULL CHECK (no >= 1),
    name INTEGER NOT NULL REFERENCES text (id),
    spec INTEGER NOT NULL REFERENCES spec (id),
    value REAL,
    raw REAL,
    reference REAL,
    is_pass INTEGER NOT NULL CHECK (is_pass IN (0, 1)),
    PRIMARY KEY (step, no)
) STRICT, WITHOUT ROWID;

-- The chain: one link per run, step (with its measurements) and run_end, in order of writing.
CREATE TABLE chain (
    link INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL CHECK (kind IN (0, 1, 2)), -- 0 run, 1 step, 2 run_end
    row_id INTEGER NOT NULL,                         -- of the row in that table
    hash BLOB NOT NULL CHECK (length(hash) = 32)     -- SHA-256
) STRICT;

-- Where the search for interrupted runs begins: every run up to this one has its end.
CREATE TABLE settled (
    run INTEGER PRIMARY KEY REFERENCES run (id)
) STRICT;

-- Append-only: nothing is changed, deleted or replaced.
CREATE TRIGGER text_no_update BEFORE UPDATE ON text
BEGIN SELECT RAISE(ABORT, 'text is append-only: UPDATE refused'); END;
CREATE TRIGGER text_no_delete BEFORE DELETE ON text
BEGIN SELECT RAISE(ABORT, 'text is append-only: DELETE refused'); END;
CREATE TRIGGER text_no_replace BEFORE INSERT ON text
WHEN EXISTS (SELECT 1 FROM text WHERE id = NEW.id OR text = NEW.text)
BEGIN SELECT RAISE(ABORT, 'text is append-only: REPLACE refused'); END;

CREATE TRIGGER spec_no_update BEFORE UPDATE ON spec
BEGIN SELECT RAISE(ABORT, 'spec is append-only: UPDATE refused'); END;
CREATE TRIGGER spec_no_delete BEFORE DELETE ON spec
BEGIN SELECT RAISE(ABORT, 'spec is append-only: DELETE refused'); END;
CREATE TRIGGER spec_no_replace BEFORE INSERT ON spec
WHEN EXISTS (SELECT 1 FROM spec WHERE id = NEW.id OR (low IS NEW.low AND high IS NEW.high
    AND unit = NEW.unit AND rule = NEW.rule AND is_comparison = NEW.is_comparison))
BEGIN SELECT RAISE(ABORT, 'spec is append-only: REPLACE refused'); END;

CREATE TRIGGER run_no_update BEFORE UPDATE ON run
BEGIN SELECT RAISE(ABORT, 'run is append-only: UPDATE refused'); END;
CREATE TRIGGER run_no_delete BEFORE DELETE ON run
BEGIN SELECT RAISE(ABORT, 'run is append-only: DELETE refused'); END;
CREATE TRIGGER run_no_replace BEFORE INSERT ON run
WHEN EXISTS (SELECT 1 FROM run WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'run is append-only: REPLACE refused'); END;

CREATE TRIGGER run_end_no_update BEFORE UPDATE ON run_end
BEGIN SELECT RAISE(ABORT, 'run_end is append-only: UPDATE refused'); END;
CREATE TRIGGER run_end_no_delete BEFORE DELETE ON run_end
BEGIN SELECT RAISE(ABORT, 'run_end is append-only: DELETE refused'); END;
CREATE TRIGGER run_end_no_replace BEFORE INSERT ON run_end
WHEN EXISTS (SELECT 1 FROM run_end WHERE run = NEW.run)
BEGIN SELECT RAISE(ABORT, 'run_end is append-only: REPLACE refused'); END;

CREATE TRIGGER step_no_update BEFORE UPDATE ON step
BEGIN SELECT RAISE(ABORT, 'step is append-only: UPDATE refused'); END;
CREATE TRIGGER step_no_delete BEFORE DELETE ON step
BEGIN SELECT RAISE(ABORT, 'step is append-only: DELETE refused'); END;
CREATE TRIGGER step_no_replace BEFORE INSERT ON step
WHEN EXISTS (SELECT 1 FROM step WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'step is append-only: REPLACE refused'); END;

CREATE TRIGGER measurement_no_update BEFORE UPDATE ON measurement
BEGIN SELECT RAISE(ABORT, 'measurement is append-only: UPDATE refused'); END;
CREATE TRIGGER measurement_no_delete BEFORE DELETE ON measurement
BEGIN SELECT RAISE(ABORT, 'measurement is append-only: DELETE refused'); END;
CREATE TRIGGER measurement_no_replace BEFORE INSERT ON measurement
WHEN EXISTS (SELECT 1 FROM measurement WHERE step = NEW.step AND no = NEW.no)
BEGIN SELECT RAISE(ABORT, 'measurement is append-only: REPLACE refused'); END;

CREATE TRIGGER chain_no_update BEFORE UPDATE ON chain
BEGIN SELECT RAISE(ABORT, 'chain is append-only: UPDATE refused'); END;
CREATE TRIGGER chain_no_delete BEFORE DELETE ON chain
BEGIN SELECT RAISE(ABORT, 'chain is append-only: DELETE refused'); END;
CREATE TRIGGER chain_no_replace BEFORE INSERT ON chain
WHEN EXISTS (SELECT 1 FROM chain WHERE link = NEW.link)
BEGIN SELECT RAISE(ABORT, 'chain is append-only: REPLACE refused'); END;

CREATE TRIGGER settled_no_update BEFORE UPDATE ON settled
BEGIN SELECT RAISE(ABORT, 'settled is append-only: UPDATE refused'); END;
CREATE TRIGGER settled_no_delete BEFORE DELETE ON settled
BEGIN SELECT RAISE(ABORT, 'settled is append-only: DELETE refused'); END;
CREATE TRIGGER settled_no_replace BEFORE INSERT ON settled
WHEN EXISTS (SELECT 1 FROM settled WHERE run = NEW.run)
BEGIN SELECT RAISE(ABORT, 'settled is append-only: REPLACE refused'); END;

CREATE TRIGGER outcome_no_update BEFORE UPDATE ON outcome
BEGIN SELECT RAISE(ABORT, 'outcome is append-only: UPDATE refused'); END;
CREATE TRIGGER outcome_no_delete BEFORE DELETE ON outcome
BEGIN SELECT RAISE(ABORT, 'outcome is append-only: DELETE refused'); END;
CREATE TRIGGER outcome_no_replace BEFORE INSERT ON outcome
BEGIN SELECT RAISE(ABORT, 'outcome is append-only: INSERT refused'); END;

-- Order: no step after a run's end, no gap in the chain.
CREATE TRIGGER step_not_after_end BEFORE INSERT ON step
WHEN EXISTS (SELECT 1 FROM run_end WHERE run = NEW.run)
    AND NOT EXISTS (SELECT 1 FROM step WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'step: its run has ended'); END;
CREATE TRIGGER chain_no_gap BEFORE INSERT ON chain
WHEN NEW.link <> (SELECT coalesce(max(link), 0) + 1 FROM chain)
    AND NOT EXISTS (SELECT 1 FROM chain WHERE link = NEW.link)
BEGIN SELECT RAISE(ABORT, 'chain: a link number was left out'); END;

-- For people: one row per run, plain words. Filter by serial or run; both are fast.
CREATE VIEW v_run AS
SELECT
    run.id AS run,
    serial.text AS serial,
    coalesce((SELECT name FROM outcome WHERE id = run_end.outcome), 'RUNNING') AS outcome,
    strftime('%Y-%m-%dT%H:%M:%fZ', run.started_unix_ms / 1000.0, 'unixepoch') AS started_utc,
    strftime('%Y-%m-%dT%H:%M:%fZ', run_end.ended_unix_ms / 1000.0, 'unixepoch') AS ended_utc,
    run_end.bench_ns / 1e9 AS bench_time_s,
    (SELECT text FROM text WHERE id = run.product) AS product,
    (SELECT text FROM text WHERE id = run.plan) AS plan,
    (SELECT text FROM text WHERE id = run.plan_revision) AS plan_revision,
    (SELECT text FROM text WHERE id = run.plan_kind) AS plan_kind,
    (SELECT text FROM text WHERE id = run.station) AS station,
    (SELECT text FROM text WHERE id = run.operator) AS operator,
    (SELECT text FROM text WHERE id = run.bench) AS bench,
    run.is_virtual,
    run.seed,
    (SELECT text FROM text WHERE id = run.fault) AS fault,
    (SELECT text FROM text WHERE id = run.without) AS without,
    (SELECT text FROM text WHERE id = run_end.failed_step) AS failed_step,
    run_end.message AS message,
    run_end.unit_id AS unit_id,
    (SELECT text FROM text WHERE id = run.plan_sha256) AS plan_sha256,
    (SELECT text FROM text WHERE id = run.limits_sha256) AS limits_sha256,
    (SELECT text FROM text WHERE id = run.image_sha256) AS image_sha256,
    (SELECT text FROM text WHERE id = run.program_version) AS program_version,
    (SELECT text FROM text WHERE id = run.cards) AS cards_json,
    run.started_unix_ms,
    run_end.ended_unix_ms
FROM run
JOIN text AS serial ON serial.id = run.serial
LEFT JOIN run_end ON run_end.run = run.id;

-- For people: one row per step.
CREATE VIEW v_step AS
SELECT
    step.run,
    (SELECT text FROM text WHERE id = run.serial) AS serial,
    (SELECT text FROM text WHERE id = run.bench) AS bench,
    step.id AS step,
    (SELECT text FROM text WHERE id = step.group_name) AS group_name,
    (SELECT text FROM text WHERE id = step.name) AS name,
    (SELECT text FROM text WHERE id = step.claims) AS claims,
    step.attempt,
    (SELECT name FROM outcome WHERE id = step.outcome) AS outcome,
    step.message,
    step.start_ns,
    step.end_ns
FROM step
JOIN run ON run.id = step.run;

-- For people: one row per measurement; value, low, high, raw and reference are in the column unit.
-- An open limit is NULL.
CREATE VIEW v_measurement AS
SELECT
    step.run,
    (SELECT text FROM text WHERE id = run.serial) AS serial,
    (SELECT text FROM text WHERE id = run.bench) AS bench,
    measurement.step,
    (SELECT text FROM text WHERE id = step.name) AS step_name,
    step.attempt,
    measurement.no,
    (SELECT text FROM text WHERE id = measurement.name) AS name,
    measurement.value,
    (SELECT text FROM text WHERE id = spec.unit) AS unit,
    nullif(spec.low, -9e999) AS low,
    nullif(spec.high, 9e999) AS high,
    (SELECT text FROM text WHERE id = spec.rule) AS rule,
    CASE measurement.is_pass WHEN 1 THEN 'PASS' ELSE 'FAIL' END AS verdict,
    measurement.raw,
    measurement.reference,
    spec.is_comparison
FROM measurement
JOIN spec ON spec.id = measurement.spec
JOIN step ON step.id = measurement.step
JOIN run ON run.id = step.run;
