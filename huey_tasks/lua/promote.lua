-- promote: SCHEDULED or RETRY -> PENDING when due; lets go on what waits for a lock or a rate limit
-- args: limit lease_ms
-- with: blocked clock known_types limits queueing tasks
-- returns: milliseconds until the next one is due (0: more are due now), or -1 when none waits
write_even_if_full()
local next_ms = -1
local function is_due_at(at)
  local wait_ms = math.max(at - NOW, 0)
  if next_ms < 0 or wait_ms < next_ms then next_ms = wait_ms end
end

local function promote(id, state)
  redis.call('ZREM', index_key(state), id)
  redis.call('HDEL', task_key(id), 'due_at')
  local priority, suspicion = unpack(redis.call('HMGET', task_key(id), 'priority', 'suspicion'))
  queue_again(id, new_place(priority), suspicion)
end

for _, state in ipairs({ 'RETRY', 'SCHEDULED' }) do
  local index = index_key(state)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', index, '-inf', NOW, 'LIMIT', 0, limit)) do
    if exists(id, state) then promote(id, state) end
  end
  local head = redis.call('ZRANGE', index, 0, 0, 'WITHSCORES')
  if head[2] then is_due_at(head[2]) end
end

for _, on in ipairs(redis.call('ZRANGEBYSCORE', AWAITED, '-inf', NOW, 'LIMIT', 0, limit)) do
  local room, again_at = room_for(on, lease_ms)
  wake(on, room)
  if redis.call('EXISTS', blocked_key(on)) == 1 then redis.call('ZADD', AWAITED, again_at, on) end
end
local head = redis.call('ZRANGE', AWAITED, 0, 0, 'WITHSCORES')
if head[2] then is_due_at(head[2]) end

-- Whoever heard the bell may have died on the way; idle workers look only when it rings.
if redis.call('HGET', COUNTERS, 'mode') ~= 'paused' then
  if redis.call('ZCOUNT', index_key('PENDING'), '-inf', LAST_PLACE) > 0 then ring() end
  for _, on in ipairs(redis.call('SMEMBERS', UNKNOWN)) do call_those_who_know(on) end
end
return next_ms
