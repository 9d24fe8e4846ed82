-- A new task. Its fields come in the order of NewTask in protocol.py.
-- with: blocked clock counting fair queueing

-- Puts a new task into its queue, or on the schedule; 0 when the id is known and nothing changes.
-- Its queue may be another than that of the script: the next of a pipeline, or of a chord.
-- ZADD comes first: a full Redis refuses it, and then nothing is half done.
local function submit(new)
  local id, type, priority = new[NewTask.id], new[NewTask.type], new[NewTask.priority] or '0'
  local root = root_of(new[NewTask.queue])
  if redis.call('ZADD', root .. ':submitted', 'NX', AT, id) == 0 then return 0 end
  local delay_ms, max_attempts = tonumber(new[NewTask.delay_ms] or 0), tonumber(new[NewTask.max_attempts] or 1)
  local expires_ms, gate, tags = new[NewTask.expires_ms] or '0', new[NewTask.gate], new[NewTask.tags]
  local url, flow, ties = new[NewTask.webhook_url], new[NewTask.flow], false
  local fields = { 'type', type, 'message', new[NewTask.message], 'submitted_at', AT }
  -- Of one attempt, and of what is 0, nothing is stored. It comes as text, or as a number from JSON.
  if max_attempts ~= 1 then
    fields[#fields + 1], fields[#fields + 2] = 'max_attempts', max_attempts
  end
  if priority ~= '0' and priority ~= 0 then
    fields[#fields + 1], fields[#fields + 2] = 'priority', priority
  end
  if tonumber(new[NewTask.retry_delay_s] or 0) ~= 0 then
    fields[#fields + 1], fields[#fields + 2] = 'retry_delay_s', new[NewTask.retry_delay_s]
  end
  if expires_ms ~= '0' and expires_ms ~= 0 then
    -- rarely: it must start in time
    fields[#fields + 1], fields[#fields + 2] = 'expires_at', NOW + expires_ms
    redis.call('ZADD', root .. ':expiring', NOW + expires_ms, id)
    ties = true
  end
  if gate and gate ~= '' then
    fields[#fields + 1], fields[#fields + 2] = 'gate', gate
    fields[#fields + 1], fields[#fields + 2] = 'passes_on', new[NewTask.passes_on]
  end
  if tags and tags ~= '' then fields[#fields + 1], fields[#fields + 2] = 'tags', tags end
  local host = new[NewTask.host]
  if host and host ~= '' then
    fields[#fields + 1], fields[#fields + 2] = 'host', host
    fields[#fields + 1], fields[#fields + 2] = 'invocation', new[NewTask.invocation]
  end
  if url and url ~= '' then fields[#fields + 1], fields[#fields + 2] = 'webhook_url', url end
  if flow and flow ~= '' then fields[#fields + 1], fields[#fields + 2] = 'flow', flow end
  if ties or (gate or '') .. (url or '') .. (flow or '') ~= '' then -- see finish.lua
    fields[#fields + 1], fields[#fields + 2] = 'ties', '1'
  end
  local by = new[NewTask.submitted_by]
  if by and by ~= '' then fields[#fields + 1], fields[#fields + 2] = 'submitted_by', by end
  note(type, 'SUBMITTED', root)
  if delay_ms > 0 then
    -- rarely: it may not start yet
    wait_until_due(id, 'SCHEDULED', NOW + delay_ms, root, unpack(fields))
    return 1
  end
  local place = place_in_turn(type, new[NewTask.message], priority, root)
  if host and host ~= '' then
    -- rarely: a function
    wait_for_host(id, place, host, root, unpack(fields))
  else
    wait_in_queue(id, place, root, unpack(fields))
  end
  return 1
end
