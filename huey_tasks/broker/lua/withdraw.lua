-- withdraw: PENDING -> gone, for a task that never started and that nobody waits for any more
-- args: id request
-- with: answered blocked counting events fair tasks
-- returns: the state it was in, or '' when the id is unknown; 'PENDING': nothing of it is left
-- The totals count it as revoked, as they count a record that was deleted.
local state, type, awaited = unpack(
  redis.call('HMGET', task_key(id), 'state', 'type', 'awaited'))
if not state then return answered(request) or '' end
if state ~= 'PENDING' or deliveries_of(id) > 0 then return 'STARTED' end
leave(id, state)
give_up_turn(id, type)
redis.call('ZREM', SUBMITTED, id)
redis.call('ZREM', EXPIRING, id)
add_event('gone', id)
redis.call('DEL', task_key(id), log_key(id), partials_key(id))
remember_answered(request, state)
note(type, 'REVOKED')
if awaited then redis.pcall('PUBLISH', ENDS, id) end
return state
