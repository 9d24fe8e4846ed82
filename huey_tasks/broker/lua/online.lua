-- online: the consumers with a recent heartbeat; writes nothing
-- args: within_ms
-- with: clock
-- returns: {id, info, seen_at} for each
local online = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', CONSUMERS, NOW - within_ms, '+inf')) do
  local info, seen_at = unpack(redis.call('HMGET', consumer_key(id), 'info', 'seen_at'))
  if info then online[#online + 1] = { id, info, seen_at } end
end
return online
