-- The groups of failed tasks.
-- with: counting
local function failure_key(cause) return ROOT .. ':failure:' .. cause end
local function failed_key(cause) return ROOT .. ':failed:' .. cause end
local function messages_key(kind) return ROOT .. ':messages:' .. kind end
local FAILURES, CAUSES = ROOT .. ':failures', ROOT .. ':causes'

-- Failed tasks with one cause stand in one group. Its ZSET has the ids by when they failed, with a
-- minus once they are retried; its HASH what is said of it. Groups beyond a number make room, those
-- first that were seen longest ago; a task is then in none, though it keeps its `cause`.
local GROUPS_CAP = 500

local function is_no_group_now(cause)
  redis.call('ZREM', FAILURES, cause)
  local kind = redis.call('HGET', failure_key(cause), 'kind')
  if kind then redis.call('SREM', messages_key(kind), cause) end
end

local function forget_group(cause)
  is_no_group_now(cause)
  redis.call('DEL', failure_key(cause), failed_key(cause))
end

local function make_room_for_groups()
  local over = redis.call('ZCARD', FAILURES) - GROUPS_CAP
  for _, old in ipairs(over > 0 and redis.call('ZRANGE', FAILURES, 0, over - 1) or {}) do
    forget_group(old)
    count('dropped_groups')
  end
end
