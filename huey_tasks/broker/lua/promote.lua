-- promote: SCHEDULED or RETRY -> PENDING when due; wakes tasks that wait for a lock or a limit
-- args: limit lease_ms
-- with: blocked clock erased fair_again known_types locks tasks type_limits wake
-- returns: milliseconds until the next one is due (0: more are due now), or -1 when none waits
write_even_if_full()
local next_ms = -1
local function note_head(index)
  local _, due_at = unpack(redis.call('ZRANGE', index, 0, 0, 'WITHSCORES'))
  if not due_at then return end
  local wait_ms = math.max(due_at - NOW, 0)
  if next_ms < 0 or wait_ms < next_ms then next_ms = wait_ms end
end

local function promote(id, state)
  redis.call('ZREM', index_key(state), id)
  redis.call('HDEL', task_key(id), 'due_at')
  local priority, suspicion = unpack(redis.call('HMGET', task_key(id), 'priority', 'suspicion'))
  queue_again(id, place_again(id, priority), suspicion)
end

for _, state in ipairs({ 'RETRY', 'SCHEDULED' }) do
  local index = index_key(state)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', index, '-inf', NOW, 'LIMIT', 0, limit)) do
    if exists(id, state) then promote(id, state) end
  end
  note_head(index)
end

-- Returns how many of the tasks that are blocked on this may run now, and when to look again.
local function room_for(on, lease_ms)
  local lock = on:match('^lock:(.*)$')
  if lock then return is_locked(lock, lease_ms) and 0 or 1, NOW + LOOK_MS end
  if on:match('^busy:') or on:match('^rate:') or on:match('^breaker:') then return turns(on) end
  local most, name = on:match('^limit:(%d+):(.*)$')
  local key = ROOT .. ':limit:' .. name
  local left = most - (redis.call('HGET', key, 'used') or 0)
  return left, NOW + (left > 0 and LOOK_MS or redis.call('PTTL', key))
end

-- How many more may go on is kept for the next call: those that were woken do not count until they run.
local WAKING, left = ROOT .. ':waking', tonumber(limit)
local function wake_some(on)
  local kept = redis.call('HGET', WAKING, on)
  local room, again_at = tonumber(kept or 0), NOW + LOOK_MS
  if not kept then room, again_at = room_for(on, lease_ms) end
  local woken, looked = wake_first(on, room, left)
  left = left - looked
  local some_wait = redis.call('EXISTS', blocked_key(on)) == 1
  if some_wait and room - woken >= 1 then
    redis.call('HSET', WAKING, on, room - woken)
    again_at = NOW
  elseif kept then
    redis.call('HDEL', WAKING, on)
  end
  if some_wait then redis.call('ZADD', AWAITED, again_at, on) end
end

for _, on in ipairs(redis.call('ZRANGEBYSCORE', AWAITED, '-inf', NOW, 'LIMIT', 0, limit)) do
  if left < 1 then break end
  wake_some(on)
end
note_head(AWAITED)

-- The worker that heard the bell may have died before its claim; idle workers look only when it
-- rings.
if redis.call('HGET', COUNTERS, 'mode') ~= 'paused' then
  ring_all()
  for _, on in ipairs(redis.call('SMEMBERS', UNKNOWN)) do call_those_who_know(on) end
end
return next_ms
