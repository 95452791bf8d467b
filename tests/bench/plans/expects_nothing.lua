-- exit: 2
-- expect: what it got is a nil
-- sql: SELECT outcome FROM v_run => ERROR
local ek = require "products.ek-24s4eb"
plan { id = "expects-nothing", revision = "A", kind = "routine", product = ek, fixture = "cb24" }
group("g", function()
  step("misspells twice", function(t)
    local info = { model = "EK-24S4EB" }
    t:expect("model", info.modell, ek.modell)
  end)
  step("after", function(t)
    t:measure("x", 1, { unit = "V", spec = { 0, 2 } })
  end)
end)
