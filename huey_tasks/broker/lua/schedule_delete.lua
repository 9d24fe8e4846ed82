-- schedule_delete: a schedule -> (nothing); the tasks that it made stay
-- args: name id operation withdrawn
-- with: operations schedules
-- `id`: only the schedule that was created with it, or '' for any. `withdrawn`: the operation that
-- created it, which is forgotten, because a schedule of another queue had the name first; or ''.
-- returns: 1, or 0 when there is none
local decoded = operation ~= '' and cjson.decode(operation)
-- The same request again, because its answer got lost, gets the same answer.
if decoded and redis.call('EXISTS', operation_key(decoded.id)) == 1 then return 1 end
local known = redis.call('HGET', schedule_key(name), 'id')
if not known or (id ~= '' and known ~= id) then return 0 end
redis.call('ZREM', SCHEDULES, name)
redis.call('DEL', schedule_key(name))
if withdrawn ~= '' then
  redis.call('ZREM', AUDIT, withdrawn)
  redis.call('DEL', operation_key(withdrawn))
end
write_down(operation, 0)
return 1
