-- lock: takes a lock for the attempt that holds a task; it is free again when that lease is lost
-- args: name id token home ttl_ms lease_ms request
-- with: clock locks tasks
-- returns: 1, or 0 when another attempt holds it
-- `home` is the start of the keys of the queue that the holder runs on. Outside of a task there is no
-- lease: id and token are '', and only `ttl_ms` (0: no end) frees it. The same `request` again, because
-- its answer got lost, finds its own lock.
if redis.call('HGET', lock_key(name), 'request') == request then return 1 end
if is_locked(name, lease_ms) then return 0 end
write_even_if_full()
redis.call('HSET', lock_key(name), 'id', id, 'token', token, 'home', home, 'at', NOW,
  'request', request)
if tonumber(ttl_ms) > 0 then
  redis.call('PEXPIRE', lock_key(name), ttl_ms)
else
  redis.call('PERSIST', lock_key(name))
end
return 1
