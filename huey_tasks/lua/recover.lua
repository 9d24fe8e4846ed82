-- recover: STARTED with a lease that has ended -> PENDING at the old place, or FAILURE
-- args: max_crashes ttl_ms limit
-- returns: {id, new state} for each
local recovered = {}
local ended = redis.call('ZRANGEBYSCORE', index_key('STARTED'), '-inf', NOW, 'LIMIT', 0, limit)
for _, id in ipairs(ended) do
  redis.call('ZREM', index_key('STARTED'), id)
  count('recovered')
  recovered[#recovered + 1] = { id, crash(id, max_crashes, ttl_ms) }
end
return recovered
