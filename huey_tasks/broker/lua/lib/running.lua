-- What runs of a type in some queues. It is looked at when it is asked, among what has a lease, so no
-- counter is wrong after a process was killed; only types with a limit pay for it.
-- with: clock stopping

-- Returns {message, start in ms} of each attempt, also of those whose task was cancelled and whose
-- worker is not free yet.
local function running_of(type, queues)
  local found = {}
  local function find(ids, root)
    for _, id in ipairs(ids) do
      local its_type, message, started_at = unpack(
        redis.call('HMGET', task_key(id, root), 'type', 'message', 'started_at'))
      if its_type == type then found[#found + 1] = { message, tonumber(started_at) } end
    end
  end
  for _, queue in ipairs(queues) do
    local root = root_of(queue)
    find(redis.call('ZRANGE', index_key('STARTED', root), 0, -1), root)
    find(redis.call('ZRANGEBYSCORE', stopping_key(root), NOW, '+inf'), root)
  end
  return found
end
