-- exit: 2
-- expect: cell 1 cannot be set to 5.5 V: 0 .. 5 V
local ek = require "products.ek-24s4eb"
plan { id = "t", revision = "A", kind = "routine", product = ek, fixture = "cb24" }

group("g", function()
  step("too high", function(t)
    t.cells:set { [1] = 5.5 }
  end)
end)
