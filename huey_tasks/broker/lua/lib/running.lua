-- How many tasks of a type run in some queues. They are counted when it is asked, among those with a
-- lease, so no counter is wrong after a process was killed; only types with a limit pay for it.

-- `fits`: nil, or a function of a message and the start in ms that says whether its task counts.
local function count_running(queues, type, fits)
  local count = 0
  for _, queue in ipairs(queues) do
    local root = root_of(queue)
    for _, id in ipairs(redis.call('ZRANGE', index_key('STARTED', root), 0, -1)) do
      local its_type, message, started_at = unpack(
        redis.call('HMGET', task_key(id, root), 'type', 'message', 'started_at'))
      if its_type == type and (not fits or fits(message, tonumber(started_at))) then count = count + 1 end
    end
  end
  return count
end
