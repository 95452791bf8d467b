-- exit: 2
-- expect: keel run:
-- expect: syntax_error.lua:7:
-- sql: SELECT outcome FROM v_run => ERROR
-- sql: SELECT count(*) FROM run => 1

plan { id = "x" revision = "A" }
