-- Runs every plan in plans/ and holds it against its own comments:
--   -- args: ARGUMENTS for keel run, behind PLAN and --serial
--   -- exit: CODE
--   -- expect: TEXT that the command prints, in this order
--   -- sql: QUERY => ANSWER from the record it leaves
package.path = arg[0]:match("^(.*)/") .. "/?.lua;" .. package.path
local keel = require "keel"

local folder = arg[0]:match("^(.*)/") .. "/plans"
local listing = assert(io.popen(("ls %q"):format(folder)))

for name in listing:lines() do
  local path = folder .. "/" .. name
  local database = keel.database("plan-" .. name)
  local args = { "run", path, "--serial", "T-" .. name:gsub("%.lua$", ""), "--db", database }
  local wanted_exit, expects, queries = 0, {}, {}
  for line in io.lines(path) do
    local key, text = line:match("^%-%- (%l+): (.*)$")
    if key == "args" then
      for word in text:gmatch("%S+") do
        args[#args + 1] = word
      end
    elseif key == "exit" then
      wanted_exit = tonumber(text)
    elseif key == "expect" then
      expects[#expects + 1] = text
    elseif key == "sql" then
      queries[#queries + 1] = { text:match("^(.-)%s*=>%s*(.*)$") }
    end
  end
  local code, output = keel.run(args)
  if not keel.equal(code, wanted_exit, name .. ": exit code") then
    print(output)
  end
  local at = 1
  for _, text in ipairs(expects) do
    local from, to = output:find(text, at, true)
    if keel.check(from ~= nil, "%s: does not print %q in its place:\n%s", name, text, output) then
      at = to + 1
    end
  end
  for _, query in ipairs(queries) do
    keel.equal(keel.sql(database, query[1]), query[2], name .. ": " .. query[1])
  end
end
listing:close()
keel.done()
