-- exit: 2
-- expect: spec = { low, high } has 3 entries
local ek = require "products.ek-24s4eb"
plan { id = "three-limits", revision = "A", kind = "routine", product = ek, fixture = "cb24" }
group("g", function()
  step("has one limit too many", function(t)
    t:measure("x", 1, { unit = "V", spec = { 0, 1, 2 } })
  end)
  step("after", function(t)
    t:measure("x", 1, { unit = "V", spec = { 0, 2 } })
  end)
end)
