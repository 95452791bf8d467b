-- No false alarms: units and fixtures drawn from their tolerances pass, seed by seed.
--   lua seeds.lua KEEL WORK COUNT
package.path = arg[0]:match("^(.*)/") .. "/../bench/?.lua;" .. package.path
local keel = require "keel"

local count = tonumber(arg[3]) or 100
local database = keel.database("seeds")
for seed = 1, count do
  local exit, output = keel.run { "run", "eol/ek-24s4eb", "--serial", ("SEED-%04d"):format(seed), "--seed", seed,
    "--db", database }
  if not keel.equal(exit, 0, "seed " .. seed) then
    print(output)
  end
end
keel.equal(keel.sql(database, "SELECT count(*) FROM v_run WHERE outcome = 'PASS'"), tostring(count), "runs that passed")
print("largest deviation in the accuracy steps: " .. keel.sql(database, [[
  SELECT printf('%.1f uV', 1e6 * max(abs(m.value))) FROM measurement m JOIN step s ON s.id = m.step
  JOIN text n ON n.id = s.name JOIN spec ON spec.id = m.spec
  WHERE spec.is_comparison = 1 AND n.text LIKE 'cells around%']]))
local verified, output = keel.run { "db", "verify", "--db", database }
keel.equal(verified, 0, "db verify: " .. output)
keel.done()
