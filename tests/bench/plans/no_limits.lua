-- exit: 2
-- expect: no_limits.lua:8: the measurement needs unit
local ek = require "products.ek-24s4eb"
plan { id = "t", revision = "A", kind = "routine", product = ek, fixture = "cb24" }

group("g", function()
  step("cell 1", function(t)
    t:measure("cell_01", 1.0, {})
  end)
end)
