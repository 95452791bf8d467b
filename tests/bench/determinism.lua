-- The same seed gives the same measurements and bench times; another seed does not.
package.path = arg[0]:match("^(.*)/") .. "/?.lua;" .. package.path
local keel = require "keel"

-- Everything but what is named as wall clock, run number or hash of it.
local function facts(database)
  local code, json = keel.run { "show", "--json", "--db", database }
  keel.equal(code, 0, "show --json")
  local kept = {}
  for line in json:gmatch("[^\n]+") do
    if not line:match('_utc"') and not line:match('"hash"') and not line:match('"head"')
      and not line:match('"previous"') then
      kept[#kept + 1] = line
    end
  end
  return table.concat(kept, "\n")
end

local function run(name, seed)
  local database = keel.database("determinism-" .. name)
  keel.equal((keel.run { "run", "eol/ek-24s4eb", "--serial", "D", "--seed", seed, "--db", database }), 0, name)
  return facts(database), database
end

local one, database = run("one", 7)
local same = run("same", 7)
local other = run("other", 8)
keel.check(one == same, "two runs with seed 7 differ")
keel.check(one ~= other, "seeds 7 and 8 give the same")
keel.check(#one > 10000, "show --json is only %d bytes", #one)
keel.check(tonumber(keel.sql(database, "SELECT count(*) FROM measurement")) >= 192, "fewer than 192 measurements")
keel.equal(keel.sql(database, "SELECT count(DISTINCT bench) || ' ' || max(bench) FROM v_run"), "1 virtual", "bench")
keel.done()
