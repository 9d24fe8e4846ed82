-- purge: PENDING -> REVOKED, for all that wait, the oldest first
-- args: reason ttl_ms limit operation
-- returns: how many; as many as `limit` means: call again
-- What it revokes is on the list of its operation, for those who undo it.
local revoked = {}
local ids = redis.call('ZRANGE', index_key('PENDING'), 0, limit - 1)
for _, id in ipairs(ids) do
  if exists(id, 'PENDING') then
    redis.call('ZREM', index_key('PENDING'), id)
    finish(id, 'REVOKED', reason, ttl_ms)
    revoked[#revoked + 1] = id
  end
end
if operation == '' or #revoked == 0 then return #ids end
local told = cjson.decode(operation)
redis.call('RPUSH', undo_key(told.id), unpack(revoked))
redis.call('PEXPIREAT', undo_key(told.id), undo_until(told))
write_down(operation, #revoked)
return #ids
