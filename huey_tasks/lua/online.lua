-- online: the consumers that were heard of lately; writes nothing
-- args: within_ms
-- returns: {id, info, seen_at} for each
local online = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', CONSUMERS, NOW - within_ms, '+inf')) do
  local fields = redis.call('HMGET', ROOT .. ':consumer:' .. id, 'info', 'seen_at')
  if fields[1] then online[#online + 1] = { id, fields[1], fields[2] } end
end
return online
