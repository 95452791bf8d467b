-- exit: 1
-- expect: first
-- expect: because I say so
-- expect: second
-- expect: FAIL
-- expect: at "first"
-- sql: SELECT group_concat(o.name) FROM step s JOIN outcome o ON o.id = s.outcome => FAIL,PASS
local ek = require "products.ek-24s4eb"
plan { id = "t", revision = "A", kind = "routine", product = ek, fixture = "cb24" }

group("g", { on_fail = "continue" }, function()
  step("first", function(t)
    t:fail("because I say so")
  end)
  step("second", function(t)
    t:wait(0.25)
  end)
end)
