-- exit: 2
-- expect: cell 1
-- expect: ERROR
-- expect: missing_limit.lua:12: the upper limit is missing
-- sql: SELECT outcome FROM v_run => ERROR
-- sql: SELECT count(*) FROM step => 1
local ek = require "products.ek-24s4eb"
plan { id = "t", revision = "A", kind = "routine", product = ek, fixture = "cb24" }

group("g", function()
  step("cell 1", function(t)
    t:measure("cell_01", 1.0, { unit = "V", spec = { 0.9 } })
  end)
end)
