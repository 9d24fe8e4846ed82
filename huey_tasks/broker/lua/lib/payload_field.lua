-- A field of a payload, as it tells tasks of one type apart.

-- The value of a payload field as text, a long one as its digest; '' without that field.
local function value_in(message, field)
  local is_json, decoded = pcall(cjson.decode, message)
  local payload = is_json and decoded['$message'] and decoded['$message'].kwargs
  local value = payload and payload[field]
  if value == nil then return '' end
  local text = cjson.encode({ value })
  -- It writes 14 digits of a number, and ids may have more.
  if value == tonumber(value) and tonumber(text:sub(2, -2)) ~= value then
    text = string.format('[%.17g]', value)
  end
  return #text > 64 and redis.sha1hex(text) or text
end
