-- Where the command's own output goes: a reader that leaves, a full device, a closed stream. The run does not
-- suffer, and what could not be written is said.
package.path = arg[0]:match("^(.*)/") .. "/?.lua;" .. package.path
local keel = require "keel"

local function shell(text, ...)
  return keel.shell("{ " .. text:format(...) .. "; }")
end

local plan = "eol/ek-24s4eb"
local database = keel.database("output")
local run = ("%s run %s --serial OUT --db %s"):format(keel.program, plan, database)

-- the run goes on to its end although nobody reads
local code = shell("sh -c '%s; echo $? > %s/code' | head -1", run, keel.work)
keel.equal(code, 0, "head")
keel.equal(keel.sql(database, "SELECT outcome FROM v_run WHERE run = 1"), "PASS", "a reader that left: outcome")
keel.equal((shell("(exit $(cat %s/code))", keel.work)), 0, "a reader that left: exit code")

local output
code, output = shell("%s > /dev/full", run)
keel.equal(code, 0, "lines to a full device: the verdict's exit code")
keel.says(output, "standard output cannot be written", "lines to a full device")
keel.equal((shell("%s --json > /dev/full", run)), 2, "JSON to a full device")
keel.equal((shell("%s <&- >&- 2>&-", run)), 0, "no streams at all")
keel.equal(keel.sql(database, "SELECT count(*) FROM v_run WHERE outcome = 'PASS'"), "4", "all runs are there")
keel.equal((keel.run { "db", "verify", "--db", database }), 0, "the chain")
for _, command in ipairs { "show --json", "show", "db verify" } do
  code, output = shell("%s %s --db %s > /dev/full", keel.program, command, database)
  keel.equal(code, 2, command .. " to a full device: exit code")
  keel.says(output, "standard output cannot be written", command)
end

-- a report into a pipe is written into it; nothing is moved into its place
local pipe = keel.work .. "/pipe"
shell("rm -f %s && mkfifo %s", pipe, pipe)
code, output = shell("cat %s > %s.html & %s report --db %s --output %s; wait; test -p %s && echo still a pipe",
  pipe, pipe, keel.program, database, pipe, pipe)
keel.equal(code, 0, "report into a pipe: exit code")
keel.says(output, "still a pipe", "report into a pipe")
code, output = shell("tail -1 %s.html", pipe)
keel.equal(code, 0, "the page that came out")
keel.says(output, "</html>", "report into a pipe")

-- which run
code = keel.run { "show", "1", "2", "--db", database }
keel.equal(code, 64, "two runs")
code = keel.run { "show", "1", "--serial", "OUT", "--db", database }
keel.equal(code, 64, "a run and a serial")
keel.done()
