-- A run that is killed leaves what it had, is INTERRUPTED at the next start, and Ctrl-C is ABORTED.
package.path = arg[0]:match("^(.*)/") .. "/../bench/?.lua;" .. package.path
local keel = require "keel"

local function query(database, text)
  return keel.sql(database, text)
end

local slow_plan = keel.work .. "/slow.lua"
local file = assert(io.open(slow_plan, "w"))
file:write([[
local ek = require "products.ek-24s4eb"
plan { id = "slow", revision = "A", kind = "routine", product = ek, fixture = "cb24" }
group("g", function()
  step("first", function(t)
    t.cells:set { [1] = 3.0 }:settle()
    t:measure("cell_01", t.cells:read()[1], { unit = "V", spec = { 2.9, 3.1 } })
  end)
  for n = 1, 400 do
    step("wait %d", n, function(t) t:wait(10) end)
  end
end)
]])
file:close()

local function run_with_signal(database, signal)
  return keel.shell(("%s run %s --serial KILLED --db %s > %s/out.txt 2>&1 & pid=$!; "
    .. "while ! grep -q 'first' %s/out.txt; do sleep 0.01; done; sleep 0.05; kill -%s $pid; wait $pid")
    :format(keel.program, slow_plan, database, keel.work, keel.work, signal))
end

local killed = keel.database("killed")
os.remove(keel.work .. "/out.txt")
keel.equal(run_with_signal(killed, "KILL"), 137, "SIGKILL: exit code")
keel.equal(query(killed, "SELECT count(*) FROM run_end"), "0", "SIGKILL: the run has no end yet")
keel.check(tonumber(query(killed, "SELECT count(*) FROM step")) >= 1, "SIGKILL: the first step is there")
local code, output = keel.run { "run", "eol/ek-24s4eb", "--serial", "KILLED", "--db", killed }
keel.equal(code, 0, "the next run passes")
keel.says(output, "marked INTERRUPTED", "the next start")
keel.equal(query(killed, "SELECT outcome FROM v_run ORDER BY 1 LIMIT 1"), "INTERRUPTED", "outcome of the killed run")
keel.equal((keel.run { "db", "verify", "--db", killed }), 0, "the chain after a kill")

for _, signal in ipairs { "INT", "TERM", "HUP", "QUIT" } do
  local database = keel.database("stopped-" .. signal)
  os.remove(keel.work .. "/out.txt")
  keel.equal(run_with_signal(database, signal), 3, signal .. ": exit code")
  keel.equal(query(database, "SELECT outcome FROM v_run"), "ABORTED", signal .. ": outcome")
  keel.check(tonumber(query(database, "SELECT count(*) FROM step")) > 1, signal .. ": steps are there")
end

-- a plan that never waits and swallows what it can is stopped all the same
file = assert(io.open(slow_plan, "w"))
file:write([[
local ek = require "products.ek-24s4eb"
plan { id = "stubborn", revision = "A", kind = "routine", product = ek, fixture = "cb24" }
group("g", function()
  step("first", function(t) t:measure("x", 1, { unit = "", spec = { 0, 2 } }) end)
  step("reads for ever", function(t)
    while true do
      pcall(t.cells.read, t.cells)
    end
  end)
end)
]])
file:close()
local stubborn = keel.database("stubborn")
os.remove(keel.work .. "/out.txt")
keel.equal(run_with_signal(stubborn, "INT"), 3, "stubborn plan: exit code")
keel.equal(query(stubborn, "SELECT outcome FROM v_run"), "ABORTED", "stubborn plan: outcome")

-- Nobody reads the output any more: the run goes on to its end and its record.
local unread = keel.database("unread")
keel.shell(("%s run eol/ek-24s4eb --serial UNREAD --db %s | head -n 1"):format(keel.program, unread))
keel.equal(query(unread, "SELECT outcome FROM v_run"), "PASS", "a closed pipe: outcome")
local to_full = ("%s run eol/ek-24s4eb --serial UNREAD --db %s --json > /dev/full"):format(keel.program, unread)
keel.equal((keel.shell(to_full)), 2, "JSON that cannot be written: exit code")
keel.equal(query(unread, "SELECT count(*) FROM v_run WHERE outcome = 'PASS'"), "2", "and the run is recorded")
keel.done()
