-- The smallest plan: one group, one step, one measurement. Copy it and go on from here.
--   ./dev keel run examples/hello --serial HELLO-1
local ek = require "products.ek-24s4eb"

plan { id = "hello", revision = "A", kind = "routine", product = ek, fixture = "cb24" }

group("cells", function()
  step("cell 3 sources what it is told", function(t)
    t.cells:set { [3] = 3.65 }:settle()
    local volts = t.cells:read()
    t:measure("cell_03", volts[3], { unit = "V", spec = { 3.64, 3.66 } })
  end)
end)
