-- unlock: gives a lock back, if it is this attempt's; with the token '*' whosever it is. The first
--         task that waits for it goes on
-- args: name token
-- with: locks wake
-- returns: 1, or 0 when it was not held by that token
local holder = redis.call('HGET', lock_key(name), 'token')
if not holder or (token ~= '*' and holder ~= token) then return 0 end
redis.call('DEL', lock_key(name))
wake('lock:' .. name, 1)
return 1
