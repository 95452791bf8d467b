-- What whole-run tests share: run the command as a person does, and look at what it left with sqlite3.
local keel = {}

keel.program, keel.work = arg[1], arg[2]
assert(keel.program and keel.work, "usage: lua TEST.lua KEEL WORK_FOLDER [...]")
os.execute(("mkdir -p %q"):format(keel.work))

local failed_count, passed_count = 0, 0

local function quote(text)
  return "'" .. tostring(text):gsub("'", "'\\''") .. "'"
end

-- Run a shell command; output holds both streams.
function keel.shell(command)
  local pipe = assert(io.popen(command .. " 2>&1; echo \"exit=$?\""))
  local output = pipe:read("a")
  pipe:close()
  local code = output:match("exit=(%d+)\n$")
  return tonumber(code), (output:gsub("exit=%d+\n$", ""))
end

-- keel.run { "run", "plan.lua", "--serial", "S" } -> exit code, output
function keel.run(args)
  local words = { quote(keel.program) }
  for _, word in ipairs(args) do
    words[#words + 1] = quote(word)
  end
  return keel.shell(table.concat(words, " "))
end

-- A database path in the work folder, without a file there.
function keel.database(name)
  local path = keel.work .. "/" .. name .. ".sqlite3"
  for _, suffix in ipairs { "", "-wal", "-shm" } do
    os.remove(path .. suffix)
  end
  return path
end

-- First column of the first row.
function keel.sql(database, query)
  local code, output = keel.shell(("sqlite3 -readonly %s %s"):format(quote(database), quote(query)))
  assert(code == 0, output)
  return (output:gsub("\n$", ""))
end

function keel.check(is_so, text, ...)
  if is_so then
    passed_count = passed_count + 1
  else
    failed_count = failed_count + 1
    print("FAIL: " .. text:format(...))
  end
  return is_so
end

function keel.equal(got, wanted, what)
  return keel.check(got == wanted, "%s: is %s, must be %s", what, tostring(got), tostring(wanted))
end

-- One line that names what is wrong: `part` must stand in a line of its own that the command prints.
function keel.says(output, part, what)
  return keel.check(output:find(part, 1, true) ~= nil, "%s: does not say %q but:\n%s", what, part, output)
end

function keel.done()
  print(("%d passed, %d failed"):format(passed_count, failed_count))
  os.exit(failed_count == 0 and passed_count > 0 and 0 or 1)
end

return keel
