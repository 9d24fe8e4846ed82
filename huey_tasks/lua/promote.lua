-- promote: SCHEDULED or RETRY -> PENDING when due
-- args: limit
-- returns: milliseconds until the next one is due (0: more are due now), or -1 when none waits
write_even_if_full()
local next_ms = -1
for _, state in ipairs({ 'RETRY', 'SCHEDULED' }) do
  local index = index_key(state)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', index, '-inf', NOW, 'LIMIT', 0, limit)) do
    if exists(id, state) then
      redis.call('ZREM', index, id)
      redis.call('HDEL', task_key(id), 'due_at')
      wait_in_queue(id, new_place(redis.call('HGET', task_key(id), 'priority')))
    end
  end
  local head = redis.call('ZRANGE', index, 0, 0, 'WITHSCORES')
  if head[2] then
    local wait_ms = math.max(head[2] - NOW, 0)
    if next_ms < 0 or wait_ms < next_ms then next_ms = wait_ms end
  end
end
-- Whoever heard the bell may have died on the way; idle workers look only when it rings.
if redis.call('HGET', COUNTERS, 'mode') ~= 'paused' and redis.call('ZCARD', index_key('PENDING')) > 0 then
  ring()
end
return next_ms
