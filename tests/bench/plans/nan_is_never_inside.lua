-- exit: 1
-- expect: FAIL
local ek = require "products.ek-24s4eb"
plan { id = "t", revision = "A", kind = "routine", product = ek, fixture = "cb24" }

group("g", function()
  step("no number", function(t)
    t:measure("nothing", 0 / 0, { unit = "V", spec = { -math.huge, math.huge } })
  end)
end)
