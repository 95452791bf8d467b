-- exit: 2
-- expect: number expected, got string
local ek = require "products.ek-24s4eb"
plan { id = "text-for-a-number", revision = "A", kind = "routine", product = ek, fixture = "cb24" }
group("g", function()
  step("measures a text", function(t)
    t:measure("x", "1", { unit = "V", spec = { 0, 2 } })
  end)
  step("after", function(t)
    t:measure("x", 1, { unit = "V", spec = { 0, 2 } })
  end)
end)
