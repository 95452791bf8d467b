-- Each fault of a product fails the step that it names, and no earlier one; with that step left out of the
-- plan, the run no longer stops there.
--   lua faults.lua KEEL WORK [SEED]
package.path = arg[0]:match("^(.*)/") .. "/../bench/?.lua;" .. package.path
local keel = require "keel"

local seed = arg[3] or "1"
local plan = "eol/ek-24s4eb"
local code, listing = keel.run { "faults", "ek-24s4eb" }
keel.equal(code, 0, "keel faults")

local faults = {}
local last
for line in listing:gmatch("[^\n]+") do
  local step = line:match('fails at "(.*)"')
  if step then
    last.fails_at = step
  else
    last = { name = line:match("^(%S+)") }
    faults[#faults + 1] = last
  end
end
keel.check(#faults >= 10, "%d faults are listed, the first set has 10", #faults)

local function run(name, fault, without)
  local database = keel.database("fault-" .. name)
  local args = { "run", plan, "--serial", "FAULT", "--seed", seed, "--db", database, "--fault", fault.name }
  if without then
    args[#args + 1] = "--without"
    args[#args + 1] = without
  end
  local exit, output = keel.run(args)
  return exit, output, keel.sql(database, "SELECT failed_step FROM v_run")
end

for _, fault in ipairs(faults) do
  local exit, output, failed_step = run(fault.name, fault)
  if not (keel.equal(failed_step, fault.fails_at, fault.name .. ": the step that fails")
    and keel.equal(exit, 1, fault.name .. ": exit code")) then
    print(output)
  end
  local _, _, next_step = run(fault.name .. "-without", fault, fault.fails_at)
  keel.check(next_step ~= fault.fails_at, "%s: still fails at %q, which was left out", fault.name, next_step)
  print(("%-20s fails at %-34s without it: %s"):format(fault.name, failed_step,
    next_step == "" and "passes" or next_step))
end
keel.done()
