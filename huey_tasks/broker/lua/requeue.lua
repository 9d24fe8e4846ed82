-- requeue: SCHEDULED or RETRY -> PENDING now, whenever it was due
-- args: operation
-- with: blocked fair_again operations tasks
-- then the ids
-- returns: for each 'done', the state of one that has no due time, or '' when it is unknown
write_even_if_full()
local decoded = cjson.decode(operation)
local answers, requeued = {}, 0
for at = MORE, #ARGV do
  local id = ARGV[at]
  local state, requeued_by, priority, suspicion = unpack(
    redis.call('HMGET', task_key(id), 'state', 'requeued_by', 'priority', 'suspicion'))
  if requeued_by == decoded.id then
    state = 'done'
  elseif state == 'SCHEDULED' or state == 'RETRY' then
    redis.call('ZREM', index_key(state), id)
    redis.call('HDEL', task_key(id), 'due_at')
    redis.call('HSET', task_key(id), 'requeued_by', decoded.id)
    queue_again(id, place_again(id, priority), suspicion)
    state, requeued = 'done', requeued + 1
  end
  answers[#answers + 1] = state or ''
end
if requeued > 0 then write_down(operation, requeued) end
return answers
