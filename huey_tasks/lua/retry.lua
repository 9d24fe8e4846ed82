-- retry: FAILURE, REVOKED or EXPIRED -> a new task with the same payload, linked to the old one
-- args: id
-- then, for the new task: id message type priority delay_ms max_attempts retry_delay_s expires_ms
--                         gate passes_on tags
-- returns: {state of the old task, '' when unknown; id of the new one, '' when there is none}
-- Asked twice it gives the same new task, so that two operators do not run it twice.
local fields = redis.call('HMGET', task_key(id), 'state', 'retried_as')
local state, new_id = fields[1], fields[2]
if not state then
  leave_group(id)
  return { '', '' }
end
if state == 'SUCCESS' or not TERMINAL[state] then return { state, '' } end
if not new_id then
  new_id = ARGV[2]
  submit(unpack(ARGV, 2))
  redis.call('HSET', task_key(new_id), 'retry_of', id)
  redis.call('HSET', task_key(id), 'retried_as', new_id)
  redis.call('ZREM', DEAD, id)
  mark_retried(id)
end
return { state, new_id }
