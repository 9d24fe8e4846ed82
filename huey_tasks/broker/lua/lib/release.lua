-- Back to the queue, at the old place: an attempt ended without an outcome and is not counted.
-- with: blocked tasks
local function uncount(id)
  redis.call('HSET', task_key(id), 'attempt', attempt_of(id) - 1, 'token', '')
end

local function release(id)
  uncount(id)
  local place, suspicion = unpack(redis.call('HMGET', task_key(id), 'place', 'suspicion'))
  queue_again(id, place, suspicion)
end
