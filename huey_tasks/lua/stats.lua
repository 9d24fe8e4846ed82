-- stats: one consistent look at a queue; writes nothing
-- args: online_ms
-- with: blocked
-- returns: pairs of name and number
local stats = {}
local function add(name, number)
  stats[#stats + 1] = name
  stats[#stats + 1] = number
end
for _, state in ipairs({ 'PENDING', 'STARTED', 'RETRY', 'SCHEDULED' }) do
  add(state, redis.call('ZCARD', index_key(state)))
end
for _, state in ipairs({ 'SUBMITTED', 'SUCCESS', 'FAILURE', 'REVOKED', 'EXPIRED' }) do
  add(state, tonumber(redis.call('HGET', COUNTERS, state) or 0))
end
local consumers = redis.call('ZRANGEBYSCORE', CONSUMERS, NOW - online_ms, '+inf')
local workers = 0
for _, id in ipairs(consumers) do
  workers = workers + (redis.call('HGET', ROOT .. ':consumer:' .. id, 'concurrency') or 0)
end
add('consumers', #consumers)
add('workers', workers)
local mode = redis.call('HGET', COUNTERS, 'mode')
add('paused', mode == 'paused' and 1 or 0)
add('draining', mode == 'draining' and 1 or 0)
add('dead', redis.call('ZCARD', DEAD))
add('oldest_waiting_ms', oldest_waiting_ms())
return stats
