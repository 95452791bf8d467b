-- exit: 2
-- expect: the step returns a boolean
-- sql: SELECT outcome FROM v_run => ERROR
local ek = require "products.ek-24s4eb"
plan { id = "returns-false", revision = "A", kind = "routine", product = ek, fixture = "cb24" }
group("g", function()
  step("tests and says so in the wrong place", function(t)
    return t.cells.count == 25
  end)
  step("after", function(t)
    t:measure("x", 1, { unit = "V", spec = { 0, 2 } })
  end)
end)
