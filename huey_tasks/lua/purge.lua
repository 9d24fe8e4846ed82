-- purge: PENDING -> REVOKED, for all that wait, the oldest first
-- args: reason ttl_ms limit
-- returns: how many; as many as `limit` means: call again
local ids = redis.call('ZRANGE', index_key('PENDING'), 0, limit - 1)
for _, id in ipairs(ids) do
  if exists(id, 'PENDING') then
    redis.call('ZREM', index_key('PENDING'), id)
    finish(id, 'REVOKED', reason, ttl_ms)
  end
end
return #ids
