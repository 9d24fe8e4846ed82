-- write_off: an operator has taken note of a loss; the numbers of the queue add up again
-- args: confirmed
-- with: history
-- returns: how many accepted tasks are written off by this
local counted = accounts()
local accounted = tonumber(redis.call('HGET', COUNTERS, 'written_off') or 0)
for _, state in ipairs({ TaskState.LIVE }) do
  accounted = accounted + redis.call('ZCARD', index_key(state))
end
for _, state in ipairs({ TaskState.TERMINAL }) do accounted = accounted + counted[state] end
local missing = counted.SUBMITTED - accounted
if missing ~= 0 then redis.call('HINCRBY', COUNTERS, 'written_off', missing) end
redis.call('HDEL', DATASET, 'vanished_at', 'results_vanished_at')
return missing
