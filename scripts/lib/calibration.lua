-- The unit's measuring chain as a straight line through two raw points.
local calibration = {}

-- What the chain measured before its coefficients were applied; `factory` is the unit's factory frame.
function calibration.raw(shown_v, factory, product)
  local low, high = product.calibration.raw_low_v, product.calibration.raw_high_v
  local span = factory.battery_vol2_v - factory.standard_vol2_v
  return low + (shown_v - factory.standard_vol2_v) * (high - low) / span
end

-- Coefficients from pairs of raw and true voltages: what a raw reading of each point truly is.
function calibration.coefficients(raw_v, true_v, product)
  local line = metrology.line_fit(raw_v, true_v)
  return {
    standard_vol2_v = line.intercept + line.slope * product.calibration.raw_low_v,
    battery_vol2_v = line.intercept + line.slope * product.calibration.raw_high_v,
    residual_sd_v = line.residual_sd,
  }
end

return calibration
