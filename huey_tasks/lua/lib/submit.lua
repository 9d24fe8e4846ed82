-- A new task. Its fields come in the order of NewTask in protocol.py.
-- with: clock counting queueing

-- Puts a new task into its queue, or on the schedule; 0 when the id is known and nothing changes.
-- HSET comes first: a full Redis refuses it, and then nothing is half done.
local function submit(new)
  local id, type, priority = new[NewTask.id], new[NewTask.type], new[NewTask.priority]
  if redis.call('ZSCORE', SUBMITTED, id) then return 0 end
  local max_attempts, delay_ms = new[NewTask.max_attempts], tonumber(new[NewTask.delay_ms])
  local expires_ms, gate, tags = new[NewTask.expires_ms], new[NewTask.gate], new[NewTask.tags]
  local fields = { 'message', new[NewTask.message], 'type', type, 'priority', priority,
    'max_attempts', max_attempts, 'retries_left', max_attempts - 1,
    'retry_delay_s', new[NewTask.retry_delay_s], 'submitted_at', NOW }
  if tonumber(expires_ms) ~= 0 then
    fields[#fields + 1], fields[#fields + 2] = 'expires_at', NOW + expires_ms
  end
  if gate ~= '' then
    fields[#fields + 1], fields[#fields + 2] = 'gate', gate
    fields[#fields + 1], fields[#fields + 2] = 'passes_on', new[NewTask.passes_on]
  end
  if tags and tags ~= '' then fields[#fields + 1], fields[#fields + 2] = 'tags', tags end
  redis.call('HSET', task_key(id), unpack(fields))
  redis.call('ZADD', SUBMITTED, NOW, id)
  count('SUBMITTED')
  note(type, 'SUBMITTED')
  if delay_ms > 0 then
    wait_until_due(id, 'SCHEDULED', NOW + delay_ms)
  else
    wait_in_queue(id, new_place(priority))
  end
  return 1
end
