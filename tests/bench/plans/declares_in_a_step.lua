-- exit: 2
-- expect: declares_in_a_step.lua:9: step belongs at the top of the plan, not in a step
-- sql: SELECT outcome FROM v_run => ERROR
-- sql: SELECT count(*) FROM step => 2
local ek = require "products.ek-24s4eb"
plan { id = "declares-in-a-step", revision = "A", kind = "routine", product = ek, fixture = "cb24" }
group("g", function()
  step("adds another", function()
    step("late", function() end)
  end)
  step("after", function(t)
    t:measure("x", 1, { unit = "V", spec = { 0, 2 } })
  end)
end)
