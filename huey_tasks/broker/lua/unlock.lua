-- unlock: frees a lock that this attempt holds, or with the token '*' any lock, and wakes the first
--         task that waits for it
-- args: name token
-- with: locks wake
-- returns: 1, or 0 when it was not held by that token
local holder = redis.call('HGET', lock_key(name), 'token')
if not holder or (token ~= '*' and holder ~= token) then return 0 end
redis.call('DEL', lock_key(name))
wake('lock:' .. name, 1)
return 1
