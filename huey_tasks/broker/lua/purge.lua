-- purge: PENDING -> REVOKED, for all that wait, the oldest first
-- args: reason limit operation request
-- with: answered blocked erased fair finish operations
-- returns: how many; as many as `limit` means: call again
-- The same `request` again, because its answer got lost, revokes no more: callers agree to a number.
-- The ids that it revokes are on the list of its operation, for an undo. An operation that was undone
-- revokes nothing more: it would revoke again what the undo restores.
local done = answered(request)
if done then return tonumber(done) end
local decoded = operation ~= '' and cjson.decode(operation)
if decoded and redis.call('HEXISTS', operation_key(decoded.id), 'undone_at') == 1 then return 0 end
local revoked = {}
local ids = redis.call('ZRANGE', index_key('PENDING'), 0, limit - 1)
for _, id in ipairs(ids) do
  if exists(id, 'PENDING') then
    leave(id, 'PENDING')
    give_up_turn(id, redis.call('HGET', task_key(id), 'type'))
    finish(id, 'REVOKED', reason)
    revoked[#revoked + 1] = id
  end
end
if #ids > 0 then remember_answered(request, #ids) end
if not decoded or #revoked == 0 then return #ids end
redis.call('RPUSH', undo_key(decoded.id), unpack(revoked))
redis.call('PEXPIREAT', undo_key(decoded.id), undo_until(decoded))
write_down(operation, #revoked)
return #ids
