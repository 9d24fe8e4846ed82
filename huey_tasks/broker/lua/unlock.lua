-- unlock: frees a lock that this attempt holds, or with the token '*' any lock, and wakes the first
--         task that waits for it; in `others`, the starts of the keys of the other queues, a consumer
--         looks at once
-- args: name token others
-- with: clock locks wake
-- returns: 1, or 0 when it was not held by that token
local holder = redis.call('HGET', lock_key(name), 'token')
if not holder or (token ~= '*' and holder ~= token) then return 0 end
redis.call('DEL', lock_key(name))
wake('lock:' .. name, 1)
for other in others:gmatch('%S+') do
  if redis.call('EXISTS', other .. ':blocked:lock:' .. name) == 1 then
    redis.call('ZADD', other .. ':awaited', NOW, 'lock:' .. name)
    redis.call('PUBLISH', other .. ':control', 'due')
  end
end
return 1
