-- flow_cancel: running -> cancelled, as soon as its tasks have ended: none of its nodes starts any more
-- args: flow reason request operation
-- with: clock flows operations tasks
-- returns: the state it was in, or '' when the id is unknown; another one than 'running' means:
--          nothing was changed. The caller cancels the tasks of its nodes.
local state, last_request = unpack(redis.call('HMGET', flow_key(flow), 'state', 'cancel_request'))
-- The same request again, because its answer got lost, gets the same answer.
if last_request == request then return 'running' end
if state ~= 'running' then return state or '' end
write_even_if_full()
redis.call('HSET', flow_key(flow), 'cancel_request', request)
if not is_cancelled(flow) then
  redis.call('HSET', flow_key(flow), 'cancelled_at', AT, 'reason', reason)
  write_down(operation, 1)
  add_work(flow, CANCEL, 'cancelled')
end
advance(flow)
return state
