-- EK-24S4EB: facts and limits of the product. Claims are numbered in the manual's order (EK-01 ..).
return {
  id = "ek-24s4eb", -- the virtual board and the faults of this name
  image = "ek-24s4eb.elf", -- the shipped firmware
  image_product = "EK-24S4EB", -- what the image's own header must say
  image_version = "1.0.0",

  cells = 24,
  model = "EK-24S4EB",
  hardware = "HW-3.2.0",
  software = "EK-1.0.0",
  protocol = "V1.2.73",

  supply_v = 3.3, -- on each cell when only power is wanted: 79 V in all, well above the 25 V of EK-11
  boot_s = 0.5, -- from power to the first answer

  -- EK-03: 1.5 V to 4.5 V with 1 mV accuracy
  accuracy_v = 0.001,
  accuracy_levels_v = { 1.5, 1.929, 2.357, 2.786, 3.214, 3.643, 4.071, 4.5 },

  -- before calibration the chain is right within its tolerances: 0.3 % of gain, 0.3 mV of offset
  uncalibrated_v = 0.05,

  -- EK-25: the line through two raw points, 1.5 V and 3.8 V; the window is what an honest chain can need
  calibration = {
    levels_v = { 1.5, 2.25, 3.0, 3.75, 4.5 },
    verify_levels_v = { 2.0, 3.4, 4.2 },
    raw_low_v = 1.5,
    raw_high_v = 3.8,
    window = 0.01, -- of the raw point
  },

  -- EK-24: written, and there again after power loss; `shipped` is what the unit leaves with
  settings = {
    { name = "trigger_v", trial = 0.004, shipped = 0.005 },
    { name = "max_current_a", trial = 2.5, shipped = 4.0 },
    { name = "start_voltage_v", trial = 3.25, shipped = 3.0 },
  },
}
