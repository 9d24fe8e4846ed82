-- recover: STARTED with a lease that has ended -> PENDING at the old place, or FAILURE
-- args: max_crashes ttl_ms limit lease_ms gap_ms
-- returns: {id, new state} for each
-- When nobody has recovered for longer than a gap, all were away (Redis down, machine asleep), and
-- nobody could renew: leases that ended meanwhile are extended once instead of running tasks twice.
local ended = redis.call('ZRANGEBYSCORE', index_key('STARTED'), '-inf', NOW, 'LIMIT', 0, limit)
local before = tonumber(redis.call('HGET', COUNTERS, 'recovered_at') or NOW)
local gap = NOW - before > tonumber(gap_ms)

local recovered = {}
for _, id in ipairs(ended) do
  if gap then
    redis.call('ZADD', index_key('STARTED'), NOW + lease_ms, id)
  else
    redis.call('ZREM', index_key('STARTED'), id)
    count('recovered')
    recovered[#recovered + 1] = { id, crash(id, max_crashes, ttl_ms) }
  end
end
if not gap or #ended < tonumber(limit) then
  redis.call('HSET', COUNTERS, 'recovered_at', NOW)
end
return recovered
