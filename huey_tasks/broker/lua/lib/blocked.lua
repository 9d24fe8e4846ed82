-- Tasks that wait for more than a free worker. Such a task is PENDING like the others, but its score
-- is higher than every place, so that no plain claim finds it; `blocked_on` says why, and a
-- ZSET of its own keeps the places of all that wait for the same:
--   type:<task type>      until a consumer claims that knows the type
--   lock:<name>           until that lock is free
--   limit:<uses>:<name>   until that rate limit has room
--   busy:<name>, rate:<name>  until fewer of its type run, or more may start (type_limits.lua)
--   breaker:<name>        until the breaker of its type lets it try (breaker.lua)
--   alone                 until it can run alone: it may have killed its consumer
--   functions, nested     until a slot of the function host has room, which runs no other tasks
--   concurrency:<type>    until fewer of that type run than its reserved concurrency
-- with: clock events queueing
local BEHIND, LAST_PLACE = 4e15, '2e15'
local UNKNOWN = ROOT .. ':unknown'
local AWAITED = ROOT .. ':awaited'
local CROWDED = ROOT .. ':crowded'
local ALONE, FUNCTIONS, NESTED = 'alone', 'functions', 'nested'
local function blocked_key(on, root) return (root or ROOT) .. ':blocked:' .. on end

-- A task that was lost this many times in a row is a suspect, and runs alone.
local SUSPECT = 2

-- Puts an id that waits, or is about to, behind the others.
local function block(id, place, on, root)
  redis.call('ZADD', index_key('PENDING', root), place + BEHIND, id)
  redis.call('ZADD', blocked_key(on, root), place, id)
  redis.call('HSET', task_key(id, root), 'blocked_on', on)
  add_event('state', id, nil, root)
end

local function wait_blocked(id, place, on, root, ...)
  redis.call('HSET', task_key(id, root), 'state', 'PENDING', 'place', place, 'queued_at', AT, ...)
  block(id, place, on, root)
end

local function unblock(id, on)
  redis.call('HDEL', task_key(id), 'blocked_on')
  redis.call('ZREM', blocked_key(on), id)
  if redis.call('EXISTS', blocked_key(on)) == 0 then
    redis.call('SREM', UNKNOWN, on)
    redis.call('SREM', CROWDED, on)
    redis.call('ZREM', AWAITED, on)
  end
end

-- Takes an id that does not run from the index of its state, whatever it waits for.
local function leave(id, state)
  redis.call('ZREM', index_key(state), id)
  local on = redis.call('HGET', task_key(id), 'blocked_on')
  if on then unblock(id, on) end
end

-- Lets a task wait for the function host; the consumer starts one when it hears of the first. The age
-- of an event counts from the first time: it may have been put off, or have followed another task.
local function wait_for_host(id, place, on, root, ...)
  redis.call('HSETNX', task_key(id, root), 'ready_at', AT)
  wait_blocked(id, place, on, root, ...)
  ring(root, on)
  if redis.call('ZCARD', blocked_key(on, root)) == 1 then
    redis.call('PUBLISH', (root or ROOT) .. ':control', 'functions')
  end
end

-- Wakes workers for all that waits, after a time in which none was woken.
local function ring_all()
  if redis.call('ZCOUNT', index_key('PENDING'), '-inf', LAST_PLACE) > 0 then ring() end
  for _, on in ipairs({ FUNCTIONS, NESTED }) do
    if redis.call('EXISTS', blocked_key(on)) == 1 then ring(nil, on) end
  end
end

-- Returns a task to its place in the queue; a suspect waits until it can run alone. The code of a
-- function has a process of its own, so it kills no consumer and is no suspect.
local function queue_again(id, place, suspicion)
  local host = redis.call('HGET', task_key(id), 'host')
  if host then
    wait_for_host(id, place, host)
  elseif tonumber(suspicion or 0) >= SUSPECT then
    wait_blocked(id, place, ALONE)
  else
    wait_in_queue(id, place)
  end
end
