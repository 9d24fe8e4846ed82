-- recover: STARTED with a lease that has ended -> PENDING at the old place, or FAILURE
-- args: max_losses limit lease_ms
-- with: clock counting crashes erased stopping tasks
-- returns: {id, new state} for each
-- When nobody has recovered for half a lease, all were away (Redis down or silent, machine asleep)
-- and nobody could renew: leases that have ended, or soon will, are extended once instead of
-- running tasks twice.
local before = tonumber(redis.call('HGET', COUNTERS, 'recovered_at') or NOW)
local gap = NOW - before > lease_ms / 2
local most = limit * (gap and 20 or 1) -- to extend a lease takes a twentieth of the time
local ended = redis.call('ZRANGEBYSCORE', index_key('STARTED'),
  '-inf', gap and NOW + lease_ms / 2 or NOW, 'LIMIT', 0, most)

write_even_if_full()
if not gap then redis.call('ZREMRANGEBYSCORE', stopping_key(), '-inf', NOW) end
local recovered = {}
for _, id in ipairs(ended) do
  if gap then
    redis.call('ZADD', index_key('STARTED'), NOW + lease_ms, id)
  elseif exists(id, 'STARTED') then
    redis.call('ZREM', index_key('STARTED'), id)
    count('recovered')
    recovered[#recovered + 1] = { id, crash(id, 'losses', max_losses, '') }
  end
end
-- After a gap, go on extending until none is left to extend.
if not gap or #ended < most then
  redis.call('HSET', COUNTERS, 'recovered_at', NOW)
end
return recovered
