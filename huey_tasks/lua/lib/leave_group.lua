-- How a failed task leaves the group of its cause.
-- with: failures

-- A failed task is forgotten, or erased: its group goes with its last task.
local function leave_group(id)
  local cause = redis.call('HGET', CAUSES, id)
  if not cause then return end
  redis.call('HDEL', CAUSES, id)
  redis.call('ZREM', failed_key(cause), id)
  if redis.call('ZCARD', failed_key(cause)) == 0 then forget_group(cause) end
end

-- A failed task is retried: it stays in its group, and cannot be retried there again.
local function mark_retried(id)
  local cause = redis.call('HGET', CAUSES, id)
  local failed_at = cause and redis.call('ZSCORE', failed_key(cause), id)
  if failed_at and tonumber(failed_at) > 0 then
    redis.call('ZADD', failed_key(cause), -failed_at, id)
  end
end
