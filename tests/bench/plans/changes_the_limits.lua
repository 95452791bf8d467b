-- exit: 2
-- expect: "accuracy_v" cannot be set: this table is read-only
-- sql: SELECT outcome FROM v_run => ERROR
local ek = require "products.ek-24s4eb"
plan { id = "changes-the-limits", revision = "A", kind = "routine", product = ek, fixture = "cb24" }
group("g", function()
  step("makes life easy", function()
    ek.accuracy_v = 5
  end)
  step("after", function(t)
    t:measure("x", 1, { unit = "V", spec = { 0, 2 } })
  end)
end)
