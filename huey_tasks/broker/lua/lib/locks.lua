-- Whether a lock is free, and when to look again at locks and rate limits that tasks wait for.
-- with: blocked clock

-- One lock for all queues: the task that holds it may run on another queue than one that waits.
local function lock_key(name) return PREFIX .. ':lock:' .. name end

-- Milliseconds between two looks at a lock whose holder died without freeing it.
local LOOK_MS = 1000

-- Lets consumers look at that time, if not sooner, whether blocked tasks can run.
local function look_again(on, at)
  local changed = redis.call('ZADD', AWAITED, 'LT', 'CH', at, on) == 1
  if changed and redis.call('ZRANK', AWAITED, on) == 0 then redis.call('PUBLISH', CONTROL, 'due') end
end

-- Whether an attempt has a lock. A cancelled one keeps it until its worker is free, but no longer
-- than a lease; outside of a task nothing but the lock's own life time frees it.
local function is_locked(name, lease_ms)
  local id, token, home = unpack(redis.call('HMGET', lock_key(name), 'id', 'token', 'home'))
  if not id then return false end
  if id == '' then return true end
  local state, held_with, stopping, stopped_at, finished_at = unpack(redis.call('HMGET',
    home .. ':task:' .. id, 'state', 'token', 'stopping', 'stopped_at', 'finished_at'))
  if state == 'STARTED' and held_with == token then return true end
  return stopping == token and not stopped_at and NOW - finished_at < tonumber(lease_ms)
end
