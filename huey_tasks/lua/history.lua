-- history: what was counted in some minutes, quarters, hours and days; writes nothing
-- args: type singles wholes
-- with: history
-- `singles`, `wholes`: JSON, [[span, number], …]; of the singles only `type` is wanted.
-- returns: {the fields of NOTED, the sums of each single, the fields of each whole, the time in ms
--          of the first count, or 0}
local function history_key(place)
  local span, number = unpack(place)
  return ROOT .. ':history:' .. span .. ':' .. number
end
local one, all = {}, {}
for at, place in ipairs(cjson.decode(singles)) do
  one[at] = redis.call('HGET', history_key(place), type)
end
for at, place in ipairs(cjson.decode(wholes)) do
  all[at] = redis.call('HGETALL', history_key(place))
end
local from = tonumber(redis.call('HGET', COUNTERS, 'counted_from') or 0)
return { redis.call('HGETALL', NOTED), one, all, from }
