-- How a task comes to wait: in its queue, or for a time.
-- with: clock
-- at the end: ring_bell
local BELL = ROOT .. ':bell'
local rings = false

-- Wakes one waiting worker at the end of the script; a worker that claims rings again while tasks
-- are left.
local function ring() rings = true end

local function ring_bell()
  if rings and redis.call('LLEN', BELL) == 0 then redis.call('LPUSH', BELL, 1) end
end

-- A place at the end of the queue; a higher priority stands before every lower one. Beyond its
-- limits a priority counts no more: what is blocked stands behind all places.
local function new_place(priority)
  local within = math.max(-1e5, math.min(1e5, tonumber(priority)))
  return redis.call('HINCRBY', COUNTERS, 'place', 1) - within * 1e10
end

local function wait_in_queue(id, place)
  redis.call('ZADD', index_key('PENDING'), place, id)
  redis.call('HSET', task_key(id), 'state', 'PENDING', 'place', place, 'queued_at', NOW)
  ring()
end

-- Waits in SCHEDULED or RETRY; consumers hear of it when it is the next to become due.
local function wait_until_due(id, state, due)
  redis.call('ZADD', index_key(state), due, id)
  redis.call('HSET', task_key(id), 'state', state, 'due_at', due)
  if redis.call('ZRANK', index_key(state), id) == 0 then redis.call('PUBLISH', CONTROL, 'due') end
end
