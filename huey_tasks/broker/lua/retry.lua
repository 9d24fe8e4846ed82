-- retry: FAILURE, REVOKED or EXPIRED -> a new task with the same payload, linked to the old one
-- args: id undo again operation
-- with: leave_group operations submit tasks
-- then, for the new task, the fields of NewTask in protocol.py
-- `undo`: the operation that revoked it and is undone, or ''; the task is then off its list.
-- returns: {state of the old task, '' when unknown; id of the new one, '' when there is none}
-- The second call returns the same new task, so that two operators do not run it twice. Once that one
-- is gone, `again` 1 submits another; '' does not, because it may have succeeded.
local function strike_off()
  if undo == '' or not redis.call('LPOS', undo_key(undo), id, 'MAXLEN', 1000) then return end
  redis.call('LREM', undo_key(undo), 1, id)
  mark_undone(undo)
end

local new = { unpack(ARGV, MORE) }
local state, new_id = unpack(redis.call('HMGET', task_key(id), 'state', 'retried_as'))
if not state then leave_group(id) end
-- A task that was gone when the caller copied it has no message to submit again.
if not state or new[NewTask.message] == '' or state == 'SUCCESS' or not TERMINAL[state] then
  strike_off()
  return { state or '', '' }
end
if not new_id or again == '1' and redis.call('EXISTS', task_key(new_id)) == 0 then
  new_id = new[NewTask.id]
  submit(new)
  redis.call('HSET', task_key(new_id), 'retry_of', id)
  redis.call('HSET', task_key(id), 'retried_as', new_id)
  redis.call('ZREM', DEAD, id)
  mark_retried(id)
  write_down(operation, 1)
end
strike_off()
return { state, new_id }
