-- write_off: an operator has taken note of a loss; the numbers of the queue add up again
-- args: confirmed
-- returns: how many accepted tasks are written off by this
local live = 0
for _, state in ipairs({ TaskState.LIVE }) do
  live = live + redis.call('ZCARD', index_key(state))
end
for _, state in ipairs({ TaskState.TERMINAL, 'written_off' }) do
  live = live + (redis.call('HGET', COUNTERS, state) or 0)
end
local missing = (redis.call('HGET', COUNTERS, 'SUBMITTED') or 0) - live
if missing ~= 0 then redis.call('HINCRBY', COUNTERS, 'written_off', missing) end
redis.call('HDEL', DATASET, 'vanished_at', 'results_vanished_at')
return missing
