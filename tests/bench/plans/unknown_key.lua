-- exit: 2
-- expect: unknown_key.lua:4: plan has an unknown key "revison"
-- sql: SELECT outcome FROM v_run => ERROR
plan { id = "x", revison = "A" }
