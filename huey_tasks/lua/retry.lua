-- retry: FAILURE, REVOKED or EXPIRED -> a new task with the same payload, linked to the old one
-- args: id undo operation
-- with: failures operations
-- then, for the new task: id message type priority delay_ms max_attempts retry_delay_s expires_ms
--                         gate passes_on tags
-- `undo`: the operation that revoked it and is undone, or ''; the task is then off its list.
-- returns: {state of the old task, '' when unknown; id of the new one, '' when there is none}
-- Asked twice it gives the same new task, so that two operators do not run it twice.
local function strike_off()
  if undo == '' or not redis.call('LPOS', undo_key(undo), id, 'MAXLEN', 1000) then return end
  redis.call('LREM', undo_key(undo), 1, id)
  mark_undone(undo)
end

local fields = redis.call('HMGET', task_key(id), 'state', 'retried_as')
local state, new_id = fields[1], fields[2]
if not state then leave_group(id) end
-- A task that was not there when it was to be copied has no message to submit anew.
if not state or ARGV[5] == '' or state == 'SUCCESS' or not TERMINAL[state] then
  strike_off()
  return { state or '', '' }
end
if not new_id then
  new_id = ARGV[4]
  submit(unpack(ARGV, 4))
  redis.call('HSET', task_key(new_id), 'retry_of', id)
  redis.call('HSET', task_key(id), 'retried_as', new_id)
  redis.call('ZREM', DEAD, id)
  mark_retried(id)
  write_down(operation, 1)
end
strike_off()
return { state, new_id }
