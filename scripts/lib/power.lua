-- Power of a unit that lives on its cells.
local pattern = require "lib.pattern"

local power = {}

function power.on(t, product)
  t.cells:set(pattern.level(product.supply_v)):settle()
end

function power.off(t)
  t.cells:off()
end

-- Off, proved, long enough for the supply to collapse, and on again until the unit has booted.
function power.cycle(t, product)
  power.off(t)
  t:wait(0.3)
  power.on(t, product)
  t:wait(product.boot_s)
end

return power
