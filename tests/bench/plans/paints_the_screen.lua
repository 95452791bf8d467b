-- exit: 1
-- expect: over?[31m?and out
-- sql: SELECT message FROM v_run => over?[31m?and out
local ek = require "products.ek-24s4eb"
plan { id = "paints-the-screen", revision = "A", kind = "routine", product = ek, fixture = "cb24" }
group("g", function()
  step("says more than text", function(t)
    t:fail("over\27[31m\nand out")
  end)
  step("after", function(t)
    t:measure("x", 1, { unit = "V", spec = { 0, 2 } })
  end)
end)
