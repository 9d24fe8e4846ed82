-- Tasks that somebody has erased from Redis.

-- Drops an id from its index, because somebody has erased its task, and counts it.
local function drop_erased(id, state)
  redis.call('ZREM', index_key(state), id)
  redis.call('HINCRBY', COUNTERS, 'missing', 1)
end

local function exists(id, state)
  if redis.call('EXISTS', task_key(id)) == 1 then return true end
  drop_erased(id, state)
  return false
end
