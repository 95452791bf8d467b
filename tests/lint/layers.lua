-- Includes point downwards only. Usage: lua layers.lua ROOT; exit 1 names each upward include.
-- The order of the house: HOUSE map in ../../README.md.
local root = arg[1] or "."

-- folder -> folders it may include from (and its own)
local allowed = {
  ["harness/base"] = {},
  ["harness/link"] = { "harness/base" },
  ["harness/metrology"] = { "harness/base" },
  ["harness/target"] = { "harness/link", "harness/base" },
  ["harness/product"] = { "harness/link", "harness/base" },
  ["harness/store"] = { "harness/base" },
  ["fixtures"] = { "harness/link", "harness/base" },
  ["fixtures/virtual"] = { "harness/link/link.h", "harness/link/ftdi_request.h", "harness/base" },
  ["reports"] = { "harness/base" },
  ["harness/engine"] = { "fixtures", "fixtures/virtual/bench.h", "harness/target", "harness/product",
    "harness/metrology", "harness/store", "harness/link", "harness/base" },
  ["harness/lua"] = { "harness/engine", "fixtures", "harness/metrology", "harness/product",
    "harness/target", "harness/store", "harness/base" },
  ["harness/cli"] = { "harness/lua", "harness/engine", "harness/store", "reports",
    "fixtures/virtual/faults/fault.h", "fixtures/virtual/boards/board.h", "harness/base" },
  ["harness/bench"] = { "harness", "fixtures", "fixtures/virtual", "reports" },
  ["firmware/protocol"] = {},
  ["firmware/core"] = { "firmware/protocol" },
  ["firmware/products"] = { "firmware/core", "firmware/protocol" },
  ["firmware/hal"] = { "firmware/core" },
  ["firmware/startup"] = { "firmware" },
  ["firmware/tools"] = {},
}

local function starts(text, prefix)
  return text == prefix or text:sub(1, #prefix + 1) == prefix .. "/"
end

-- The layer of a path: the longest folder of the table that it lies in.
local function layer_of(path)
  local best
  for folder in pairs(allowed) do
    if starts(path, folder) and (not best or #folder > #best) then
      best = folder
    end
  end
  return best
end

local function may_include(layer, target)
  if layer_of(target) == layer then
    return true
  end
  for _, folder in ipairs(allowed[layer]) do
    if target == folder then
      return true
    end
    -- a folder grants its own layer, not the layers nested in it ("fixtures" is not "fixtures/virtual")
    if starts(target, folder) and (layer_of(target) == folder or not allowed[folder]) then
      return true
    end
  end
  return false
end

local bad, count = 0, 0
local files = assert(io.popen(("cd %q && git ls-files -co --exclude-standard '*.c' '*.h'"):format(root)))
for path in files:lines() do
  local layer = layer_of(path)
  local file = layer and io.open(root .. "/" .. path)
  if file then
    local no = 0
    for line in file:lines() do
      no = no + 1
      local target = line:match('^%s*#%s*include%s+"([^"]+)"')
      if target and target:find("/") then
        count = count + 1
        if layer_of(target) and not may_include(layer, target) then
          print(("%s:%d: %s must not include %s"):format(path, no, layer, target))
          bad = bad + 1
        end
      end
    end
    file:close()
  end
end
files:close()
print(("%d includes looked at, %d point upwards"):format(count, bad))
os.exit(bad == 0 and count > 0 and 0 or 1)
