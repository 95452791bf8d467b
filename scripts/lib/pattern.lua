-- Voltages for 24 cells, different on each cell, so that swapped channels show.
local pattern = {}

local CELLS = 24
local LOWEST_V, HIGHEST_V = 1.5, 4.5
local STEP_V = 0.005

-- Rank of a cell, 0 .. 23, in an order that keeps neighbours apart; 7 and 24 have no common factor.
local function rank(n)
  return (7 * n) % CELLS
end

-- Cells 5 mV apart around a level, all within 1.5 V .. 4.5 V: at 1.5 V they lie above, at 4.5 V below.
function pattern.around(level_v)
  local share = (level_v - LOWEST_V) / (HIGHEST_V - LOWEST_V)
  local cells = {}
  for n = 1, CELLS do
    cells[n] = level_v + (rank(n) - share * (CELLS - 1)) * STEP_V
  end
  return cells
end

-- Cells spread over the whole range, 0.13 V apart: a channel that sees another cell shows at once.
function pattern.spread()
  local cells = {}
  for n = 1, CELLS do
    cells[n] = LOWEST_V + (HIGHEST_V - LOWEST_V) * rank(n) / (CELLS - 1)
  end
  return cells
end

-- The same voltage everywhere.
function pattern.level(level_v)
  local cells = {}
  for n = 1, CELLS do
    cells[n] = level_v
  end
  return cells
end

return pattern
