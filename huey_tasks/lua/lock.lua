-- lock: takes a lock for the attempt that holds a task; it is free again when that lease is lost
-- args: name id token ttl_ms lease_ms
-- returns: 1, or 0 when another has it
-- Outside of a task there is no lease: id and token are '', and only `ttl_ms` (0: no end) frees it.
-- A cancelled attempt keeps it until its worker is free, but no longer than a lease.
local function is_held()
  local lock = redis.call('HMGET', lock_key(name), 'id', 'token')
  if not lock[1] then return false end
  if lock[1] == '' or holds(lock[1], lock[2]) then return true end
  local task = redis.call('HMGET', task_key(lock[1]), 'stopping', 'stopped_at', 'finished_at')
  return task[1] == lock[2] and not task[2] and NOW - task[3] < tonumber(lease_ms)
end
if is_held() then return 0 end
write_even_if_full()
redis.call('HSET', lock_key(name), 'id', id, 'token', token, 'at', NOW)
if tonumber(ttl_ms) > 0 then
  redis.call('PEXPIRE', lock_key(name), ttl_ms)
else
  redis.call('PERSIST', lock_key(name))
end
return 1
