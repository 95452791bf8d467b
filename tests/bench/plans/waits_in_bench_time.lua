-- exit: 0
-- expect: 180.000 s
-- sql: SELECT max(end_ns - start_ns) FROM step => 180000000000
local ek = require "products.ek-24s4eb"
plan { id = "t", revision = "A", kind = "routine", product = ek, fixture = "cb24" }

group("g", function()
  step("three minutes", function(t)
    local start = t.now
    t:wait(180)
    t:measure("waited", t.now - start, { unit = "s", spec = { 179.999999, 180.000001 } })
  end)
end)
