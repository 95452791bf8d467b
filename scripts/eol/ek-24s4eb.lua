-- End of line for the EK-24S4EB: flash the shipped image, calibrate, prove 24 cells, prove the memory.
local ek = require "products.ek-24s4eb"
local calibration = require "lib.calibration"
local pattern = require "lib.pattern"
local power = require "lib.power"

plan { id = "ek-24s4eb.eol", revision = "A", kind = "routine", product = ek, fixture = "cb24" }

-- What the cells are and what the unit shows, from a scan that began after they had settled.
local function read_cells(t, cells_v)
  t.cells:set(cells_v):settle()
  local shown_v, info = t.unit:fresh_cell_voltages()
  local truth_v = t.cells:read()
  return truth_v, shown_v, info
end

local function compare_cells(t, cells_v, limit_v)
  local truth_v, shown_v = read_cells(t, cells_v)
  for n = 1, ek.cells do
    t:compare("cell_%02d", n, shown_v[n], truth_v[n], { unit = "V", spec = { -limit_v, limit_v } })
  end
end

group("program", function()
  step("flash the shipped image", { claims = "EK-24" }, function(t)
    power.on(t, ek)
    t.target:program()
  end)

  step("verify the flash", { claims = "EK-24" }, function(t)
    t.target:verify()
  end)
end)

group("power-up", function()
  step("power cycle", { claims = "EK-11" }, function(t)
    power.cycle(t, ek)
    local pack_v = 0
    for _, cell_v in ipairs((t.cells:read())) do
      pack_v = pack_v + cell_v
    end
    t:measure("pack", pack_v, { unit = "V", spec = { 78.7, 79.7 } })
  end)

  step("identity and version", { claims = "EK-23" }, function(t)
    t.unit:connect()
    local info = t.unit:device_info()
    t:expect("model", info.model, ek.model)
    t:expect("hardware", info.hardware, ek.hardware)
    t:expect("software", info.software, ek.software)
    t:expect("protocol", info.protocol, ek.protocol)
  end)
end)

group("calibration", function()
  step("every tap finds its own cell", { claims = "EK-02 EK-03" }, function(t)
    compare_cells(t, pattern.spread(), ek.uncalibrated_v)
  end)

  step("calibrate the unit", { claims = "EK-25" }, function(t)
    local before = t.unit:factory()
    local raw_v, true_v = {}, {}
    for _, level_v in ipairs(ek.calibration.levels_v) do
      local truth_v, shown_v = read_cells(t, pattern.around(level_v))
      for n = 1, ek.cells do
        raw_v[#raw_v + 1] = calibration.raw(shown_v[n], before, ek)
        true_v[#true_v + 1] = truth_v[n]
      end
    end
    local wanted = calibration.coefficients(raw_v, true_v, ek)

    local points = {
      { name = "standard_vol2_v", raw_v = ek.calibration.raw_low_v },
      { name = "battery_vol2_v", raw_v = ek.calibration.raw_high_v },
    }
    for _, point in ipairs(points) do
      local reach_v = point.raw_v * ek.calibration.window
      t:measure(point.name, wanted[point.name],
        { unit = "V", spec = { point.raw_v - reach_v, point.raw_v + reach_v } })
      t.unit:write(point.name, wanted[point.name])
    end
    local after = t.unit:factory()
    for _, point in ipairs(points) do
      t:compare(point.name .. "_read_back", after[point.name], wanted[point.name],
        { unit = "V", spec = { -1e-6, 1e-6 } })
    end
  end)

  step("verify the calibration", { claims = "EK-25" }, function(t)
    for _, level_v in ipairs(ek.calibration.verify_levels_v) do
      local truth_v, shown_v = read_cells(t, pattern.around(level_v))
      for n = 1, ek.cells do
        t:compare("cell_%02d_at_%.1f_v", n, level_v, shown_v[n], truth_v[n],
          { unit = "V", spec = { -ek.accuracy_v, ek.accuracy_v } })
      end
    end
  end)
end)

group("voltage accuracy", function()
  for _, level_v in ipairs(ek.accuracy_levels_v) do
    step("cells around %.3f V", level_v, { claims = "EK-03" }, function(t)
      compare_cells(t, pattern.around(level_v), ek.accuracy_v)
    end)
  end
end)

group("memory", function()
  step("settings survive a power cycle", { claims = "EK-24" }, function(t)
    local calibrated = t.unit:factory()
    for _, setting in ipairs(ek.settings) do
      t.unit:write(setting.name, setting.trial)
    end
    power.cycle(t, ek)
    t.unit:connect()
    local settings, factory = t.unit:settings(), t.unit:factory()
    for _, setting in ipairs(ek.settings) do
      t:compare(setting.name, settings[setting.name], setting.trial, { unit = "", spec = { -1e-6, 1e-6 } })
      t.unit:write(setting.name, setting.shipped)
    end
    for _, name in ipairs { "standard_vol2_v", "battery_vol2_v" } do
      t:compare(name, factory[name], calibrated[name], { unit = "V", spec = { 0, 0 } })
    end
    local _, info = t.unit:fresh_cell_voltages()
    t:expect("storage flags", info.storage_flags, 0)
  end)
end)
