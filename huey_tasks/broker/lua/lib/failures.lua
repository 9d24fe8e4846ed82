-- The failure groups.
-- with: counting
local function failure_key(cause) return ROOT .. ':failure:' .. cause end
local function failed_key(cause) return ROOT .. ':failed:' .. cause end
local function messages_key(kind) return ROOT .. ':messages:' .. kind end
local FAILURES, CAUSES = ROOT .. ':failures', ROOT .. ':causes'

-- Failed tasks with one fingerprint are in one group. Its ZSET has the ids by the time of their
-- failure, negative once they are retried; its HASH describes it. Beyond GROUPS_CAP the groups that
-- were seen longest ago are dropped; a task of them is in no group, though it keeps its `cause`.
local GROUPS_CAP = 500

local function is_no_group_now(cause)
  redis.call('ZREM', FAILURES, cause)
  local kind = redis.call('HGET', failure_key(cause), 'kind')
  if kind then redis.call('SREM', messages_key(kind), cause) end
end

local function forget_group(cause)
  is_no_group_now(cause)
  redis.call('UNLINK', failure_key(cause), failed_key(cause)) -- of any number of tasks
end

local function make_room_for_groups()
  local over = redis.call('ZCARD', FAILURES) - GROUPS_CAP
  for _, old in ipairs(over > 0 and redis.call('ZRANGE', FAILURES, 0, over - 1) or {}) do
    forget_group(old)
    count('dropped_groups')
  end
end
