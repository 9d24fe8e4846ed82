-- purge: PENDING -> REVOKED, for all that wait, the oldest first
-- args: reason ttl_ms limit operation
-- with: blocked erased finish operations
-- returns: how many; as many as `limit` means: call again
-- What it revokes is on the list of its operation, for those who undo it; once somebody does, it is
-- over, or it would revoke again what comes back.
local told = operation ~= '' and cjson.decode(operation)
if told and redis.call('HEXISTS', operation_key(told.id), 'undone_at') == 1 then return 0 end
local revoked = {}
local ids = redis.call('ZRANGE', index_key('PENDING'), 0, limit - 1)
for _, id in ipairs(ids) do
  if exists(id, 'PENDING') then
    leave(id, 'PENDING')
    finish(id, 'REVOKED', reason, ttl_ms)
    revoked[#revoked + 1] = id
  end
end
if not told or #revoked == 0 then return #ids end
redis.call('RPUSH', undo_key(told.id), unpack(revoked))
redis.call('PEXPIREAT', undo_key(told.id), undo_until(told))
write_down(operation, #revoked)
return #ids
