-- exit: 1
-- expect: FAIL
-- expect: cell_01:
-- expect: is outside 1 .. 2 V
-- sql: SELECT outcome FROM v_run => FAIL
-- sql: SELECT count(*) FROM measurement WHERE is_pass = 0 => 1
local ek = require "products.ek-24s4eb"
plan { id = "t", revision = "A", kind = "routine", product = ek, fixture = "cb24" }

group("g", function()
  step("cell 1", function(t)
    t.cells:set { [1] = 3.0 }:settle()
    t:measure("cell_01", t.cells:read()[1], { unit = "V", spec = { 1, 2 } })
    t:measure("cell_02", t.cells:read()[2], { unit = "V", spec = { -0.01, 0.01 } })
  end)
  step("not reached", function(t)
    t:fail("reached")
  end)
end)
