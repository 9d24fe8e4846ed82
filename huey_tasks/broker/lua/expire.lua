-- expire: PENDING or SCHEDULED -> EXPIRED, for those that were not started in time
-- args: limit
-- with: clock expiring tasks
-- A claim ends those that it comes to; these may stand far behind, or in a queue that is paused.
-- returns: milliseconds until the next one may be too late (0: more may be now), or -1 when there is none
write_even_if_full()
local ids = redis.call('ZRANGEBYSCORE', EXPIRING, '-inf', '(' .. AT, 'LIMIT', 0, limit)
for _, id in ipairs(ids) do
  local state, type, expires_at, started_at = unpack(
    redis.call('HMGET', task_key(id), 'state', 'type', 'expires_at', 'started_at'))
  local waits = state == 'PENDING' or state == 'SCHEDULED'
  if waits and is_too_late(id, expires_at, started_at) then expire(id, state, type) end
end
-- Those that run, or wait for another attempt, have been started in time.
if #ids > 0 then redis.call('ZREM', EXPIRING, unpack(ids)) end
local _, next_at = unpack(redis.call('ZRANGE', EXPIRING, 0, 0, 'WITHSCORES'))
if not next_at then return -1 end
return math.max(next_at - NOW, 0)
