-- exit: 2
-- expect: an endless loop?
-- sql: SELECT outcome FROM v_run => ERROR
while true do end -- luacheck: ignore
