-- Tasks that wait for more than a free worker. Such a task is PENDING like the others, but its score
-- is higher than every place, so that no plain claim finds it; `blocked_on` says why, and a
-- ZSET of its own keeps the places of all that wait for the same:
--   type:<task type>      until a consumer claims that knows the type
--   lock:<name>           until that lock is free
--   limit:<uses>:<name>   until that rate limit has room
--   alone                 until it can run alone: it may have killed its consumer
-- with: clock queueing
local BEHIND, LAST_PLACE = 4e15, '2e15'
local UNKNOWN, AWAITED = ROOT .. ':unknown', ROOT .. ':awaited'
local ALONE = 'alone'
local function blocked_key(on) return ROOT .. ':blocked:' .. on end

-- A task that was lost this many times in a row is a suspect, and runs alone.
local SUSPECT = 2

-- Puts an id that waits, or is about to, behind the others.
local function block(id, place, on)
  redis.call('ZADD', index_key('PENDING'), place + BEHIND, id)
  redis.call('ZADD', blocked_key(on), place, id)
  redis.call('HSET', task_key(id), 'blocked_on', on)
end

local function wait_blocked(id, place, on)
  block(id, place, on)
  redis.call('HSET', task_key(id), 'state', 'PENDING', 'queued_at', NOW)
end

local function unblock(id, on)
  redis.call('HDEL', task_key(id), 'blocked_on')
  redis.call('ZREM', blocked_key(on), id)
  if redis.call('EXISTS', blocked_key(on)) == 0 then
    redis.call('SREM', UNKNOWN, on)
    redis.call('ZREM', AWAITED, on)
  end
end

-- Takes an id that does not run from the index of its state, whatever it waits for.
local function leave(id, state)
  redis.call('ZREM', index_key(state), id)
  local on = redis.call('HGET', task_key(id), 'blocked_on')
  if on then unblock(id, on) end
end

-- Returns a task to its place in the queue; a suspect waits until it can run alone.
local function queue_again(id, place, suspicion)
  if tonumber(suspicion or 0) >= SUSPECT then
    wait_blocked(id, place, ALONE)
    redis.call('HSET', task_key(id), 'place', place)
  else
    wait_in_queue(id, place)
  end
end
