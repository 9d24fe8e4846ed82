-- How long the first of the queue has waited, or the first that waits for something; -1: none waits.
-- with: blocked clock
local function oldest_waiting_ms()
  local longest = -1
  local function look_at(key)
    local id = redis.call('ZRANGE', key, 0, 0)[1]
    if id then
      longest = math.max(longest, NOW - (redis.call('HGET', task_key(id), 'queued_at') or NOW))
    end
  end
  look_at(index_key('PENDING'))
  for _, on in ipairs(redis.call('SMEMBERS', UNKNOWN)) do look_at(blocked_key(on)) end
  return longest
end
