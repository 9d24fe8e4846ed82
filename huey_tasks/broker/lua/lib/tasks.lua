-- What many scripts ask of one task.
-- with: clock
local TERMINAL = TaskState.TERMINAL_SET

-- A Redis that is out of memory lets a script write if its first write is one that needs none. So
-- what ends or keeps tasks goes on, which frees memory, while submits are refused.
local function write_even_if_full()
  redis.call('ZREM', index_key('STARTED'), '')
end

-- Whether this attempt holds the task. A task that has ended keeps the token of its last attempt.
local function holds(id, token)
  local state, held_with = unpack(redis.call('HMGET', task_key(id), 'state', 'token'))
  return state == 'STARTED' and held_with == token
end

-- How many attempts of a task count, and how often it was claimed. The first claim stores neither of
-- them, but `started_at`: both are 1 then. Later ones are stored, and what takes one back.
local function count_of(id, what)
  local number, started_at = unpack(redis.call('HMGET', task_key(id), what, 'started_at'))
  return tonumber(number or started_at and 1 or 0)
end
local function attempt_of(id) return count_of(id, 'attempt') end
local function deliveries_of(id) return count_of(id, 'deliveries') end

-- Whether a task that waits should have started already; one of which an attempt counts never is.
local function is_too_late(id, expires_at, started_at)
  if not expires_at or tonumber(expires_at) >= NOW then return false end
  return not started_at or deliveries_of(id) == 0
end
