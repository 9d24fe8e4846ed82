-- The history. The counts of the current minute are in one hash, so that a task writes each count
-- once. The first script that counts in a later minute folds the finished one into its minute,
-- quarter, hour and day.
-- with: clock
local NOTED = ROOT .. ':noted'

local function add(sums, what, number)
  local sum = sums[what] or 0
  sums[what] = what == 'oldest' and math.max(sum, number) or sum + number
end

-- The fields of NOTED as {type: {what: number}}; '' stands for all types.
local function by_type(fields)
  local types = { [''] = {} }
  for at = 1, #fields, 2 do
    local type, what = fields[at]:match('^(.*)|(.*)$')
    if type then
      types[type] = types[type] or {}
      add(types[type], what, fields[at + 1])
      if type ~= '' then add(types[''], what, fields[at + 1]) end
    end
  end
  return types
end

local function fold(minute, types)
  local spans = {
    { name = 'minute', ms = 60000, keep_ms = 6 * 3600000 },
    { name = 'quarter', ms = 900000, keep_ms = 26 * 3600000 },
    { name = 'hour', ms = 3600000, keep_ms = 35 * 86400000 },
    { name = 'day', ms = 86400000, keep_ms = 400 * 86400000 },
  }
  for _, span in ipairs(spans) do
    local number = math.floor(minute * 60000 / span.ms)
    local key = ROOT .. ':history:' .. span.name .. ':' .. number
    for type, counts in pairs(types) do
      local sums = cjson.decode(redis.call('HGET', key, type) or '{}')
      for what, times in pairs(counts) do add(sums, what, times) end
      redis.call('HSET', key, type, cjson.encode(sums))
    end
    redis.call('PEXPIREAT', key, (number + 1) * span.ms + span.keep_ms)
  end
end

-- NOTED is emptied first: should one ever be there that cannot be folded, it fails one call.
local function begin_minute()
  local now, minute = math.floor(NOW / 60000), tonumber(redis.call('HGET', NOTED, 'minute') or -1)
  if minute == now then return end
  local fields = redis.call('HGETALL', NOTED)
  redis.call('DEL', NOTED)
  redis.call('HSET', NOTED, 'minute', now)
  redis.call('HSETNX', COUNTERS, 'counted_from', NOW)
  if minute > 0 then fold(minute, by_type(fields)) end
end
