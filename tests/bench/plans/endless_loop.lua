-- exit: 2
-- expect: ERROR
-- expect: an endless loop?
-- expect: 1 step was not run
-- sql: SELECT outcome FROM v_run => ERROR
-- sql: SELECT count(*) FROM step => 2
local ek = require "products.ek-24s4eb"
plan { id = "t", revision = "A", kind = "routine", product = ek, fixture = "cb24" }

group("g", function()
  step("never ends", function(t)
    t.cells:set { [1] = 3.0 }:settle()
    while true do
      pcall(function() while true do end end) -- luacheck: ignore
    end
  end)
  step("after it", function() end)
end)
