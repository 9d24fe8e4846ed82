-- cancel: PENDING, SCHEDULED, RETRY or STARTED -> REVOKED
-- args: id reason request operation
-- with: attempts blocked fair finish operations stopping tasks
-- returns: the state it was in, or '' when the id is unknown; a terminal one means: not cancelled
-- The script writes the state and clears the token first, so that it rejects whatever a running
-- attempt still writes. Then it asks the supervisor to stop exactly the worker with that token.
local state, type, token, last_request, was = unpack(
  redis.call('HMGET', task_key(id), 'state', 'type', 'token', 'cancel_request', 'cancelled_from'))
if not state then return '' end
-- The same request again, because its answer got lost, gets the same answer.
if last_request == request then return was end
if TERMINAL[state] then return state end
local lease_end = redis.call('ZSCORE', index_key('STARTED'), id)
leave(id, state)
if state == 'PENDING' then give_up_turn(id, type) end
redis.call('HSET', task_key(id), 'cancel_request', request, 'cancelled_from', state)
if state == 'STARTED' then keep_attempt(id, 'REVOKED', reason) end
finish(id, 'REVOKED', reason)
write_down(operation, 1)
if state == 'STARTED' then
  begin_stop(id, token, lease_end)
  redis.call('PUBLISH', CONTROL, 'stop ' .. id .. ' ' .. token)
end
return state
