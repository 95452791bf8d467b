-- Wrong input of every kind: one line that says what and where, the documented exit code, the record kept.
--   lua bad_input.lua KEEL WORK FIRMWARE_FOLDER SOURCE_FOLDER
package.path = arg[0]:match("^(.*)/") .. "/?.lua;" .. package.path
local keel = require "keel"

local firmware, source = arg[3], arg[4]
local plan = "eol/ek-24s4eb"

local function write(name, text)
  local path = keel.work .. "/" .. name
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  return path
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("a")
  file:close()
  return text
end

-- Run the plan with these arguments; the record must hold `outcome` (nil: no run was begun).
local function refused(name, args, exit, part, outcome)
  local database = keel.database("bad-" .. name)
  local all = { "run", plan, "--serial", "BAD", "--db", database }
  for _, word in ipairs(args) do
    all[#all + 1] = word
  end
  local code, output = keel.run(all)
  keel.equal(code, exit, name .. ": exit code")
  keel.says(output, part, name)
  if outcome then
    keel.equal(keel.sql(database, "SELECT outcome FROM v_run"), outcome, name .. ": outcome")
    keel.equal((keel.run { "db", "verify", "--db", database }), 0, name .. ": chain")
  end
  return database
end

-- CRC-32 as zlib has it, bit by bit: the test's own.
local function crc32(text)
  local crc = 0xFFFFFFFF
  for i = 1, #text do
    crc = crc ~ text:byte(i)
    for _ = 1, 8 do
      crc = crc & 1 == 1 and (crc >> 1) ~ 0xEDB88320 or crc >> 1
    end
  end
  return crc ~ 0xFFFFFFFF
end

-- The image with another version in its header, validly sealed: the version stands at 0xC0 + 24, the CRC at + 36.
local function with_version(image, version)
  local zeroed = image:sub(1, 0xC0 + 24) .. version .. ("\0"):rep(8 - #version)
    .. image:sub(0xC0 + 33, 0xC0 + 36) .. "\0\0\0\0" .. image:sub(0xC0 + 41)
  return zeroed:sub(1, 0xC0 + 36) .. ("<I4"):pack(crc32(zeroed)) .. zeroed:sub(0xC0 + 41)
end

-- images
local elf = read(firmware .. "/ek-24s4eb.elf")
local hex = read(firmware .. "/ek-24s4eb.hex")
local bin = read(firmware .. "/ek-24s4eb.bin")
refused("other-product", { "--image", firmware .. "/gw-24s4eb.elf" }, 2, "GW-24S4EB", "ERROR")
refused("truncated-elf", { "--image", write("truncated.elf", elf:sub(1, #elf // 2)) }, 2, "truncated.elf", "ERROR")
refused("truncated-hex", { "--image", write("truncated.hex", hex:sub(1, #hex // 2 + 3)) }, 2, "truncated.hex", "ERROR")
refused("truncated-bin", { "--image", write("truncated.bin", bin:sub(1, #bin // 2)) }, 2, "truncated.bin", "ERROR")
refused("longer-bin", { "--image", write("longer.bin", bin .. ("x"):rep(64)) }, 2, "longer.bin", "ERROR")
refused("empty-image", { "--image", write("empty.elf", "") }, 2, "empty.elf", "ERROR")
refused("flipped-bit", { "--image", write("flipped.bin", bin:sub(1, 4096) .. string.char(bin:byte(4097) ~ 1)
  .. bin:sub(4098)) }, 2, "CRC", "ERROR")
refused("other-version", { "--image", write("other-version.bin", with_version(bin, "0.9.9")) }, 2, "0.9.9", "ERROR")
refused("same-version", { "--image", write("same-version.bin", with_version(bin, "1.0.0")) }, 0, "PASS", "PASS")
refused("no-image", { "--image", "no/such.elf" }, 2, "no/such.elf", "ERROR")

-- fixture files
local fixture = read(source .. "/fixtures/cb24/cb24.lua")
local function fixture_with(name, from, to)
  local text, count = fixture:gsub(from, to)
  assert(count > 0)
  return write(name, text)
end
local unknown = fixture_with("unknown-chip.lua", "ads124s08", "ads9999")
refused("unknown-chip", { "--fixture", unknown }, 2, "ads9999", "ERROR")
refused("empty-slot", { "--fixture", write("empty-slot.lua",
  'return { name = "cb24", cells = { { slot = 24, dac = "ad5683r", adc = "ads124s08", eeprom = "25aa02e48" } } }') },
  64, "slot", "ERROR")
refused("two-on-one", { "--fixture", write("two-on-one.lua", 'local c = { slot = 3, dac = "ad5683r", '
  .. 'adc = "ads124s08", eeprom = "25aa02e48" } return { name = "cb24", cells = { c, c } }') }, 64, "slot 3", "ERROR")
refused("no-fixture", { "--fixture", "no/fixture.lua" }, 2, "no/fixture.lua", "ERROR")

-- command line
local code, output = keel.run { "run", plan, "--db", keel.database("bad-no-serial") }
keel.equal(code, 64, "no serial: exit code")
keel.says(output, "no serial", "no serial")
refused("two-serials", { "--serial", "OTHER" }, 64, "one serial")
refused("control-in-station", { "--station", "a\27[31m" }, 64, "the station holds a control character")
refused("c1-in-operator", { "--operator", "a\xC2\x9B31m" }, 64, "the operator holds a control character")
refused("latin-1-operator", { "--operator", "J\xF6rg" }, 64, "the operator is not UTF-8")
refused("long-station", { "--station", ("z"):rep(65) }, 64, "the station is too long")
refused("no-station", { "--station", "" }, 64, "the station is empty")
refused("no-step", { "--without", "" }, 64, "the name of a step")
for _, path in ipairs { "", ":memory:" } do
  code, output = keel.run { "run", plan, "--serial", "BAD", "--db", path }
  keel.equal(code, 64, ("database %q: exit code"):format(path))
  keel.says(output, "--db wants a file", "a database that would not stay")
end
refused("fault-name", { "--fault", "nosuch" }, 64, "nosuch")
refused("step-name", { "--without", "nosuch" }, 64, "nosuch")
refused("left-out", { "--without", "verify the flash" }, 0, "not the whole plan: 1 step was left out", "PASS")
refused("seed", { "--seed", "-3" }, 64, "--seed")
refused("bench-name", { "--bench", "table" }, 2, "neither", "ERROR")
refused("absent-usb", { "--bench", "usb:NOSUCH" }, 2, "NOSUCH", "ERROR")
refused("log-level", { "--log", "loud" }, 64, "loud")
keel.equal((keel.run { "nosuch" }), 64, "unknown command: exit code")
keel.equal((keel.run { "run" }), 64, "no plan: exit code")
code, output = keel.run { "run", "no/plan", "--serial", "BAD", "--db", keel.database("bad-no-plan") }
keel.equal(code, 2, "no plan file: exit code")
keel.says(output, "no/plan", "no plan file")

-- databases
local function database_refused(name, path, part)
  local exit, text = keel.run { "run", plan, "--serial", "BAD", "--db", path }
  keel.equal(exit, 2, name .. ": exit code")
  keel.says(text, part, name)
end
local newer = refused("newer-database-base", { "--seed", "1" }, 0, "PASS", "PASS")
keel.shell(("sqlite3 %s 'PRAGMA user_version = 99'"):format(newer))
database_refused("newer database", newer, "99")
database_refused("not a database", write("not-a-database.sqlite3", ("hello "):rep(1000)), "not-a-database.sqlite3")
database_refused("folder that is not there", "/nonexistent/x.sqlite3", "/nonexistent/x.sqlite3")
local foreign = keel.database("foreign")
keel.shell(("sqlite3 %s 'CREATE TABLE t (x)'"):format(foreign))
database_refused("another program's database", foreign, "foreign.sqlite3")
database_refused("full disk", "/dev/full", "/dev/full")

-- an older copy in place of the record is a cut tail: it verifies by itself, and not against a head printed later
local record = refused("head-first-run", {}, 0, "PASS", "PASS")
local older = keel.database("head-older")
keel.shell(("sqlite3 %s '.backup %s'"):format(record, older))
keel.run { "run", "examples/hello", "--serial", "BAD", "--db", record }
local _, printed = keel.run { "db", "info", "--db", record }
local head = printed:match("head: (%x+)")
keel.equal((keel.run { "db", "verify", "--db", record, "--head", head }), 0, "verify against its own head")
keel.equal((keel.run { "db", "verify", "--db", older }), 0, "verify an older copy by itself")
keel.equal((keel.run { "db", "verify", "--db", older, "--head", head }), 2, "verify an older copy against the head")

local exit
exit, output = keel.run { "show", "--db", keel.work .. "/no-such.sqlite3" }
keel.equal(exit, 2, "show without a database: exit code")
keel.says(output, "no-such.sqlite3", "show without a database")
keel.done()
