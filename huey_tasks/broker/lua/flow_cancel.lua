-- flow_cancel: running -> cancelled, as soon as its tasks have ended: none of its nodes starts any more
-- args: flow reason operation
-- with: clock flows operations tasks
-- returns: the state it was in, or '' when the id is unknown; another one than 'running' means:
--          nothing was changed. The caller cancels the tasks of its nodes.
local state = redis.call('HGET', flow_key(flow), 'state')
if state ~= 'running' then return state or '' end
write_even_if_full()
if not is_cancelled(flow) then
  redis.call('HSET', flow_key(flow), 'cancelled_at', AT, 'reason', reason)
  write_down(operation, 1)
  add_work(flow, CANCEL, 'cancelled')
end
advance(flow)
return state
