-- schedule_delete: a schedule -> (nothing); the tasks that it made stay
-- args: name operation request
-- with: answered operations schedules
-- returns: 1, or 0 when there is none here
local decoded = operation ~= '' and cjson.decode(operation)
-- The same request again, because its answer got lost, gets the same answer; so does the same operation.
if answered(request) or decoded and redis.call('EXISTS', operation_key(decoded.id)) == 1 then return 1 end
if redis.call('ZREM', SCHEDULES, name) + redis.call('DEL', schedule_key(name)) == 0 then return 0 end
remember_answered(request, 1)
write_down(operation, 0)
return 1
