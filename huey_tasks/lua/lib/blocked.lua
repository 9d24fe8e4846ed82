-- For scripts with blocked: tasks that wait for something besides a free worker. Such a task is
-- PENDING like the others, but its score stands behind every place, so that no plain claim meets
-- it; `blocked_on` says why, and a ZSET of its own keeps the places of all that wait for the same:
--   type:<task type>      until a consumer claims that knows the type
--   lock:<name>           until that lock is free
--   limit:<uses>:<name>   until that rate limit has room
--   alone                 until it can run alone: it may have killed its consumer
local BEHIND, LAST_PLACE = 4e15, '2e15'
local UNKNOWN, AWAITED = ROOT .. ':unknown', ROOT .. ':awaited'
local ALONE = 'alone'
local function blocked_key(on) return ROOT .. ':blocked:' .. on end
local function consumer_key(consumer) return ROOT .. ':consumer:' .. consumer end

-- How often it is looked whether a lock is free whose holder has not said so, because it died.
local LOOK_MS = 1000

-- After so many losses in a row it is under suspicion, and runs alone.
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

-- To its place in the queue; a task under suspicion waits until it can run alone.
local function queue_again(id, place, suspicion)
  if tonumber(suspicion or 0) >= SUSPECT then
    wait_blocked(id, place, ALONE)
    redis.call('HSET', task_key(id), 'place', place)
  else
    wait_in_queue(id, place)
  end
end

-- An attempt ended without an outcome: it is not counted.
local function uncount(id)
  redis.call('HINCRBY', task_key(id), 'attempt', -1)
  redis.call('HSET', task_key(id), 'token', '')
end

local function put_back(id)
  uncount(id)
  local fields = redis.call('HMGET', task_key(id), 'place', 'suspicion')
  queue_again(id, fields[1], fields[2])
end

-- Lets the first of those that wait for this go on, at their old places.
local function wake(on, most)
  if most < 1 then return end
  for _, id in ipairs(redis.call('ZRANGE', blocked_key(on), 0, most - 1)) do
    local fields = redis.call('HMGET', task_key(id), 'place', 'blocked_on')
    unblock(id, on)
    -- One that somebody has erased, or that older code has claimed, is only forgotten.
    if fields[2] == on and redis.call('HGET', task_key(id), 'state') == 'PENDING' then
      wait_in_queue(id, fields[1])
    end
  end
end

-- Consumers look at that time, if not sooner, whether what is waited for is there.
local function look_again(on, at)
  local changed = redis.call('ZADD', AWAITED, 'LT', 'CH', at, on) == 1
  if changed and redis.call('ZRANK', AWAITED, on) == 0 then redis.call('PUBLISH', CONTROL, 'due') end
end

-- Whether an attempt has a lock. A cancelled one keeps it until its worker is free, but no longer
-- than a lease; outside of a task nothing but the lock's own life time frees it.
local function is_locked(name, lease_ms)
  local lock = redis.call('HMGET', lock_key(name), 'id', 'token')
  if not lock[1] then return false end
  if lock[1] == '' or holds(lock[1], lock[2]) then return true end
  local task = redis.call('HMGET', task_key(lock[1]), 'stopping', 'stopped_at', 'finished_at')
  return task[1] == lock[2] and not task[2] and NOW - task[3] < tonumber(lease_ms)
end

-- How many of those that wait for this may go on now, and when to look again.
local function room_for(on, lease_ms)
  local lock = on:match('^lock:(.*)$')
  if lock then return is_locked(lock, lease_ms) and 0 or 1, NOW + LOOK_MS end
  local most, name = on:match('^limit:(%d+):(.*)$')
  local key = ROOT .. ':limit:' .. name
  local left = most - (redis.call('HGET', key, 'used') or 0)
  return left, NOW + (left > 0 and LOOK_MS or redis.call('PTTL', key))
end

-- What a consumer knows stands in its hash; one of an older version does not say, and claims all.
local function knows(consumer, type)
  local key = consumer_key(consumer)
  return redis.call('HEXISTS', key, 'knows.' .. type) == 1 or redis.call('HEXISTS', key, 'types') == 0
end

-- Wakes a worker of this consumer, and of no other.
local function call_worker(consumer)
  local key = ROOT .. ':call:' .. consumer
  if redis.call('LLEN', key) == 0 then redis.call('LPUSH', key, 1) end
  redis.call('PEXPIRE', key, 600000)
end

local function call_those_who_know(on)
  local type = on:match('^type:(.*)$')
  for _, consumer in ipairs(redis.call('ZRANGE', CONSUMERS, 0, -1)) do
    if redis.call('HEXISTS', consumer_key(consumer), 'knows.' .. type) == 1 then
      call_worker(consumer)
    end
  end
end

-- How long the first of the queue has waited, or the first that waits for something; -1: none waits.
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
